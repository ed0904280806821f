package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * A flat graph whose layers have their channels last: TensorFlow computes those with the channels
 * first ({@code data_format} NCHW, NCDHW) on a graphics card only.
 *
 * <p>Each such layer becomes one with the channels last between two transpositions. What a tensor
 * is with its channels last is kept, and the next layer reads that, as do elementwise operations,
 * paddings, concatenations and means between layers, so that a network of such layers has one
 * transposition at each end.
 */
final class ChannelsLast {
  private static final Set<String> FORMATS = Set.of("NCHW", "NCDHW");

  /** Layers by the number of the input that is a map of features. */
  private static final Map<String, Integer> LAYERS =
      Map.ofEntries(
          Map.entry("AvgPool", 0),
          Map.entry("AvgPool3D", 0),
          Map.entry("BiasAdd", 0),
          Map.entry("Conv2D", 0),
          Map.entry("Conv2DBackpropInput", 2),
          Map.entry("Conv3D", 0),
          Map.entry("DepthToSpace", 0),
          Map.entry("DepthwiseConv2dNative", 0),
          Map.entry("FusedBatchNorm", 0),
          Map.entry("FusedBatchNormV2", 0),
          Map.entry("FusedBatchNormV3", 0),
          Map.entry("MaxPool", 0),
          Map.entry("MaxPool3D", 0),
          Map.entry("MaxPoolV2", 0),
          Map.entry("SpaceToDepth", 0));

  /** Inputs of layers that are numbers for each axis. */
  private static final Map<String, List<Integer>> SIZES =
      Map.of("Conv2DBackpropInput", List.of(0), "MaxPoolV2", List.of(1, 2));

  private static final Set<String> ALONE =
      Set.of(
          "Abs",
          "Cast",
          "Elu",
          "Erf",
          "Erfc",
          "Exp",
          "Identity",
          "LeakyRelu",
          "Neg",
          "Relu",
          "Relu6",
          "Rsqrt",
          "Selu",
          "Sigmoid",
          "Softplus",
          "Sqrt",
          "Square",
          "StopGradient",
          "Tanh");

  private static final Set<String> TOGETHER =
      Set.of(
          "Add",
          "AddV2",
          "Sub",
          "Mul",
          "RealDiv",
          "Div",
          "Maximum",
          "Minimum",
          "SquaredDifference");

  private final FlatGraph flat;
  private final InferredShapes shapes;
  private final Map<String, NodeDef> before = new HashMap<>();
  private final NodeWriter writer;

  /** What tensors are with the channels last, by their names in the graph that is rewritten. */
  private final Map<String, String> last = new HashMap<>();

  /** The ranks of what layers make, where TensorFlow does not infer them. */
  private final Map<String, Integer> ranks = new HashMap<>();

  /** What tensors are called that another node makes now. */
  private final Map<String, String> renamed = new HashMap<>();

  private ChannelsLast(FlatGraph flat) {
    this.flat = flat;
    this.shapes = new InferredShapes(flat.open());
    flat.nodes().forEach(node -> before.put(node.getName(), node));
    writer = new NodeWriter(flat);
  }

  /** Whether a graph has a layer with the channels first. */
  static boolean isNeeded(FlatGraph flat) {
    return flat.nodes().stream().anyMatch(ChannelsLast::isFirst);
  }

  /**
   * Rewrites a graph.
   *
   * @throws IllegalArgumentException if a layer is of a kind that is not known here, naming it
   */
  static FlatGraph of(FlatGraph flat) {
    if (!isNeeded(flat)) {
      return flat;
    }
    ChannelsLast rewriting = new ChannelsLast(flat);
    flat.nodes().forEach(rewriting::rewrite);
    flat.outputs().values().forEach(rewriting::plain);
    return flat.with(rewriting.writer.nodes(), flat.variables()).pruned();
  }

  private static boolean isFirst(NodeDef node) {
    return FORMATS.contains(Nodes.text(node, "data_format"));
  }

  private void rewrite(NodeDef node) {
    String op = node.getOp();
    if (isFirst(node)) {
      layer(node);
      return;
    }
    boolean port =
        flat.outputs().containsValue(node.getName() + ":0")
            || flat.inputs().containsValue(node.getName() + ":0");
    boolean known = node.getInputCount() > 0 && last.containsKey(input(node, 0));
    NodeDef.Builder made = port ? null : otherwise(node, op, known);
    if (made == null) {
      NodeDef.Builder same = node.toBuilder();
      for (int i = 0; i < node.getInputCount(); i++) {
        same.setInput(i, plain(input(node, i)));
      }
      writer.keep(same.build());
    } else {
      last.put(node.getName() + ":0", add(node.getName() + "/channels_last", made));
    }
  }

  /** What goes on with the channels last; null for a node that reads tensors as they were. */
  private NodeDef.Builder otherwise(NodeDef node, String op, boolean known) {
    if (known && ALONE.contains(op)) {
      return node.toBuilder().setInput(0, last.get(input(node, 0)));
    }
    if (TOGETHER.contains(op)) {
      return together(node);
    }
    if (known && op.matches("Pad|PadV2|MirrorPad")) {
      String order = axes(node.getName(), order(rank(input(node, 0))));
      NodeDef.Builder pad = node.toBuilder().setInput(0, last.get(input(node, 0)));
      DataType type = Nodes.type(node, "Tpaddings");
      return pad.setInput(1, gathered(node.getName(), plain(input(node, 1)), order, type));
    }
    if (known && op.equals("ConcatV2")) {
      int count = node.getInputCount() - 1;
      Double axis = constant(input(node, count));
      for (int i = 0; i < count; i++) {
        if (!last.containsKey(input(node, i))) {
          return null;
        }
      }
      if (axis == null || axis != 1) {
        return null;
      }
      NodeDef.Builder concat = node.toBuilder().putAttr("Tidx", Nodes.INT);
      for (int i = 0; i < count; i++) {
        concat.setInput(i, last.get(input(node, i)));
      }
      return concat.setInput(count, add(node.getName() + "/axis", Nodes.constant(-1)));
    }
    return null;
  }

  /** Two tensors of the same rank, or one and a scalar. */
  private NodeDef.Builder together(NodeDef node) {
    String a = input(node, 0);
    String b = input(node, 1);
    if (!last.containsKey(a) && !last.containsKey(b)) {
      return null;
    }
    int rank = rank(last.containsKey(a) ? a : b);
    NodeDef.Builder both = node.toBuilder();
    for (int i = 0; i < 2; i++) {
      String tensor = input(node, i);
      int own = rank(tensor);
      if (own != rank && own != 0) {
        return null;
      }
      both.setInput(i, own == 0 ? plain(tensor) : last(tensor, Nodes.type(node, "T")));
    }
    return both;
  }

  private void layer(NodeDef node) {
    Integer map = LAYERS.get(node.getOp());
    if (map == null) {
      throw new IllegalArgumentException(
          ("node %s (%s) has its channels first (%s), which TensorFlow does not compute on a"
                  + " processor: write the model with data_format channels_last")
              .formatted(
                  node.getName(),
                  node.getOp(),
                  node.getAttrOrThrow("data_format").getS().toStringUtf8()));
    }
    boolean volume = Nodes.text(node, "data_format").equals("NCDHW");
    int rank = volume ? 5 : node.getOp().equals("BiasAdd") ? rank(input(node, 0)) : 4;
    if (rank < 3) {
      throw new IllegalArgumentException(
          "node %s (%s) has its channels first in a tensor of unknown rank"
              .formatted(node.getName(), node.getOp()));
    }
    ranks.put(node.getName() + ":0", rank);
    NodeDef.Builder layer = node.toBuilder();
    for (int i = 0; i < node.getInputCount(); i++) {
      String tensor = input(node, i);
      if (i == map) {
        layer.setInput(i, last(tensor, Nodes.type(node, "T"), rank));
      } else if (SIZES.getOrDefault(node.getOp(), List.of()).contains(i)) {
        String order = axes(node.getName(), order(rank));
        layer.setInput(i, gathered(node.getName(), plain(tensor), order, DataType.DT_INT32));
      } else {
        layer.setInput(i, plain(tensor));
      }
    }
    layer.putAttr("data_format", Nodes.text(volume ? "NDHWC" : "NHWC"));
    for (String name : List.of("strides", "dilations", "ksize")) {
      permute(layer, name, order(rank), 1);
    }
    permute(layer, "explicit_paddings", order(rank), 2);
    String made = add(node.getName() + "/channels_last", layer);
    last.put(node.getName() + ":0", made);
    for (int i = 1; i < 6; i++) {
      renamed.put(node.getName() + ":" + i, Tensors.node(made) + ":" + i);
    }
  }

  /** Puts the numbers for each axis, so many each, in another order. */
  private static void permute(NodeDef.Builder node, String name, List<Integer> order, int each) {
    List<Long> numbers =
        node.getAttrOrDefault(name, AttrValue.getDefaultInstance()).getList().getIList();
    if (numbers.size() != order.size() * each) {
      return;
    }
    AttrValue.Builder permuted = AttrValue.newBuilder();
    for (int axis : order) {
      for (int i = 0; i < each; i++) {
        permuted.getListBuilder().addI(numbers.get(axis * each + i));
      }
    }
    node.putAttr(name, permuted.build());
  }

  /** The axes of channels first for those of channels last. */
  private static List<Integer> order(int rank) {
    List<Integer> order = new ArrayList<>(List.of(0));
    for (int axis = 2; axis < rank; axis++) {
      order.add(axis);
    }
    order.add(1);
    return order;
  }

  private static List<Integer> inverse(int rank) {
    List<Integer> order = new ArrayList<>(List.of(0, rank - 1));
    for (int axis = 1; axis < rank - 1; axis++) {
      order.add(axis);
    }
    return order;
  }

  private int rank(String tensor) {
    Shape shape = shapes.of(tensor);
    return shape.isUnknown() ? ranks.getOrDefault(tensor, -1) : shape.numDimensions();
  }

  private Double constant(String tensor) {
    TensorProto value = Constants.value(before.get(Tensors.node(tensor)));
    return value == null ? null : Constants.scalar(value);
  }

  private static String input(NodeDef node, int number) {
    return Tensors.canonical(node.getInput(number));
  }

  private String last(String tensor, DataType type) {
    return last(tensor, type, rank(tensor));
  }

  /** A tensor with the channels last. */
  private String last(String tensor, DataType type, int rank) {
    String found = last.get(tensor);
    if (found == null) {
      String name = Tensors.node(tensor) + "/channels_last";
      found = add(name, transposed(plain(tensor), order(rank), type));
      last.put(tensor, found);
      renamed.putIfAbsent(tensor, tensor);
    }
    return found;
  }

  /** A tensor as it was; it takes its old name where nothing else has it. */
  private String plain(String tensor) {
    String other = renamed.get(tensor);
    if (other != null || !last.containsKey(tensor)) {
      return other == null ? tensor : other;
    }
    NodeDef node = before.get(Tensors.node(tensor));
    DataType type = Nodes.type(node, node.getOp().equals("Cast") ? "DstT" : "T");
    NodeDef.Builder transposed = transposed(last.get(tensor), inverse(rank(tensor)), type);
    writer.keep(transposed.setName(node.getName()).build());
    renamed.put(tensor, tensor);
    return tensor;
  }

  private NodeDef.Builder transposed(String tensor, List<Integer> order, DataType type) {
    return Nodes.transpose(tensor, axes(Tensors.node(tensor), order), type);
  }

  private String axes(String near, List<Integer> order) {
    return add(near + "/axes", Nodes.constant(order));
  }

  private String gathered(String near, String numbers, String order, DataType type) {
    String axis = add(near + "/first", Nodes.constant(0));
    return add(near + "/numbers", Nodes.gather(numbers, order, axis, type));
  }

  private String add(String wanted, NodeDef.Builder node) {
    return writer.add(wanted, node) + ":0";
  }
}
