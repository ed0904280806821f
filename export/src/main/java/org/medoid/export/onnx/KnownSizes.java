package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoublePredicate;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;
import org.medoid.export.savedmodel.TensorValues;
import org.tensorflow.Graph;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/**
 * Arithmetic with sizes, done before the conversion. A graph for any batch computes with the shapes
 * of its tensors although only the first size is open; TensorFlow's own inference follows such
 * arithmetic through some operations and loses it in others (GatherV2 and Prod, of which each Dense
 * on images is made), and with it the shapes of all that comes behind. Here each number of a small
 * tensor is known or not, by itself: what is known whole becomes a constant, a wanted shape with
 * one unknown size gets -1 there, and a Dense is the one product that it means.
 */
final class KnownSizes {
  /** More numbers than any shape has. */
  private static final int LARGEST = 64;

  private final VersionDef versions;
  private Map<String, Source.Node> nodes;
  private Map<String, Source.Info[]> infos = Map.of();

  /** Numbers of a scalar (rank 0) or vector (rank 1), NaN where unknown. */
  private record Numbers(int rank, double[] values) {
    static Numbers vector(double... values) {
      return new Numbers(1, values);
    }

    static Numbers scalar(double value) {
      return new Numbers(0, new double[] {value});
    }

    boolean isKnown() {
      return Arrays.stream(values).noneMatch(Double::isNaN);
    }
  }

  private final Map<Source.TensorName, Numbers> known = new HashMap<>();

  private KnownSizes(Map<String, Source.Node> nodes, VersionDef versions) {
    this.nodes = nodes;
    this.versions = versions;
  }

  /**
   * Rewrites nodes until nothing more is found out.
   *
   * @param nodes in order of computation, by name; all of known operations
   * @param versions those of the graph
   * @return the nodes to convert
   */
  static Map<String, Source.Node> apply(Map<String, Source.Node> nodes, VersionDef versions) {
    Map<String, Source.Node> single = oneByOne(nodes);
    if (single.values().stream().noneMatch(node -> node.op().equals("Shape"))) {
      return nodes;
    }
    KnownSizes sizes = new KnownSizes(single, versions);
    while (sizes.round()) {
      // A shape found out may be what the next arithmetic starts from.
    }
    return sizes.nodes;
  }

  /** ShapeN, the shapes of several tensors, as so many Shape. */
  private static Map<String, Source.Node> oneByOne(Map<String, Source.Node> nodes) {
    Map<Source.TensorName, Source.TensorName> shapes = new HashMap<>();
    Map<String, Source.Node> single = new LinkedHashMap<>();
    for (Source.Node node : nodes.values()) {
      List<Source.TensorName> inputs =
          node.inputs().stream().map(input -> shapes.getOrDefault(input, input)).toList();
      for (int i = 0; node.op().equals("ShapeN") && i < inputs.size(); i++) {
        String name = node.name() + "/shape_" + i;
        while (nodes.containsKey(name)) {
          name += "_";
        }
        NodeDef.Builder shape = node.definition().toBuilder().setName(name).setOp("Shape");
        single.put(name, new Source.Node(shape.removeAttr("N").build(), List.of(inputs.get(i))));
        shapes.put(new Source.TensorName(node.name(), i), new Source.TensorName(name, 0));
      }
      single.put(node.name(), new Source.Node(node.definition(), inputs));
    }
    return single;
  }

  /** Infers, evaluates, rewrites; false if nothing changed. */
  @SuppressWarnings("ReferenceEquality") // a node that is not replaced is the same object
  private boolean round() {
    infos = infer(nodes, versions);
    known.clear();
    Map<String, Source.Node> next = new LinkedHashMap<>();
    boolean changed = false;
    for (Source.Node node : nodes.values()) {
      Numbers numbers = evaluate(node);
      Source.TensorName output = new Source.TensorName(node.name(), 0);
      if (numbers != null) {
        known.put(output, numbers);
      }
      Source.Node better = node;
      if (numbers != null && numbers.isKnown() && !node.op().equals("Const")) {
        better = constant(node.name(), info(output).type(), numbers);
      } else if (node.op().equals("Reshape")) {
        better = product(node);
        better = better == null ? reshape(node, next) : better;
      }
      changed |= !better.equals(node);
      next.put(node.name(), better);
    }
    nodes = next;
    return changed;
  }

  /** Types and shapes as TensorFlow infers them; the contents of large constants do not matter. */
  static Map<String, Source.Info[]> infer(Map<String, Source.Node> nodes, VersionDef versions) {
    GraphDef.Builder skeleton = GraphDef.newBuilder().setVersions(versions);
    for (Source.Node node : nodes.values()) {
      NodeDef plain = Source.plain(node);
      TensorShapeProto shape = plain.getAttrOrDefault("value", none()).getTensor().getTensorShape();
      long size =
          shape.getDimList().stream().mapToLong(d -> d.getSize()).reduce(1, (a, b) -> a * b);
      if (node.op().equals("Const") && size > LARGEST) {
        plain =
            NodeDef.newBuilder()
                .setName(node.name())
                .setOp("Placeholder")
                .putAttr("dtype", plain.getAttrOrThrow("dtype"))
                .putAttr("shape", AttrValue.newBuilder().setShape(shape).build())
                .build();
      }
      skeleton.addNode(plain);
    }
    Map<String, Source.Info[]> found = new HashMap<>();
    try (Graph graph = new Graph()) {
      graph.importGraphDef(skeleton.build());
      nodes.keySet().forEach(name -> found.put(name, Source.infos(graph.operation(name))));
    }
    return found;
  }

  private static AttrValue none() {
    return AttrValue.getDefaultInstance();
  }

  private Source.Info info(Source.TensorName tensor) {
    Source.Info[] outputs = infos.get(tensor.node());
    return outputs == null || tensor.index() >= outputs.length
        ? new Source.Info(DataType.DT_INVALID, null)
        : outputs[tensor.index()];
  }

  private long[] shape(Source.Node node, int input) {
    return info(node.inputs().get(input)).shape();
  }

  private static Source.Node constant(String name, DataType type, Numbers numbers) {
    long[] shape = numbers.rank() == 0 ? new long[0] : new long[] {numbers.values().length};
    NodeDef definition = Functions.constant(name, Constant.of(type, shape, numbers.values()));
    return new Source.Node(definition, List.of());
  }

  /** A Reshape to a computed shape with one unknown size: -1 says the same. */
  private Source.Node reshape(Source.Node node, Map<String, Source.Node> next) {
    Source.TensorName wanted = node.inputs().get(1);
    Numbers numbers = known.get(wanted);
    String name = node.name() + "/known_shape";
    if (numbers == null
        || numbers.rank() != 1
        || numbers.isKnown()
        || nodes.containsKey(name)
        || Arrays.stream(numbers.values()).filter(size -> !(size > 0)).count() != 1) {
      return node;
    }
    double[] to = Arrays.stream(numbers.values()).map(v -> Double.isNaN(v) ? -1 : v).toArray();
    next.put(name, constant(name, info(wanted).type(), Numbers.vector(to)));
    List<Source.TensorName> inputs = new ArrayList<>(node.inputs());
    inputs.set(1, new Source.TensorName(name, 0));
    return new Source.Node(node.definition(), inputs);
  }

  /** Reshape(MatMul(Reshape(x), w)) as a product of x and w; null if it is something else. */
  private Source.Node product(Source.Node node) {
    Source.Node matrix = nodes.get(node.inputs().get(0).node());
    if (!matrix.op().equals("MatMul")
        || matrix.definition().getAttrOrDefault("transpose_a", none()).getB()
        || matrix.definition().getAttrOrDefault("transpose_b", none()).getB()) {
      return null;
    }
    Source.Node flat = nodes.get(matrix.inputs().get(0).node());
    if (!flat.op().equals("Reshape")) {
      return null;
    }
    Source.TensorName x = flat.inputs().get(0);
    Source.Node before = nodes.get(x.node());
    if (before.op().equals("Transpose") && movesNothing(known.get(before.inputs().get(1)))) {
      x = before.inputs().get(0);
    }
    long[] from = info(x).shape();
    long[] rows = shape(matrix, 0);
    long[] weights = shape(matrix, 1);
    long[] to = info(new Source.TensorName(node.name(), 0)).shape();
    DataType type = info(x).type();
    if (from == null
        || to == null
        || rows == null
        || from.length < 3
        || from.length != to.length
        || !Shapes.isKnown(weights)
        || !Types.isFloating(type)
        || from[from.length - 1] != weights[0]
        || rows[1] != weights[0]
        || to[to.length - 1] != weights[1]
        || !Arrays.equals(from, 0, from.length - 1, to, 0, to.length - 1)
        || Arrays.stream(from).filter(size -> size <= 0).count() > 1) {
      return null;
    }
    NodeDef definition =
        NodeDef.newBuilder()
            .setName(node.name())
            .setOp("BatchMatMulV2")
            .putAttr("T", Functions.type(type))
            .build();
    return new Source.Node(definition, List.of(x, matrix.inputs().get(1)));
  }

  private static boolean movesNothing(Numbers perm) {
    return perm != null
        && IntStream.range(0, perm.values().length).allMatch(i -> perm.values()[i] == i);
  }

  /** What is known of the numbers that a node makes; null if it is no arithmetic with sizes. */
  private Numbers evaluate(Source.Node node) {
    DataType type = info(new Source.TensorName(node.name(), 0)).type();
    if (type != DataType.DT_INT32 && type != DataType.DT_INT64 && type != DataType.DT_BOOL) {
      return null;
    }
    if (node.op().equals("Const")) {
      return literal(node.definition().getAttrOrThrow("value").getTensor());
    }
    if (node.op().equals("Shape") || node.op().equals("Rank")) {
      long[] shape = shape(node, 0);
      if (shape != null && node.op().equals("Rank")) {
        return Numbers.scalar(shape.length);
      }
      return shape == null
          ? null
          : Numbers.vector(Arrays.stream(shape).mapToDouble(d -> d < 0 ? Double.NaN : d).toArray());
    }
    List<Numbers> in = node.inputs().stream().map(known::get).toList();
    if (in.isEmpty() || in.stream().anyMatch(numbers -> numbers == null)) {
      return null;
    }
    return switch (node.op()) {
      case "Identity", "StopGradient", "Snapshot" -> in.get(0);
      case "Cast" -> type == DataType.DT_BOOL ? null : in.get(0);
      case "Neg" -> each(Numbers.scalar(0), in.get(0), (a, b) -> a - b);
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
                  && !node.definition().getAttrOrDefault("keep_dims", none()).getB()
              ? Numbers.scalar(Arrays.stream(in.get(0).values()).reduce(1, (a, b) -> a * b))
              : null;
      case "GatherV2" -> in.get(2).values()[0] == 0 ? gather(in.get(0), in.get(1)) : null;
      case "Gather" -> gather(in.get(0), in.get(1));
      case "ConcatV2" -> concat(in.subList(0, in.size() - 1), 1);
      case "Pack" -> concat(in, 0);
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
    return all.length > LARGEST ? null : Numbers.vector(all);
  }

  private static Numbers slice(Source.Node node, List<Numbers> in) {
    Map<String, AttrValue> attributes = node.definition().getAttrMap();
    long other =
        attributes.getOrDefault("ellipsis_mask", none()).getI()
            | attributes.getOrDefault("new_axis_mask", none()).getI();
    boolean shrink = attributes.getOrDefault("shrink_axis_mask", none()).getI() != 0;
    double[] x = in.get(0).values();
    if (in.get(0).rank() != 1
        || other != 0
        || in.get(1).values().length != 1
        || !(in.get(1).isKnown() && in.get(2).isKnown())
        || in.get(3).values()[0] != 1) {
      return null;
    }
    int from = edge(in.get(1).values()[0], x.length);
    if (shrink) {
      return from < x.length ? Numbers.scalar(x[from]) : null;
    }
    from = attributes.getOrDefault("begin_mask", none()).getI() != 0 ? 0 : from;
    int to =
        attributes.getOrDefault("end_mask", none()).getI() != 0
            ? x.length
            : edge(in.get(2).values()[0], x.length);
    return Numbers.vector(Arrays.copyOfRange(x, from, Math.max(from, to)));
  }

  private static int edge(double at, int length) {
    double counted = at < 0 ? at + length : at;
    return (int) Math.max(0, Math.min(length, counted));
  }
}
