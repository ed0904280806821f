package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoublePredicate;
import java.util.stream.IntStream;
import org.medoid.export.savedmodel.TensorValues;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * Numbers of a scalar (rank 0) or vector (rank 1), NaN where unknown, and the operations that are
 * arithmetic with sizes.
 */
record Numbers(int rank, double[] values) {
  /** More numbers than any shape has. */
  static final int LARGEST = 64;

  static Numbers vector(double... values) {
    return new Numbers(1, values);
  }

  static Numbers scalar(double value) {
    return new Numbers(0, new double[] {value});
  }

  /** The sizes of a shape, in which -1 is an unknown one. */
  static Numbers ofShape(long[] shape) {
    return vector(Arrays.stream(shape).mapToDouble(d -> d < 0 ? Double.NaN : d).toArray());
  }

  boolean isKnown() {
    return Arrays.stream(values).noneMatch(Double::isNaN);
  }

  /**
   * What is known of the numbers that a node makes.
   *
   * @param type of these
   * @param in of its inputs, null for those that are no such numbers
   * @return for each of its first outputs; empty if it is no arithmetic with sizes
   */
  static List<Numbers> of(NodeDef node, DataType type, List<Numbers> in) {
    Numbers one = null;
    if (node.getOp().equals("Const")) {
      one = literal(node.getAttrOrThrow("value").getTensor());
    } else if (!in.isEmpty() && in.stream().noneMatch(numbers -> numbers == null)) {
      switch (node.getOp()) {
        case "Split" -> {
          return parts(in.get(1), in.get(0), equal(in.get(1), integer(node, "num_split")));
        }
        case "SplitV" -> {
          return parts(in.get(0), in.get(2), in.get(1));
        }
        case "Unpack" -> {
          return in.get(0).rank == 1
              ? Arrays.stream(in.get(0).values).mapToObj(Numbers::scalar).toList()
              : List.of();
        }
        default -> one = single(node, type, in);
      }
    }
    return one == null ? List.of() : List.of(one);
  }

  private static Numbers single(NodeDef node, DataType type, List<Numbers> in) {
    return switch (node.getOp()) {
      case "Identity", "StopGradient", "Snapshot" -> in.get(0);
      case "Cast" -> type == DataType.DT_BOOL ? null : in.get(0);
      case "Neg" -> each(scalar(0), in.get(0), (a, b) -> a - b);
      case "Abs" -> each(in.get(0), in.get(0), (a, b) -> Math.abs(a));
      case "AddV2", "Add" -> each(in, (a, b) -> a + b);
      case "Sub" -> each(in, (a, b) -> a - b);
      case "Mul" -> each(in, (a, b) -> a * b);
      case "FloorDiv" -> each(in, (a, b) -> b == 0 ? Double.NaN : Math.floor(a / b));
      case "FloorMod" -> each(in, (a, b) -> b == 0 ? Double.NaN : a - b * Math.floor(a / b));
      case "Maximum" -> each(in, Math::max);
      case "Minimum" -> each(in, Math::min);
      case "Less" -> compared(in, gap -> gap < 0);
      case "LessEqual" -> compared(in, gap -> gap <= 0);
      case "Greater" -> compared(in, gap -> gap > 0);
      case "GreaterEqual" -> compared(in, gap -> gap >= 0);
      case "Equal" -> compared(in, gap -> gap == 0);
      case "NotEqual" -> compared(in, gap -> gap != 0);
      case "Select", "SelectV2" -> chosen(in);
      case "Prod" ->
          in.get(0).rank() == 1
                  && in.get(1).values().length == 1
                  && !node.getAttrOrDefault("keep_dims", none()).getB()
              ? scalar(Arrays.stream(in.get(0).values()).reduce(1, (a, b) -> a * b))
              : null;
      case "GatherV2" -> in.get(2).values()[0] == 0 ? gather(in.get(0), in.get(1)) : null;
      case "Gather" -> gather(in.get(0), in.get(1));
      case "ConcatV2" -> concat(in.subList(0, in.size() - 1), 1);
      case "Pack" -> concat(in, 0);
      case "ExpandDims" -> in.get(0).rank == 0 ? new Numbers(1, in.get(0).values) : null;
      case "Squeeze" -> in.get(0).values.length == 1 ? new Numbers(0, in.get(0).values) : null;
      case "Reshape" ->
          in.get(1).values.length < 2
              ? new Numbers(in.get(1).values.length, in.get(0).values)
              : null;
      case "Slice" -> slice(in);
      case "StridedSlice" -> slice(node, in);
      default -> null;
    };
  }

  /** The values of a constant of integers. */
  static long[] integers(NodeDef constant) {
    return Arrays.stream(literal(constant.getAttrOrThrow("value").getTensor()).values())
        .mapToLong(value -> (long) value)
        .toArray();
  }

  private static Numbers literal(TensorProto tensor) {
    int rank = tensor.getTensorShape().getDimCount();
    long size = rank == 0 ? 1 : tensor.getTensorShape().getDim(0).getSize();
    if (rank > 1 || size > LARGEST) {
      return null;
    }
    return new Numbers(rank, TensorValues.of(tensor).all());
  }

  private static Numbers each(List<Numbers> in, DoubleBinaryOperator function) {
    return each(in.get(0), in.get(1), function);
  }

  private static Numbers each(Numbers left, Numbers right, DoubleBinaryOperator function) {
    double[] a = left.values();
    double[] b = right.values();
    if (a.length != b.length && a.length != 1 && b.length != 1) {
      return null;
    }
    double[] out = new double[a.length == 1 ? b.length : a.length];
    Arrays.setAll(
        out, i -> function.applyAsDouble(a[a.length == 1 ? 0 : i], b[b.length == 1 ? 0 : i]));
    return new Numbers(Math.max(left.rank(), right.rank()), out);
  }

  /** 1 where it holds for what the first is more than the second, else 0. */
  private static Numbers compared(List<Numbers> in, DoublePredicate holds) {
    return each(in, (a, b) -> Double.isNaN(a - b) ? Double.NaN : holds.test(a - b) ? 1 : 0);
  }

  /** The sum of what a condition chooses of one and of the other; the rest may be unknown. */
  private static Numbers chosen(List<Numbers> in) {
    Numbers one = each(in.get(0), in.get(1), (c, a) -> c == 0 ? 0 : c == 1 ? a : Double.NaN);
    Numbers other = each(in.get(0), in.get(2), (c, b) -> c == 1 ? 0 : c == 0 ? b : Double.NaN);
    return one == null || other == null ? null : each(one, other, Double::sum);
  }

  private static Numbers gather(Numbers from, Numbers at) {
    double[] out = new double[at.values().length];
    for (int i = 0; i < out.length; i++) {
      double index = at.values()[i];
      if (from.rank() != 1 || !(index >= 0 && index < from.values().length)) {
        return null;
      }
      out[i] = from.values()[(int) index];
    }
    return new Numbers(at.rank(), out);
  }

  private static Numbers concat(List<Numbers> parts, int rank) {
    if (parts.stream().anyMatch(part -> part.rank() != rank)) {
      return null;
    }
    double[] all = parts.stream().flatMapToDouble(p -> Arrays.stream(p.values())).toArray();
    return all.length > LARGEST ? null : vector(all);
  }

  private static AttrValue none() {
    return AttrValue.getDefaultInstance();
  }

  private static long integer(NodeDef node, String attribute) {
    return node.getAttrOrDefault(attribute, none()).getI();
  }

  /** So many equal sizes that add up to the length of a vector; unknown if there are none. */
  private static Numbers equal(Numbers x, long count) {
    double[] sizes = new double[(int) Math.min(count, LARGEST)];
    double each = (double) x.values.length / count;
    Arrays.fill(sizes, each == Math.floor(each) ? each : Double.NaN);
    return vector(sizes);
  }

  /** A vector in parts of some sizes, of which one may be -1: the rest. */
  private static List<Numbers> parts(Numbers x, Numbers axis, Numbers sizes) {
    double[] each = sizes.values.clone();
    double rest = x.values.length - Arrays.stream(each).filter(size -> size >= 0).sum();
    for (int i = 0; i < each.length; i++) {
      each[i] = each[i] == -1 ? rest : each[i];
    }
    if (x.rank != 1
        || axis.values.length != 1
        || !(axis.values[0] == 0 || axis.values[0] == -1)
        || !Arrays.stream(each).allMatch(size -> size >= 0)
        || Arrays.stream(each).sum() != x.values.length) {
      return List.of();
    }
    List<Numbers> parts = new ArrayList<>();
    int from = 0;
    for (double size : each) {
      parts.add(vector(Arrays.copyOfRange(x.values, from, from + (int) size)));
      from += (int) size;
    }
    return parts;
  }

  private static Numbers slice(List<Numbers> in) {
    Numbers x = in.get(0);
    if (x.rank != 1 || in.get(1).values.length != 1 || in.get(2).values.length != 1) {
      return null;
    }
    double from = in.get(1).values[0];
    double size = in.get(2).values[0];
    double to = size == -1 ? x.values.length : from + size;
    return from >= 0 && from <= to && to <= x.values.length
        ? vector(Arrays.copyOfRange(x.values, (int) from, (int) to))
        : null;
  }

  private static Numbers slice(NodeDef node, List<Numbers> in) {
    Map<String, AttrValue> attributes = node.getAttrMap();
    long other =
        attributes.getOrDefault("ellipsis_mask", none()).getI()
            | attributes.getOrDefault("new_axis_mask", none()).getI();
    boolean shrink = integer(node, "shrink_axis_mask") != 0;
    double[] x = in.get(0).values;
    if (in.get(0).rank != 1
        || other != 0
        || in.get(1).values.length != 1
        || !(in.get(1).isKnown() && in.get(2).isKnown() && in.get(3).isKnown())
        || in.get(3).values[0] == 0) {
      return null;
    }
    if (shrink) {
      int from = edge(in.get(1).values[0], x.length, 0, x.length);
      return from < x.length ? scalar(x[from]) : null;
    }
    int step = (int) in.get(3).values[0];
    int first = step > 0 ? 0 : -1; // where something is that goes backwards and is through
    int last = step > 0 ? x.length : x.length - 1;
    int from = step > 0 ? first : last;
    if (integer(node, "begin_mask") == 0) {
      from = edge(in.get(1).values[0], x.length, first, last);
    }
    int to = step > 0 ? last : first;
    if (integer(node, "end_mask") == 0) {
      to = edge(in.get(2).values[0], x.length, first, last);
    }
    int begin = from;
    int count = Math.max(0, (int) Math.ceil((to - from) / (double) step));
    return vector(IntStream.range(0, count).mapToDouble(i -> x[begin + i * step]).toArray());
  }

  private static int edge(double at, int length, int first, int last) {
    double counted = at < 0 ? at + length : at;
    return (int) Math.max(first, Math.min(last, counted));
  }
}
