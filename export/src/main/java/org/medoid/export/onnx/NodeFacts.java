package org.medoid.export.onnx;

import java.util.List;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** What is known of a TensorFlow node: its name, attributes, types, shapes and constant inputs. */
abstract class NodeFacts {

  /** This node cannot be converted. */
  static final class UnsupportedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    UnsupportedException(String message) {
      super(message);
    }
  }

  /** Its converter is wrong: the message says of which node, and how. */
  static final class ConverterException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ConverterException(String message, RuntimeException cause) {
      super(message, cause);
    }
  }

  final Source.Node node;
  final OpDef definition;
  private final List<Value> inputs;
  private final List<Value> outputs;

  NodeFacts(Source.Node node, OpDef definition, List<Value> inputs, List<Value> outputs) {
    this.node = node;
    this.definition = definition;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  final Value valueIn(int input) {
    return numbered(inputs, "input", input);
  }

  final Value valueOut(int output) {
    return numbered(outputs, "output", output);
  }

  private static Value numbered(List<Value> values, String what, int number) {
    if (number < 0 || number >= values.size()) {
      throw new IndexOutOfBoundsException(
          "it asks for %s %d of %d, counted from 0".formatted(what, number, values.size()));
    }
    return values.get(number);
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
    return valueIn(input).type();
  }

  /**
   * Returns the type of an output.
   *
   * @param output its number
   * @return TensorFlow's type
   */
  public DataType outputType(int output) {
    return valueOut(output).type();
  }

  /**
   * Returns what is known of an input's shape.
   *
   * @param input its number
   * @return sizes in TensorFlow's order, -1 where unknown; null if even the rank is
   */
  public long[] shape(int input) {
    return valueIn(input).shape();
  }

  /**
   * Returns what is known of an output's shape.
   *
   * @param output its number
   * @return sizes in TensorFlow's order, -1 where unknown; null if even the rank is
   */
  public long[] outputShape(int output) {
    return valueOut(output).shape();
  }

  /**
   * Returns the rank of an input, for conversions that cannot do without.
   *
   * @param input its number
   * @return the rank
   * @throws IllegalArgumentException if it is unknown
   */
  public int rank(int input) {
    int rank = valueIn(input).rank();
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
    return valueIn(input).constant() != null;
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
    Constant constant = valueIn(input).constant();
    if (constant == null) {
      throw unsupported("its input " + input + " (" + valueIn(input) + ") is not constant");
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
   * Says that this node cannot be converted.
   *
   * @param why the reason, and the mend if there is one
   * @return to be thrown
   */
  public IllegalArgumentException unsupported(String why) {
    return new UnsupportedException(why);
  }
}
