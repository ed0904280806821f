package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tensorflow.proto.DataType;

/**
 * Makes a converted graph smaller without changing what it computes: per-channel products and sums
 * go into the convolution before them, zero padding into the convolution behind it, and patterns of
 * several nodes become the one operation they stand for.
 */
final class Rewrites {
  /** 1 / sqrt(x), which ONNX has not. */
  static final String RSQRT = "tf.Rsqrt";

  /** x^2. */
  static final String SQUARE = "tf.Square";

  /** 1 - erf(x), of floats. */
  static final String ERFC = "tf.Erfc";

  private final OnnxGraph graph;
  private final Map<String, String> outputs;
  private Map<String, OnnxGraph.Node> producers;
  private Map<String, Integer> uses;

  private Rewrites(OnnxGraph graph, Map<String, String> outputs) {
    this.graph = graph;
    this.outputs = outputs;
  }

  /**
   * Rewrites a graph until nothing is left to do.
   *
   * @param outputs the tensor of each output; changed where an output comes from another node now
   */
  static void apply(OnnxGraph graph, Map<String, String> outputs) {
    Rewrites rewrites = new Rewrites(graph, outputs);
    rewrites.each(rewrites::mergeReshapes);
    rewrites.each(rewrites::normalizeByLength);
    rewrites.each(rewrites::length);
    rewrites.each(rewrites::gelu);
    rewrites.each(rewrites::hardSwish);
    rewrites.each(rewrites::foldPadding);
    rewrites.each(rewrites::foldAffine);
    rewrites.each(rewrites::gatherAffine);
    rewrites.each(rewrites::guardPadding);
    rewrites.lower();
    graph.shareEqualConstants();
    graph.prune(outputs.values());
  }

  /** Visits all nodes in order of computation; each visit sees what the ones before it did. */
  private void each(Consumer<OnnxGraph.Node> visit) {
    graph.prune(outputs.values());
    producers = graph.producers();
    uses = graph.uses(outputs.values());
    for (OnnxGraph.Node node : List.copyOf(graph.nodes())) {
      visit.accept(node);
    }
  }

  /** Lets everything that reads one tensor read another. */
  private void replace(String tensor, String by) {
    for (OnnxGraph.Node node : graph.nodes()) {
      node.inputs.replaceAll(input -> input.equals(tensor) ? by : input);
    }
    graph.replaced(tensor, by);
    outputs.replaceAll((name, output) -> output.equals(tensor) ? by : output);
    uses.merge(by, uses.getOrDefault(tensor, 0), Integer::sum);
    uses.remove(tensor);
  }

  private OnnxGraph.Node producer(String tensor, String... ops) {
    OnnxGraph.Node node = producers.get(tensor);
    return node != null && node.is(ops) ? node : null;
  }

  private boolean isSole(String tensor) {
    return uses.getOrDefault(tensor, 0) == 1;
  }

  /** Puts a new node where an old one is. */
  private String emit(
      OnnxGraph.Node at, String op, List<String> in, Map<String, Object> attributes) {
    OnnxGraph.Node made = graph.add(op, at.name, in, attributes, 1);
    graph.nodes().remove(graph.nodes().size() - 1);
    graph.nodes().add(graph.nodes().indexOf(at), made);
    producers.put(made.output(), made);
    in.forEach(input -> uses.merge(input, 1, Integer::sum));
    return made.output();
  }

  private void become(
      OnnxGraph.Node old, String op, List<String> in, Map<String, Object> attributes) {
    String made = emit(old, op, in, attributes);
    graph.setShape(made, graph.shape(old.output()));
    replace(old.output(), made);
  }

  /** The one value of a constant all of whose values are the same, else NaN. */
  private double scalar(String tensor) {
    Constant constant = graph.constant(tensor);
    return constant != null && constant.size() == 1 ? constant.doubles()[0] : Double.NaN;
  }

  private boolean isNear(String tensor, double value) {
    return Math.abs(scalar(tensor) - value) <= 1e-6 * Math.abs(value);
  }

  private String scalarLike(String tensor, double value) {
    DataType type = graph.constant(tensor).type();
    return graph.shareConstant(Constant.of(type, new long[0], new double[] {value}));
  }

  /** The other input of a node with two, or null. */
  private static String other(OnnxGraph.Node node, String tensor) {
    return node.inputs.get(0).equals(tensor)
        ? node.inputs.get(1)
        : node.inputs.get(1).equals(tensor) ? node.inputs.get(0) : null;
  }

  /** The constant and the other input of a commutative node, or null. */
  private String[] split(OnnxGraph.Node node) {
    for (int i = 0; i < 2 && node != null && node.inputs.size() == 2; i++) {
      if (graph.constant(node.inputs.get(i)) != null) {
        return new String[] {node.inputs.get(i), node.inputs.get(1 - i)};
      }
    }
    return null;
  }

  /** A Reshape behind what only reshapes needs none of it; two Transposes are one. */
  private void mergeReshapes(OnnxGraph.Node node) {
    if (node.is("Reshape")) {
      Constant shape = graph.constant(node.inputs.get(1));
      OnnxGraph.Node before = producer(node.inputs.get(0), "Reshape", "Squeeze", "Unsqueeze");
      if (before != null && shape != null && Arrays.stream(shape.longs()).noneMatch(i -> i == 0)) {
        node.inputs.set(0, before.inputs.get(0));
      }
      String x = node.inputs.get(0);
      if (shape != null && Arrays.equals(graph.shape(x), shape.longs())) {
        replace(node.output(), x);
      }
    } else if (node.is("Transpose")) {
      OnnxGraph.Node before = producer(node.inputs.get(0), "Transpose");
      if (before != null) {
        long[] first = (long[]) before.attributes.get("perm");
        long[] both = ((long[]) node.attributes.get("perm")).clone();
        Arrays.setAll(both, i -> first[Math.toIntExact(both[i])]);
        node.inputs.set(0, before.inputs.get(0));
        node.attributes.put("perm", both);
        boolean nothing = true;
        for (int i = 0; i < both.length; i++) {
          nothing &= both[i] == i;
        }
        if (nothing) {
          replace(node.output(), node.inputs.get(0));
        }
      }
    }
  }

  /** x * rsqrt(max(sum(x^2), e)) is x / max(norm(x), sqrt(e)). */
  private void normalizeByLength(OnnxGraph.Node node) {
    for (int i = 0; i < 2 && node.is("Mul"); i++) {
      String x = node.inputs.get(1 - i);
      OnnxGraph.Node rsqrt = producer(node.inputs.get(i), RSQRT);
      OnnxGraph.Node max = rsqrt == null ? null : producer(rsqrt.inputs.get(0), "Max");
      String[] parts = split(max);
      OnnxGraph.Node sum = parts == null ? null : producer(parts[1], "ReduceSum");
      if (x.equals(squared(sum))
          && scalar(parts[0]) > 0
          && Boolean.TRUE.equals(sum.attributes.get("keepdims"))) {
        String e = scalarLike(parts[0], Math.sqrt(scalar(parts[0])));
        String length = emit(node, "Max", List.of(norm(node, sum, x), e), Map.of());
        become(node, "Div", List.of(x, length), Map.of());
        return;
      }
    }
  }

  /** sqrt(sum(x^2)). */
  private void length(OnnxGraph.Node node) {
    OnnxGraph.Node sum = node.is("Sqrt") ? producer(node.inputs.get(0), "ReduceSum") : null;
    String x = squared(sum);
    if (x != null) {
      replace(node.output(), norm(node, sum, x));
    }
  }

  /** The x of a sum of x^2 over known axes, else null. */
  private String squared(OnnxGraph.Node sum) {
    OnnxGraph.Node square = sum == null ? null : producer(sum.inputs.get(0), SQUARE, "Mul");
    if (square == null || sum.inputs.size() < 2 || graph.constant(sum.inputs.get(1)) == null) {
      return null;
    }
    String x = square.inputs.get(0);
    return square.inputs.stream().allMatch(x::equals) ? x : null;
  }

  private String norm(OnnxGraph.Node at, OnnxGraph.Node sum, String x) {
    long[] axes = graph.constant(sum.inputs.get(1)).longs();
    return emit(
        at,
        "ReduceL2",
        List.of(x),
        Map.of("axes", axes, "keepdims", sum.attributes.getOrDefault("keepdims", true)));
  }

  /** erfc(-x) is 1 + erf(x): the form of GELU that runtimes have one kernel for. */
  private void gelu(OnnxGraph.Node node) {
    if (!node.is(ERFC)) {
      return;
    }
    String x = node.inputs.get(0);
    OnnxGraph.Node product = producer(x, "Mul", "Neg", "Div");
    String positive = null;
    if (product != null && product.is("Neg")) {
      positive = product.inputs.get(0);
    } else if (product != null) {
      String[] parts = split(product);
      if (parts != null && scalar(parts[0]) < 0) {
        positive =
            emit(
                node,
                product.op,
                product.inputs.stream()
                    .map(i -> i.equals(parts[0]) ? scalarLike(i, -scalar(i)) : i)
                    .toList(),
                Map.of());
      } else if (parts != null && producer(parts[1], "Neg") != null) {
        String inner = producer(parts[1], "Neg").inputs.get(0);
        positive =
            emit(
                node,
                product.op,
                product.inputs.stream().map(i -> i.equals(parts[1]) ? inner : i).toList(),
                Map.of());
      }
    }
    if (positive != null) {
      String one =
          graph.shareConstant(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
      String erf = emit(node, "Erf", List.of(positive), Map.of());
      become(node, "Add", List.of(erf, one), Map.of());
    }
  }

  /** x * relu6(x + 3) / 6, the factors in any order. */
  private void hardSwish(OnnxGraph.Node node) {
    if (!node.is("Mul", "Div")) {
      return;
    }
    // Either (x * relu6) * c, (x * relu6) / 6, or x * (relu6 * c), x * (relu6 / 6).
    String[] parts = sixth(node);
    if (parts != null) {
      OnnxGraph.Node product = producer(parts[1], "Mul");
      if (product != null) {
        swish(node, product.inputs.get(0), product.inputs.get(1));
      }
    } else if (node.is("Mul")) {
      for (int i = 0; i < 2; i++) {
        parts = sixth(producers.get(node.inputs.get(i)));
        if (parts != null && swish(node, node.inputs.get(1 - i), parts[1])) {
          return;
        }
      }
    }
  }

  private String[] sixth(OnnxGraph.Node node) {
    if (node != null && node.is("Mul", "Div")) {
      String[] parts = split(node);
      if (parts != null
          && (node.is("Mul")
              ? isNear(parts[0], 1 / 6.0)
              : isNear(parts[0], 6) && parts[0].equals(node.inputs.get(1)))) {
        return parts;
      }
    }
    return null;
  }

  private boolean swish(OnnxGraph.Node node, String a, String b) {
    for (String[] order : new String[][] {{a, b}, {b, a}}) {
      OnnxGraph.Node clip = producer(order[1], "Clip");
      String[] sum =
          clip != null && scalar(clip.inputs.get(1)) == 0 && isNear(clip.inputs.get(2), 6)
              ? split(producer(clip.inputs.get(0), "Add"))
              : null;
      if (sum != null && sum[1].equals(order[0]) && isNear(sum[0], 3)) {
        become(node, "HardSwish", List.of(order[0]), Map.of());
        return true;
      }
    }
    return false;
  }

  /** Zeros around a convolution's input are the convolution's own padding. */
  private void foldPadding(OnnxGraph.Node node) {
    long[] pads = (long[]) node.attributes.get("pads");
    OnnxGraph.Node pad = node.inputs.isEmpty() ? null : producer(node.inputs.get(0), "Pad");
    if (!node.is("Conv", "MaxPool")
        || pads == null
        || pad == null
        || !"constant".equals(pad.attributes.get("mode"))
        || (pad.inputs.size() > 2 && scalar(pad.inputs.get(2)) != 0)) {
      return;
    }
    Constant constant = graph.constant(pad.inputs.get(1));
    long[] more = constant == null ? new long[0] : constant.longs();
    if (more.length != 8
        || more[0] != 0
        || more[1] != 0
        || more[4] != 0
        || more[5] != 0
        || Arrays.stream(more).anyMatch(i -> i < 0)) {
      return;
    }
    long[] sum = {pads[0] + more[2], pads[1] + more[3], pads[2] + more[6], pads[3] + more[7]};
    if (node.is("MaxPool")) {
      // Its own padding is minus infinity: the same where nothing is below zero and each window
      // reaches into the image.
      long[] kernel = (long[]) node.attributes.get("kernel_shape");
      boolean inside = Arrays.stream(pads).allMatch(i -> i == 0);
      for (int i = 0; i < 4; i++) {
        inside &= sum[i] < kernel[i % 2];
      }
      OnnxGraph.Node source = producer(pad.inputs.get(0), "Relu", "Clip", "Sigmoid");
      if (!inside
          || source == null
          || (source.is("Clip") && !(scalar(source.inputs.get(1)) >= 0))) {
        return;
      }
    }
    node.inputs.set(0, pad.inputs.get(0));
    node.attributes.put("pads", sum);
  }

  /**
   * onnxruntime takes zeros in front of a pooling for the pooling's own padding, which they are
   * not: a maximum never sees its own, a mean does not count it, and it must be below the kernel. A
   * Max with minus infinity between the two changes no number and keeps them apart.
   */
  private void guardPadding(OnnxGraph.Node node) {
    if (!node.is("MaxPool", "AveragePool")) {
      return;
    }
    // It moves a Transpose out of the way first.
    OnnxGraph.Node moved = producer(node.inputs.get(0), "Transpose");
    OnnxGraph.Node pad = producer((moved == null ? node : moved).inputs.get(0), "Pad");
    if (pad != null
        && "constant".equals(pad.attributes.get("mode"))
        && (pad.inputs.size() < 3 || scalar(pad.inputs.get(2)) == 0)) {
      DataType type =
          pad.inputs.size() < 3 ? DataType.DT_FLOAT : graph.constant(pad.inputs.get(2)).type();
      String least =
          graph.shareConstant(
              Constant.of(type, new long[0], new double[] {Double.NEGATIVE_INFINITY}));
      node.inputs.set(0, emit(node, "Max", List.of(node.inputs.get(0), least), Map.of()));
    }
  }

  /** y = x * scale + shift for each channel; null scale or shift: none. */
  private record Affine(double[] scale, double[] shift) {}

  /** What a node does to the output of another, as one factor and one summand for each channel. */
  private Affine affine(OnnxGraph.Node node, String x, int channels, int trailing) {
    if (node.is("BatchNormalization") && node.inputs.get(0).equals(x)) {
      double[][] p = new double[4][];
      for (int i = 0; i < 4; i++) {
        p[i] = perChannel(node.inputs.get(i + 1), channels, 0);
        if (p[i] == null) {
          return null;
        }
      }
      double epsilon = ((Number) node.attributes.get("epsilon")).doubleValue();
      double[] scale = new double[channels];
      double[] shift = new double[channels];
      Arrays.setAll(scale, i -> p[0][i] / Math.sqrt(p[3][i] + epsilon));
      Arrays.setAll(shift, i -> p[1][i] - p[2][i] * scale[i]);
      return new Affine(scale, shift);
    }
    if (!node.is("Mul", "Add", "Sub", "Div")) {
      return null;
    }
    String constant = other(node, x);
    double[] c = constant == null ? null : perChannel(constant, channels, trailing);
    boolean left = node.inputs.get(0).equals(x);
    if (c == null
        || !Arrays.stream(c).allMatch(Double::isFinite)
        || (node.is("Div") && (!left || Arrays.stream(c).anyMatch(v -> v == 0)))) {
      return null; // weights of a kernel over 0 add up to NaN, where their sum over 0 is infinite
    }
    double[] one = new double[channels];
    Arrays.fill(one, 1);
    double[] minus = Arrays.stream(c).map(v -> -v).toArray();
    return switch (node.op) {
      case "Mul" -> new Affine(c, null);
      case "Div" -> new Affine(Arrays.stream(c).map(v -> 1 / v).toArray(), null);
      case "Add" -> new Affine(null, c);
      default ->
          left ? new Affine(null, minus) : new Affine(Arrays.stream(one).map(v -> -v).toArray(), c);
    };
  }

  /** A constant that has one value for each channel, or one for all; else null. */
  private double[] perChannel(String tensor, int channels, int trailing) {
    Constant constant = graph.constant(tensor);
    if (constant == null
        || (constant.type() != DataType.DT_FLOAT && constant.type() != DataType.DT_DOUBLE)) {
      return null;
    }
    long[] shape = constant.shape();
    if (shape.length > trailing + 2) {
      return null;
    }
    for (int i = 0; i < shape.length; i++) {
      boolean channel = i == shape.length - 1 - trailing;
      if (shape[i] != 1 && !(channel && shape[i] == channels)) {
        return null;
      }
    }
    double[] values = constant.doubles();
    if (values.length == channels) {
      return values;
    }
    double[] all = new double[channels];
    Arrays.fill(all, values[0]);
    return all;
  }

  /** Folds a product or sum with constants into the convolution or matrix product before it. */
  private void foldAffine(OnnxGraph.Node node) {
    for (String x : node.inputs.stream().distinct().toList()) {
      OnnxGraph.Node before = producer(x, "Conv", "Gemm");
      Constant weights = before == null ? null : graph.constant(before.inputs.get(1));
      if (weights == null
          || !isSole(x)
          || (weights.type() != DataType.DT_FLOAT && weights.type() != DataType.DT_DOUBLE)
          || Boolean.TRUE.equals(before.attributes.get("transB"))) {
        continue;
      }
      boolean conv = before.is("Conv");
      int channels = Math.toIntExact(weights.shape()[conv ? 0 : 1]);
      Affine affine = affine(node, x, channels, conv ? 2 : 0);
      double[] bias = new double[channels];
      if (before.inputs.size() > 2) {
        bias = perChannel(before.inputs.get(2), channels, 0);
      }
      if (affine == null || bias == null) {
        continue;
      }
      List<String> in = new ArrayList<>(before.inputs.subList(0, 2));
      if (affine.scale() != null) {
        double[] values = weights.doubles();
        int each = conv ? values.length / channels : 1;
        for (int i = 0; i < values.length; i++) {
          values[i] *= affine.scale()[i / each % channels];
        }
        for (int i = 0; i < channels; i++) {
          bias[i] *= affine.scale()[i];
        }
        in.set(
            1,
            graph.addConstant(
                before.name + "/weights", Constant.of(weights.type(), weights.shape(), values)));
      }
      boolean biased = before.inputs.size() > 2 || affine.shift() != null;
      if (affine.shift() != null) {
        for (int i = 0; i < channels; i++) {
          bias[i] += affine.shift()[i];
        }
      }
      if (biased) {
        in.add(
            graph.addConstant(
                before.name + "/bias", Constant.of(weights.type(), new long[] {channels}, bias)));
      }
      become(node, before.op, in, before.attributes);
      return;
    }
  }

  /**
   * A product and a sum for each channel that no convolution takes in are a batch normalisation:
   * one pass over the map, and runtimes keep it in the layout of the convolutions around.
   */
  private void gatherAffine(OnnxGraph.Node node) {
    if (!node.is("Add", "Sub") || node.inputs.size() != 2) {
      return;
    }
    for (String y : node.inputs) {
      OnnxGraph.Node product = producer(y, "Mul");
      String[] parts = split(product);
      if (parts == null || !isSole(y)) {
        continue;
      }
      long[] shape = graph.shape(parts[1]);
      long[] factor = graph.constant(parts[0]).shape();
      if (shape == null || shape.length != 4 || shape[1] < 1 || factor.length != 4) {
        continue;
      }
      int channels = Math.toIntExact(shape[1]);
      Affine scale = affine(product, parts[1], channels, 2);
      Affine shift = affine(node, y, channels, 2);
      if (scale == null
          || shift == null
          || shift.scale() != null
          || graph.constant(parts[0]).type() != DataType.DT_FLOAT) {
        continue;
      }
      double[] ones = new double[channels];
      Arrays.fill(ones, 1);
      List<String> in = new ArrayList<>(List.of(parts[1]));
      for (double[] values : List.of(scale.scale(), shift.shift(), new double[channels], ones)) {
        Constant constant = Constant.of(DataType.DT_FLOAT, new long[] {channels}, values);
        in.add(graph.addConstant(node.name + "/norm", constant));
      }
      become(node, "BatchNormalization", in, Map.of("epsilon", 0f));
      return;
    }
  }

  /** What is left of the operations that ONNX has not. */
  private void lower() {
    each(
        node -> {
          if (node.is(SQUARE)) {
            String x = node.inputs.get(0);
            become(node, "Mul", List.of(x, x), Map.of());
          } else if (node.is(RSQRT)) {
            String root = emit(node, "Sqrt", node.inputs, Map.of());
            become(node, "Reciprocal", List.of(root), Map.of());
          } else if (node.is(ERFC)) {
            String erf = emit(node, "Erf", node.inputs, Map.of());
            String one =
                graph.shareConstant(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
            become(node, "Sub", List.of(one, erf), Map.of());
          }
        });
  }
}
