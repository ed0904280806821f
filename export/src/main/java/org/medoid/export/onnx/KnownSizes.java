package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.Graph;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
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
  /** How many nodes are inferred behind one that was rewritten: those of a Dense or two. */
  private static final int AT_ONCE = 32;

  private final VersionDef versions;
  private Map<String, Source.Node> nodes;
  private final Map<String, Source.Info[]> infos = new HashMap<>();

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
    if (single.values().stream().noneMatch(node -> node.op().matches("Shape|Rank"))) {
      return nodes;
    }
    KnownSizes sizes = new KnownSizes(single, versions);
    while (sizes.pass()) {
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

  /**
   * Infers, evaluates, rewrites; false if nothing changed. All is inferred at once at first, and
   * anew from where it depends on what was rewritten since: there some nodes, then twice as many,
   * since each Dense of a chain of them makes known what the next one starts from.
   */
  @SuppressWarnings("ReferenceEquality") // a node that is not replaced is the same object
  private boolean pass() {
    known.clear();
    List<Source.Node> all = List.copyOf(nodes.values());
    Map<String, Source.Node> next = new LinkedHashMap<>();
    Map<String, Source.Node> stale = new LinkedHashMap<>();
    boolean changed = false;
    int count = all.size();
    int inferred = 0;
    for (int i = 0; i < all.size(); i++) {
      Source.Node node = all.get(i);
      boolean behind = node.inputs().stream().anyMatch(input -> stale.containsKey(input.node()));
      if (i == inferred || (behind && !isKnown(node))) {
        count = i == 0 ? count : i == inferred ? Math.min(2 * count, all.size()) : AT_ONCE;
        inferred = Math.min(all.size(), i + count);
        Map<String, Source.Node> part = new LinkedHashMap<>(stale);
        all.subList(i, inferred).forEach(each -> part.put(each.name(), each));
        inferPart(part, next);
        stale.clear();
        behind = false;
      }
      List<Numbers> numbers = evaluate(node);
      for (int k = 0; k < numbers.size(); k++) {
        known.put(new Source.TensorName(node.name(), k), numbers.get(k));
      }
      Source.Node better = node;
      if (isConstant(node, numbers)) {
        better = constant(node.name(), infos.get(node.name())[0].type(), numbers.get(0));
      } else if (node.op().equals("Reshape")) {
        better = product(node);
        better = better == null ? reshape(node, next) : better;
      }
      if (behind || better != node) {
        stale.put(node.name(), better);
      }
      changed |= !better.equals(node);
      next.put(node.name(), better);
    }
    nodes = next;
    return changed;
  }

  private boolean isKnown(Source.Node node) {
    return Arrays.stream(infos.get(node.name())).allMatch(info -> Shapes.isKnown(info.shape()));
  }

  /** Whether all of the one tensor that a node computes is known. */
  private boolean isConstant(Source.Node node, List<Numbers> numbers) {
    return !node.op().equals("Const")
        && infos.get(node.name()).length == 1
        && numbers.size() == 1
        && numbers.get(0).isKnown();
  }

  /**
   * Infers what some nodes make, in order of computation.
   *
   * @param before the nodes before them as they are now, what is known of which stands for them
   */
  private void inferPart(Map<String, Source.Node> part, Map<String, Source.Node> before) {
    Map<String, Source.Node> whole = new LinkedHashMap<>();
    Map<Source.TensorName, Source.TensorName> stands = new HashMap<>();
    for (Source.Node node : part.values()) {
      for (Source.TensorName input : node.inputs()) {
        if (!part.containsKey(input.node()) && !stands.containsKey(input)) {
          stands.put(input, new Source.TensorName(stand(input, before, whole), 0));
        }
      }
    }
    Map<String, Source.Node> stubs = new HashMap<>(whole);
    for (Source.Node node : part.values()) {
      List<Source.TensorName> inputs =
          node.inputs().stream().map(input -> stands.getOrDefault(input, input)).toList();
      whole.put(node.name(), new Source.Node(node.definition(), inputs));
    }
    Map<String, Source.Info[]> found = infer(whole, versions);
    found.keySet().removeAll(stubs.keySet());
    infos.putAll(found);
  }

  /** Adds a node that stands for a tensor; returns its name. */
  private String stand(
      Source.TensorName tensor, Map<String, Source.Node> before, Map<String, Source.Node> to) {
    String name = free(to);
    Source.Info info = info(tensor);
    Source.Node made = before.get(tensor.node());
    Numbers numbers = known.get(tensor);
    if (made != null && made.op().equals("Const")) {
      to.put(name, renamed(made, name));
    } else if (numbers != null && numbers.isKnown()) {
      to.put(name, constant(name, info.type(), numbers));
    } else if (numbers != null && numbers.rank() == 1) {
      List<Source.TensorName> each = new ArrayList<>();
      for (double value : numbers.values()) {
        String one = free(to);
        to.put(
            one,
            Double.isNaN(value)
                ? placeholder(one, new Source.Info(info.type(), new long[0]))
                : constant(one, info.type(), Numbers.scalar(value)));
        each.add(new Source.TensorName(one, 0));
      }
      name = free(to);
      NodeDef.Builder pack = NodeDef.newBuilder().setName(name).setOp("Pack");
      pack.putAttr("N", AttrValue.newBuilder().setI(each.size()).build());
      pack.putAttr("T", Functions.type(info.type()));
      to.put(name, new Source.Node(pack.build(), each));
    } else {
      to.put(name, placeholder(name, info));
    }
    return name;
  }

  private String free(Map<String, Source.Node> taken) {
    String name = "stand_" + taken.size();
    while (nodes.containsKey(name) || taken.containsKey(name)) {
      name += "_";
    }
    return name;
  }

  private static Source.Node placeholder(String name, Source.Info info) {
    return new Source.Node(Functions.placeholder(name, info), List.of());
  }

  private static Source.Node renamed(Source.Node node, String name) {
    NodeDef definition = node.definition().toBuilder().setName(name).build();
    return new Source.Node(definition, node.inputs());
  }

  /** Types and shapes as TensorFlow infers them; the contents of large constants do not matter. */
  static Map<String, Source.Info[]> infer(Map<String, Source.Node> nodes, VersionDef versions) {
    GraphDef.Builder skeleton = GraphDef.newBuilder().setVersions(versions);
    for (Source.Node node : nodes.values()) {
      NodeDef plain = Source.plain(node);
      TensorShapeProto shape = plain.getAttrOrDefault("value", none()).getTensor().getTensorShape();
      long size =
          shape.getDimList().stream().mapToLong(d -> d.getSize()).reduce(1, (a, b) -> a * b);
      if (node.op().equals("Const") && size > Numbers.LARGEST) {
        DataType type = plain.getAttrOrThrow("dtype").getType();
        long[] sizes = shape.getDimList().stream().mapToLong(d -> d.getSize()).toArray();
        plain = Functions.placeholder(node.name(), new Source.Info(type, sizes));
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

  /** What is known of the numbers that a node makes, for each of its first outputs. */
  private List<Numbers> evaluate(Source.Node node) {
    DataType type = info(new Source.TensorName(node.name(), 0)).type();
    if (type != DataType.DT_INT32 && type != DataType.DT_INT64 && type != DataType.DT_BOOL) {
      return List.of();
    }
    if (node.op().equals("Shape") || node.op().equals("Rank")) {
      long[] shape = shape(node, 0);
      return shape == null
          ? List.of()
          : List.of(
              node.op().equals("Rank") ? Numbers.scalar(shape.length) : Numbers.ofShape(shape));
    }
    return Numbers.of(node.definition(), type, node.inputs().stream().map(known::get).toList());
  }
}
