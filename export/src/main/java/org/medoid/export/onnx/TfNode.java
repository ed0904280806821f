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
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;

/**
 * A TensorFlow node under conversion: what an {@link OpConverter} sees.
 *
 * <p>Tensors of the ONNX graph are strings, their names. An input can be had in TensorFlow's layout
 * ({@link #input}) or with the channels moved to axis 1 ({@link #channelsFirst}); a Transpose
 * appears where it is needed and only once. For an operation that does not care about the order of
 * axes, {@link #aligned} gives all inputs in one layout, the one that costs nothing, and {@link
 * #alignedOutput} takes the result in the same.
 *
 * <p>Inputs and outputs are numbered from 0. What is asked of one that the node does not have is an
 * {@link IndexOutOfBoundsException}.
 */
public final class TfNode extends NodeFacts {
  private final OnnxGraph graph;
  private boolean alignedChannelsFirst;

  TfNode(
      Source.Node node,
      OpDef definition,
      OnnxGraph graph,
      List<Value> inputs,
      List<Value> outputs) {
    super(node, definition, inputs, outputs);
    this.graph = graph;
  }

  /**
   * Returns an input in TensorFlow's layout.
   *
   * @param input its number
   * @return the name of a tensor of the ONNX graph
   */
  public String input(int input) {
    return valueIn(input).plain();
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
    return valueIn(input).channelsFirst();
  }

  /**
   * Whether an input is there with channels first, so that asking for it costs nothing.
   *
   * @param input its number
   * @return false for constants, which are there in both layouts
   */
  public boolean isChannelsFirst(int input) {
    return valueIn(input).isChannelsFirst();
  }

  /**
   * Returns all inputs in one layout, ready to be broadcast against each other: with channels first
   * if an input of the highest rank is, else in TensorFlow's layout.
   *
   * @return the names of tensors of the ONNX graph
   */
  public List<String> aligned() {
    return aligned(IntStream.range(0, inputCount()).toArray());
  }

  /**
   * Returns some inputs in one layout, ready to be broadcast against each other.
   *
   * @param numbers of the inputs
   * @return the names of tensors of the ONNX graph
   */
  public List<String> aligned(int... numbers) {
    List<Value> values = Arrays.stream(numbers).mapToObj(this::valueIn).toList();
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
    output(output, alignedChannelsFirst, tensor);
  }

  /** Sets an output in the layout that is told. */
  void output(int output, boolean channelsFirst, String tensor) {
    if (channelsFirst) {
      channelsFirstOutput(output, tensor);
    } else {
      output(output, tensor);
    }
  }

  /** An input in the layout that is told. */
  String input(int input, boolean channelsFirst) {
    return channelsFirst ? channelsFirst(input) : input(input);
  }

  /**
   * Sets an output, in TensorFlow's layout.
   *
   * @param output its number
   * @param tensor the name of a tensor of the ONNX graph
   */
  public void output(int output, String tensor) {
    valueOut(output).setPlain(tensor);
  }

  /**
   * Sets an output, with channels first.
   *
   * @param output its number; its rank must be known
   * @param tensor the name of a tensor of the ONNX graph
   */
  public void channelsFirstOutput(int output, String tensor) {
    if (valueOut(output).rank() < 0) {
      throw unsupported("the rank of its output " + output + " is unknown");
    }
    valueOut(output).setChannelsFirst(tensor);
  }

  /**
   * Makes an output the same as an input, in whatever layout.
   *
   * @param output the output's number
   * @param input the input's number
   */
  public void same(int output, int input) {
    Value from = valueIn(input);
    Value to = valueOut(output);
    if (Arrays.equals(from.shape(), to.shape())) {
      to.setSame(from);
    } else {
      // Something is known of the shape here that was not before.
      List<String> aligned = aligned(input);
      alignedOutput(output, emit("Identity", aligned));
    }
  }

  /**
   * Adds an ONNX node with one output and no attributes.
   *
   * @param op the ONNX operation
   * @param tensors its inputs
   * @return the name of its output
   */
  public String emit(String op, String... tensors) {
    return emit(op, List.of(tensors));
  }

  /**
   * Adds an ONNX node with one output.
   *
   * @param op the ONNX operation
   * @param attributes by name: Boolean, Integer, Long, Float, Double, String, long[] or float[]
   * @param tensors its inputs
   * @return the name of its output
   */
  public String emit(String op, Map<String, ?> attributes, String... tensors) {
    return emit(op, List.of(tensors), attributes);
  }

  /**
   * Adds an ONNX node with one output and no attributes.
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
    return graph.addConstant(valueIn(input) + "/onnx", constant);
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

  /** The same node with other tensors. */
  TfNode with(List<Value> in, List<Value> out) {
    return new TfNode(node, definition, graph, in, out);
  }

  /** What is to stand for a value in another type. */
  Value another(Value value, DataType type, Constant constant) {
    return new Value(graph, value + "/wide", new Source.Info(type, value.shape()), constant);
  }

  /** Says that a node made here is of a later version of the operator set. */
  void needOpset(int version) {
    graph.needOpset(version);
  }

  /** A tensor with axes of size 1 more. */
  String unsqueezed(String tensor, long... axes) {
    return emit("Unsqueeze", tensor, constant(axes));
  }

  /** A vector along the first of some axes; the others have size 1. */
  String alongFirst(String vector, int rank) {
    long[] shape = ones(rank);
    shape[0] = -1;
    return emit("Reshape", vector, constant(shape));
  }

  static long[] ones(int count) {
    long[] ones = new long[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  static long[] longs(int... values) {
    return Arrays.stream(values).asLongStream().toArray();
  }
}
