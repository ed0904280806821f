package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * A TensorFlow node under conversion: what an {@link OpConverter} sees.
 *
 * <p>Tensors of the ONNX graph are strings, their names. An input can be had in TensorFlow's layout
 * ({@link #input}) or with the channels moved to axis 1 ({@link #channelsFirst}); a Transpose
 * appears where it is needed and only once. For an operation that does not care about the order of
 * axes, {@link #aligned} gives all inputs in one layout, the one that costs nothing, and {@link
 * #alignedOutput} takes the result in the same.
 */
public final class TfNode {

  /** This node cannot be converted. */
  static final class UnsupportedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    UnsupportedException(String message) {
      super(message);
    }
  }

  private final Source.Node node;
  private final OpDef definition;
  private final OnnxGraph graph;
  private final List<Value> inputs;
  private final List<Value> outputs;
  private boolean alignedChannelsFirst;

  TfNode(
      Source.Node node,
      OpDef definition,
      OnnxGraph graph,
      List<Value> inputs,
      List<Value> outputs) {
    this.node = node;
    this.definition = definition;
    this.graph = graph;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Returns the node's name.
   *
   * @return the name in the TensorFlow graph
   */
  public String name() {
    return node.name();
  }

  /**
   * Returns what the node does.
   *
   * @return the name of the TensorFlow operation
   */
  public String op() {
    return node.op();
  }

  NodeDef definition() {
    return node.definition();
  }

  private AttrValue attribute(String attribute) {
    AttrValue value = node.definition().getAttrMap().get(attribute);
    if (value != null) {
      return value;
    }
    // A graph may have been stripped of what equals the default.
    for (OpDef.AttrDef defined : definition.getAttrList()) {
      if (defined.getName().equals(attribute) && defined.hasDefaultValue()) {
        return defined.getDefaultValue();
      }
    }
    throw unsupported("it has no attribute " + attribute);
  }

  /**
   * Returns an integer attribute.
   *
   * @param attribute its name
   * @return its value, or the operation's default
   */
  public long integer(String attribute) {
    return attribute(attribute).getI();
  }

  /**
   * Returns a float attribute.
   *
   * @param attribute its name
   * @return its value, or the operation's default
   */
  public float decimal(String attribute) {
    return attribute(attribute).getF();
  }

  /**
   * Returns a boolean attribute.
   *
   * @param attribute its name
   * @return its value, or the operation's default
   */
  public boolean flag(String attribute) {
    return attribute(attribute).getB();
  }

  /**
   * Returns a string attribute.
   *
   * @param attribute its name
   * @return its value, or the operation's default
   */
  public String text(String attribute) {
    return attribute(attribute).getS().toStringUtf8();
  }

  /**
   * Returns an attribute that is a list of integers.
   *
   * @param attribute its name
   * @return its values, or the operation's default
   */
  public long[] integers(String attribute) {
    return attribute(attribute).getList().getIList().stream().mapToLong(i -> i).toArray();
  }

  /**
   * Returns how many data inputs the node has.
   *
   * @return the number, lists of inputs counted in full
   */
  public int inputCount() {
    return inputs.size();
  }

  /**
   * Returns how many outputs the node has.
   *
   * @return the number
   */
  public int outputCount() {
    return outputs.size();
  }

  /**
   * Returns the type of an input.
   *
   * @param input its number
   * @return TensorFlow's type
   */
  public DataType type(int input) {
    return inputs.get(input).type();
  }

  /**
   * Returns the type of an output.
   *
   * @param output its number
   * @return TensorFlow's type
   */
  public DataType outputType(int output) {
    return outputs.get(output).type();
  }

  /**
   * Returns what is known of an input's shape.
   *
   * @param input its number
   * @return sizes in TensorFlow's order, -1 where unknown; null if even the rank is
   */
  public long[] shape(int input) {
    return inputs.get(input).shape();
  }

  /**
   * Returns what is known of an output's shape.
   *
   * @param output its number
   * @return sizes in TensorFlow's order, -1 where unknown; null if even the rank is
   */
  public long[] outputShape(int output) {
    return outputs.get(output).shape();
  }

  /**
   * Returns the rank of an input, for conversions that cannot do without.
   *
   * @param input its number
   * @return the rank
   * @throws IllegalArgumentException if it is unknown
   */
  public int rank(int input) {
    int rank = inputs.get(input).rank();
    if (rank < 0) {
      throw unsupported("the rank of its input " + input + " is unknown");
    }
    return rank;
  }

  /**
   * Whether an input's values are known.
   *
   * @param input its number
   * @return true if it depends on constants alone
   */
  public boolean isConstant(int input) {
    return inputs.get(input).constant() != null;
  }

  /**
   * Returns the values of a constant integer input: axes, paddings, sizes.
   *
   * @param input its number
   * @return the values, row-major
   * @throws IllegalArgumentException if the input is not constant
   */
  public long[] integers(int input) {
    return known(input).longs();
  }

  /**
   * Returns the values of a constant input.
   *
   * @param input its number
   * @return the values, row-major
   * @throws IllegalArgumentException if the input is not constant
   */
  public double[] decimals(int input) {
    return known(input).doubles();
  }

  Constant known(int input) {
    Constant constant = inputs.get(input).constant();
    if (constant == null) {
      throw unsupported("its input " + input + " (" + inputs.get(input) + ") is not constant");
    }
    return constant;
  }

  /**
   * Returns an axis counted from the front.
   *
   * @param axis the axis, negative if counted from the end
   * @param rank the rank
   * @return the axis, 0 or more
   */
  public int axis(long axis, int rank) {
    long counted = axis < 0 ? axis + rank : axis;
    if (counted < 0 || counted >= rank) {
      throw unsupported("axis " + axis + " of a tensor of rank " + rank);
    }
    return (int) counted;
  }

  /**
   * Returns an input in TensorFlow's layout.
   *
   * @param input its number
   * @return the name of a tensor of the ONNX graph
   */
  public String input(int input) {
    return inputs.get(input).plain();
  }

  /**
   * Returns an input with its last axis moved to axis 1.
   *
   * @param input its number; its rank must be known and at least 3
   * @return the name of a tensor of the ONNX graph
   */
  public String channelsFirst(int input) {
    if (rank(input) < 3) {
      throw unsupported("its input " + input + " has rank " + rank(input) + ": no image");
    }
    return inputs.get(input).channelsFirst();
  }

  /**
   * Whether an input is there with channels first, so that asking for it costs nothing.
   *
   * @param input its number
   * @return false for constants, which are there in both layouts
   */
  public boolean isChannelsFirst(int input) {
    return inputs.get(input).isChannelsFirst();
  }

  /**
   * Returns all inputs in one layout, ready to be broadcast against each other: with channels first
   * if an input of the highest rank is, else in TensorFlow's layout.
   *
   * @return the names of tensors of the ONNX graph
   */
  public List<String> aligned() {
    return aligned(IntStream.range(0, inputs.size()).toArray());
  }

  /**
   * Returns some inputs in one layout, ready to be broadcast against each other.
   *
   * @param numbers of the inputs
   * @return the names of tensors of the ONNX graph
   */
  public List<String> aligned(int... numbers) {
    List<Value> values = Arrays.stream(numbers).mapToObj(inputs::get).toList();
    int rank = values.stream().mapToInt(Value::rank).max().orElse(0);
    alignedChannelsFirst =
        values.stream().noneMatch(value -> value.rank() < 0)
            && values.stream().anyMatch(v -> v.rank() == rank && v.isChannelsFirst());
    List<String> names = new ArrayList<>();
    for (Value value : values) {
      if (!alignedChannelsFirst || value.rank() == 0) {
        names.add(value.plain());
      } else if (value.rank() == rank) {
        names.add(value.channelsFirst());
      } else {
        names.add(raised(value, rank));
      }
    }
    return names;
  }

  /** A tensor of lower rank with ones in front, then channels first. */
  private String raised(Value value, int rank) {
    int[] axes = Shapes.toChannelsFirst(rank);
    if (value.constant() != null) {
      long[] shape = new long[rank];
      Arrays.fill(shape, 1);
      System.arraycopy(value.shape(), 0, shape, rank - value.rank(), value.rank());
      return graph.addConstant(value + "/nchw", value.constant().reshaped(shape).transposed(axes));
    }
    long[] front = IntStream.range(0, rank - value.rank()).asLongStream().toArray();
    String raised = emit("Unsqueeze", List.of(value.plain(), constant(front)));
    return emit("Transpose", List.of(raised), Map.of("perm", longs(axes)));
  }

  /**
   * Whether {@link #aligned} chose channels first.
   *
   * @return true after it did
   */
  public boolean isAlignedChannelsFirst() {
    return alignedChannelsFirst;
  }

  /**
   * Sets an output in the layout that {@link #aligned} chose.
   *
   * @param output its number
   * @param tensor the name of a tensor of the ONNX graph
   */
  public void alignedOutput(int output, String tensor) {
    if (alignedChannelsFirst) {
      channelsFirstOutput(output, tensor);
    } else {
      output(output, tensor);
    }
  }

  /**
   * Sets an output, in TensorFlow's layout.
   *
   * @param output its number
   * @param tensor the name of a tensor of the ONNX graph
   */
  public void output(int output, String tensor) {
    outputs.get(output).setPlain(tensor);
  }

  /**
   * Sets an output, with channels first.
   *
   * @param output its number; its rank must be known
   * @param tensor the name of a tensor of the ONNX graph
   */
  public void channelsFirstOutput(int output, String tensor) {
    if (outputs.get(output).rank() < 0) {
      throw unsupported("the rank of its output " + output + " is unknown");
    }
    outputs.get(output).setChannelsFirst(tensor);
  }

  /**
   * Makes an output the same as an input, in whatever layout.
   *
   * @param output the output's number
   * @param input the input's number
   */
  public void same(int output, int input) {
    Value from = inputs.get(input);
    Value to = outputs.get(output);
    if (Arrays.equals(from.shape(), to.shape())) {
      to.setSame(from);
    } else {
      // Something is known of the shape here that was not before.
      List<String> aligned = aligned(input);
      alignedOutput(output, emit("Identity", aligned));
    }
  }

  /**
   * Adds an ONNX node with one output.
   *
   * @param op the ONNX operation
   * @param tensors its inputs
   * @return the name of its output
   */
  public String emit(String op, List<String> tensors) {
    return emit(op, tensors, Map.of());
  }

  /**
   * Adds an ONNX node with one output.
   *
   * @param op the ONNX operation
   * @param tensors its inputs
   * @param attributes by name: Boolean, Integer, Long, Float, Double, String, long[] or float[]
   * @return the name of its output
   */
  public String emit(String op, List<String> tensors, Map<String, ?> attributes) {
    return emit(op, tensors, attributes, 1).get(0);
  }

  /**
   * Adds an ONNX node.
   *
   * @param op the ONNX operation
   * @param tensors its inputs
   * @param attributes by name: Boolean, Integer, Long, Float, Double, String, long[] or float[]
   * @param count how many outputs it has
   * @return the names of its outputs
   */
  public List<String> emit(String op, List<String> tensors, Map<String, ?> attributes, int count) {
    return graph.add(op, name(), tensors, Map.copyOf(attributes), count).outputs;
  }

  /**
   * Adds a vector of int64.
   *
   * @param values its values
   * @return the name of the constant
   */
  public String constant(long... values) {
    return graph.shareConstant(Constant.integers(values));
  }

  /**
   * Adds a scalar.
   *
   * @param type its type
   * @param value its value, rounded to the type
   * @return the name of the constant
   */
  public String scalar(DataType type, double value) {
    return graph.shareConstant(Constant.of(type, new long[0], new double[] {value}));
  }

  /** Adds a constant. */
  String literal(Constant constant) {
    return graph.shareConstant(constant);
  }

  /** Adds a constant that stands for an input. */
  String constant(int input, Constant constant) {
    return graph.addConstant(inputs.get(input) + "/onnx", constant);
  }

  /**
   * Converts a tensor to another type.
   *
   * @param tensor the name of a tensor of the ONNX graph
   * @param from its type
   * @param to the type wanted
   * @return the name of the tensor in that type
   */
  public String cast(String tensor, DataType from, DataType to) {
    return from == to
        ? tensor
        : emit("Cast", List.of(tensor), Map.of("to", Types.onnx(to).getNumber()));
  }

  /**
   * Returns an input as a vector of int64, what ONNX takes for sizes.
   *
   * @param input its number
   * @return the name of a tensor of the ONNX graph
   */
  public String sizes(int input) {
    return isConstant(input)
        ? constant(integers(input))
        : cast(input(input), type(input), DataType.DT_INT64);
  }

  /** Says that a node made here is of a later version of the operator set. */
  void needOpset(int version) {
    graph.needOpset(version);
  }

  static long[] longs(int... values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  /**
   * Says that this node cannot be converted.
   *
   * @param why the reason, and the mend if there is one
   * @return to be thrown
   */
  public IllegalArgumentException unsupported(String why) {
    return new UnsupportedException(why);
  }
}
