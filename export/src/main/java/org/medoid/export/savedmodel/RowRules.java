package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * What is done to a row, done to all rows at once. A tensor of a round stands for as many as there
 * are rows: behind a new first axis; or, where its own first axis has the size 1, as the functions
 * on batches want it, in place of that axis. What does not depend on the row is computed once.
 */
final class RowRules {
  /** What is computed number by number, with the usual broadcasting. */
  private static final Set<String> EACH =
      Set.of(
          ("Abs Add AddV2 BitwiseAnd Cast Ceil ClipByValue Cos Div DivNoNan Elu Equal Erf Exp Expm1"
                  + " Floor FloorDiv FloorMod Greater GreaterEqual Identity IsFinite IsInf IsNan"
                  + " LeakyRelu Less LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr Maximum"
                  + " Minimum Mul Neg NotEqual Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt"
                  + " SelectV2 Selu Sigmoid Sign Sin Softplus Sqrt Square SquaredDifference"
                  + " StopGradient Sub Tanh TruncateDiv Xdivy Xlog1py Xlogy")
              .split(" "));

  /** What is computed picture by picture over the last three axes, whatever is before them. */
  private static final Set<String> PICTURES =
      Set.of(
          "AdjustContrastv2", "AdjustHue", "AdjustSaturation", "BiasAdd", "HSVToRGB", "RGBToHSV");

  /** What takes a batch as its first operand, and does the same to each row of it. */
  private static final Set<String> BATCHES =
      Set.of(
          ("AvgPool Conv2D DepthwiseConv2dNative FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3"
                  + " LRN LogSoftmax MatMul MaxPool ResizeArea ResizeBicubic ResizeBilinear"
                  + " ResizeNearestNeighbor ScaleAndTranslate Softmax SpaceToDepth")
              .split(" "));

  /** That there is no rule for an operation, or not for what it does to rows. */
  static final class NoRuleException extends Exception {
    private static final long serialVersionUID = 1;

    NoRuleException(NodeDef node) {
      super(node.getName() + " (" + node.getOp() + ")");
    }
  }

  /**
   * All rows of a tensor.
   *
   * @param tensor in the flat graph
   * @param rank of one row
   * @param merged whether the rows take the place of its first axis
   */
  record Rows(String tensor, int rank, boolean merged, DataType type) {
    Rows of(String other) {
      return new Rows(other, rank, merged, type);
    }

    /** How many axes come before the first one of a row that stays. */
    int shift() {
      return merged ? 0 : 1;
    }
  }

  private final Flattener flattener;
  private final FlatNodes nodes;
  private final List<NodeDef> round;
  private final InferredShapes shapes;
  private final Map<String, Rows> rows = new HashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<String> sources = new HashSet<>();

  /**
   * For a round.
   *
   * @param round its nodes, which are not in the flat graph
   * @param shapes of their tensors, and of what they read
   */
  RowRules(Flattener flattener, List<NodeDef> round, InferredShapes shapes) {
    this.flattener = flattener;
    this.nodes = new FlatNodes(flattener);
    this.round = round;
    this.shapes = shapes;
  }

  /** The tensors whose rows are read. */
  Set<String> sources() {
    return sources;
  }

  /**
   * Adds to the flat graph what computes all rows.
   *
   * @param counters the numbers of the row, by which it is gathered
   * @param wanted tensors of a round; null among them counts for nothing
   */
  void add(Set<String> counters, List<String> wanted) throws NoRuleException {
    Set<String> needed = new HashSet<>();
    wanted.stream().filter(each -> each != null).forEach(each -> needed.add(Tensors.node(each)));
    for (int i = round.size() - 1; i >= 0; i--) {
      if (needed.contains(round.get(i).getName())) {
        round.get(i).getInputList().forEach(input -> needed.add(Tensors.node(input)));
      }
    }
    for (NodeDef node : round) {
      if (needed.contains(node.getName()) && !counters.contains(node.getName() + ":0")) {
        add(counters, node);
      }
    }
  }

  private void add(Set<String> counters, NodeDef node) throws NoRuleException {
    List<String> inputs = node.getInputList().stream().map(Tensors::canonical).toList();
    String first = node.getName() + ":0";
    if (inputs.stream().anyMatch(counters::contains)) {
      boolean row =
          node.getOp().equals("GatherV2")
              && counters.contains(inputs.get(1))
              && !rows.containsKey(inputs.get(0));
      if (!row) {
        throw new NoRuleException(node);
      }
      String all = same(inputs.get(0));
      sources.add(all);
      rows.put(first, new Rows(all, shapes.of(first).numDimensions(), false, shapes.type(first)));
    } else if (inputs.stream().noneMatch(rows::containsKey)) {
      renamed.put(node.getName(), add(node.toBuilder(), node.getName(), inputs(inputs)));
    } else {
      row(node, inputs);
    }
  }

  private void row(NodeDef node, List<String> inputs) throws NoRuleException {
    String op = node.getOp();
    Rows x = rows.get(inputs.get(0));
    boolean alone = x != null && inputs.stream().skip(1).noneMatch(rows::containsKey);
    if (inputs.stream().map(rows::get).anyMatch(each -> each != null && each.rank < 0)) {
      throw new NoRuleException(node);
    }
    if (EACH.contains(op)) {
      each(node, inputs);
    } else if (alone && op.equals("Shape")) {
      renamed.put(node.getName(), Tensors.node(size(node, x)));
    } else if (alone && (PICTURES.contains(op) || (x.merged && batched(node)))) {
      done(node, x.of(copy(node, x, inputs)));
    } else {
      new RowPlaces(this, node, inputs).add();
    }
  }

  private static boolean batched(NodeDef node) {
    boolean plain =
        !node.getAttrOrDefault("is_training", Nodes.flag(false)).getB()
            && !node.getAttrOrDefault("transpose_a", Nodes.flag(false)).getB();
    return plain && BATCHES.contains(node.getOp());
  }

  /** Number by number: all operands are brought to the rank of the result. */
  private void each(NodeDef node, List<String> inputs) throws NoRuleException {
    int rank = 0;
    for (String input : inputs) {
      Rows given = rows.get(input);
      int own = given == null ? shapes.of(input).numDimensions() : given.rank;
      if (own < 0) {
        throw new NoRuleException(node);
      }
      rank = Math.max(rank, own);
    }
    boolean merged = false;
    boolean one = true;
    for (String input : inputs) {
      Rows given = rows.get(input);
      int own = given == null ? shapes.of(input).numDimensions() : given.rank;
      merged |= given != null && given.merged && own == rank;
      one &= own < rank || (given == null ? shapes.of(input).get(0) == 1 : given.merged);
      one &= own == rank || given == null || !given.merged;
    }
    merged &= one;
    List<String> operands = new ArrayList<>();
    for (String input : inputs) {
      Rows given = rows.get(input);
      if (given == null) {
        operands.add(same(input));
      } else if (merged) {
        operands.add(given.merged ? given.tensor : lifted(given, rank - 1));
      } else {
        operands.add(lifted(given, rank));
      }
    }
    String name = add(node.toBuilder(), node.getName(), operands);
    done(node, new Rows(name + ":0", rank, merged, shapes.type(node.getName() + ":0")));
  }

  /** Rows of a higher rank, their new axes, of size 1, first; not merged. */
  private String lifted(Rows given, int rank) {
    String last = stacked(given);
    for (int own = given.rank; own < rank; own++) {
      last = expanded(last, given.type);
    }
    return last;
  }

  private String expanded(String tensor, DataType type) {
    return nodes.expanded(Tensors.node(tensor) + "/row", tensor, 1, type);
  }

  /** The sizes of one row, which are those of all. */
  private String size(NodeDef node, Rows x) {
    DataType type = Nodes.type(node, "out_type");
    String all = add(node.toBuilder(), node.getName() + "/all", List.of(x.tensor)) + ":0";
    String rest = after(all, 1, type);
    return x.merged ? joined(List.of(numbers(type, 1), rest), type) : rest;
  }

  private String stacked(Rows given) {
    return given.merged ? expanded(given.tensor, given.type) : given.tensor;
  }

  /**
   * All rows of a tensor of the round, behind a new first axis.
   *
   * @throws NoRuleException if it does not depend on the row
   */
  String stacked(String tensor) throws NoRuleException {
    return stacked(dependent(tensor));
  }

  /** All rows as a batch: one that begins with an axis of size 1 gives way to that of the rows. */
  String batch(String tensor) throws NoRuleException {
    Rows given = dependent(tensor);
    if (given.merged || given.rank < 2 || shapes.of(tensor).get(0) != 1) {
      return given.tensor;
    }
    return nodes.add(
        "rows/squeezed",
        Nodes.typed("Squeeze", given.type, given.tensor).putAttr("squeeze_dims", Nodes.numbers(1)));
  }

  private Rows dependent(String tensor) throws NoRuleException {
    Rows given = rows.get(Tensors.canonical(tensor));
    if (given == null) {
      throw new NoRuleException(NodeDef.newBuilder().setName(tensor).build());
    }
    return given;
  }

  Rows rows(String input) {
    return rows.get(input);
  }

  Shape shape(String tensor) {
    return shapes.of(tensor);
  }

  void done(NodeDef node, Rows first) {
    done(node, 0, first);
  }

  void done(NodeDef node, int number, Rows output) {
    rows.put(node.getName() + ":" + number, output);
  }

  /** The flat tensor for one that does not depend on the row. */
  String same(String tensor) {
    String node = renamed.get(Tensors.node(tensor));
    return node == null ? tensor : node + tensor.substring(tensor.indexOf(':'));
  }

  private List<String> inputs(List<String> inputs) {
    return inputs.stream().map(this::same).toList();
  }

  /** The node with all rows for its first operand, under a new name. */
  private String copy(NodeDef node, Rows x, List<String> inputs) {
    List<String> operands = new ArrayList<>(inputs(inputs));
    operands.set(0, x.tensor);
    return add(node.toBuilder(), node.getName(), operands) + ":0";
  }

  /** The values of whole numbers that are constant; null for others. */
  int[] constants(String tensor) {
    TensorProto value = Constants.value(flattener.node(Tensors.node(same(tensor))));
    return value == null ? null : Constants.integers(value);
  }

  /** Adds a node; returns its name. */
  String add(NodeDef.Builder node, String wanted, List<String> inputs) {
    node.clearInput();
    inputs.forEach(input -> node.addInput(Tensors.shortened(input)));
    return flattener.add(wanted, node);
  }

  String number(int value) {
    return nodes.number("rows/number", value);
  }

  /** A vector of int32 or int64. */
  String numbers(DataType type, int... values) {
    TensorProto.Builder proto = TensorProto.newBuilder().setDtype(type);
    proto.getTensorShapeBuilder().addDimBuilder().setSize(values.length);
    for (int value : values) {
      if (type == DataType.DT_INT64) {
        proto.addInt64Val(value);
      } else {
        proto.addIntVal(value);
      }
    }
    return nodes.add("rows/numbers", Nodes.constant(proto.build()));
  }

  /** Vectors, or matrices, one behind the other. */
  String joined(List<String> parts, DataType type) {
    return nodes.joined("rows/joined", parts, type);
  }

  String reshaped(String tensor, String shape, DataType type) {
    return nodes.reshaped("rows/reshaped", tensor, shape, type);
  }

  /** Whether paddings, as far as they are packed of scalars, begin with none. */
  boolean isUnpaddedFirst(String paddings) {
    NodeDef node = flattener.node(Tensors.node(paddings));
    if (node != null && node.getOp().equals("Reshape")) {
      node = flattener.node(Tensors.node(node.getInput(0)));
    }
    if (node == null || !node.getOp().equals("Pack") || node.getInputCount() < 2) {
      return false;
    }
    for (int i = 0; i < 2; i++) {
      int[] value = constants(Tensors.canonical(node.getInput(i)));
      if (value == null || value[0] != 0) {
        return false;
      }
    }
    return true;
  }

  /** A vector without its first numbers. */
  String after(String vector, int from, DataType type) {
    return nodes.sliced("rows/sliced", vector, type, from, 0);
  }

  /** How many rows there are, in a vector of one number. */
  String count(Rows x, DataType type) {
    String sizes = nodes.sizes("rows/shape", x.tensor, x.type, type);
    return nodes.sliced("rows/sliced", sizes, type, 0, 1);
  }
}
