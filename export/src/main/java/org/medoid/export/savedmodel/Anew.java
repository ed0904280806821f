package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * A node that others are written in place of, and what these are made with. Numbers are float32
 * unless a type is said; what is added bears the node's name with a part behind it.
 *
 * @param node with the names that its inputs have now
 * @param shapes of its inputs
 * @param output the shape of its first output
 * @param constants the values of its inputs, null of those that are none
 * @param renamed where it is told what other tensors stand for now
 */
record Anew(
    NodeWriter writer,
    NodeDef node,
    List<Shape> shapes,
    Shape output,
    List<TensorProto> constants,
    Map<String, String> renamed) {
  String input(int i) {
    return node.getInput(i);
  }

  int inputs() {
    return node.getInputCount();
  }

  Shape shape(int i) {
    return shapes.get(i);
  }

  /** The number of axes of an input; 0 if it is not known. */
  int rank(int i) {
    return shapes.get(i).isUnknown() ? 0 : shapes.get(i).numDimensions();
  }

  /** The size of an axis of an input, counted from the last; -1 if it is not known. */
  long fromLast(int i, int axis) {
    return rank(i) <= axis ? -1 : shapes.get(i).get(rank(i) - 1 - axis);
  }

  /** The whole numbers of an input; null if it is not constant. */
  int[] integers(int i) {
    TensorProto value = i < constants.size() ? constants.get(i) : null;
    return value == null ? null : Constants.integers(value);
  }

  boolean flag(String attribute) {
    return Nodes.attribute(node, attribute).getB();
  }

  String word(String attribute) {
    return Nodes.text(node, attribute);
  }

  /** The numbers of an attribute that is a list. */
  List<Long> numbers(String attribute) {
    return node.getAttrOrThrow(attribute).getList().getIList();
  }

  /** Lets another tensor stand for an output of the node. */
  void rename(int output, String tensor) {
    renamed.put(node.getName() + ":" + output, Tensors.canonical(tensor));
  }

  /** Adds a node under a name of the node's own. */
  String part(String part, NodeDef.Builder built) {
    return writer.add(node, part, built);
  }

  /** The node as it is, under another name: its values are wanted, not its gradient. */
  String itself() {
    return part("itself", node.toBuilder());
  }

  /** An operation with one type. */
  String typed(DataType type, String op, String... inputs) {
    return part(op, Nodes.typed(op, type, inputs));
  }

  String add(String op, String... inputs) {
    return typed(DataType.DT_FLOAT, op, inputs);
  }

  /** The same numbers, through which no gradient goes. */
  String still(String x) {
    return add("StopGradient", x);
  }

  /** Zero, with the gradient of x. */
  String change(String x) {
    return add("Sub", x, still(x));
  }

  /** The values of the node itself, and the gradient of what is zero. */
  String itselfBut(String change) {
    return add("AddV2", still(itself()), change);
  }

  String scalar(float value) {
    return part("number", Nodes.constant(value));
  }

  String scalar(int value) {
    return part("number", Nodes.constant(value));
  }

  String row(int... values) {
    return part("numbers", Nodes.constant(Arrays.stream(values).boxed().toList()));
  }

  String constant(TensorProto value) {
    return part("constant", Nodes.constant(value));
  }

  /** Float numbers of some sizes. */
  String table(float[] values, long... sizes) {
    TensorProto.Builder table =
        TensorProto.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(Nodes.shape(sizes));
    for (float value : values) {
      table.addFloatVal(value);
    }
    return constant(table.build());
  }

  /** Ones where the column's number is so much larger than the row's, else zeros. */
  String eye(long rows, long columns, long shift) {
    float[] ones = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < rows; i++) {
      long j = i + shift;
      if (j >= 0 && j < columns) {
        ones[(int) (i * columns + j)] = 1;
      }
    }
    return table(ones, rows, columns);
  }

  /** The sizes of a tensor, int32. */
  String sizes(String x, DataType of) {
    return part("sizes", Nodes.sizes(x, of));
  }

  String reshaped(String x, String sizes) {
    return part("reshaped", Nodes.reshape(x, sizes, DataType.DT_FLOAT));
  }

  String expanded(String x, int axis) {
    return part("expanded", Nodes.expand(x, scalar(axis), DataType.DT_FLOAT));
  }

  /** A part of a tensor; -1 for what is left of an axis. */
  String slice(DataType type, String x, int[] from, int[] sizes) {
    return part(
        "slice", Nodes.typed("Slice", type, x, row(from), row(sizes)).putAttr("Index", Nodes.INT));
  }

  /** Of the axes from the second on, every so manieth place. */
  String every(String x, int[] from, int[] to, int... steps) {
    return part(
        "every",
        Nodes.strided(
            DataType.DT_FLOAT,
            true,
            true,
            x,
            row(after(0, from)),
            row(after(0, to)),
            row(after(1, steps))));
  }

  private static int[] after(int first, int[] others) {
    return IntStream.concat(IntStream.of(first), Arrays.stream(others)).toArray();
  }

  /** A tensor with zeros around it: two numbers for each axis. */
  String padded(String x, int... pairs) {
    return padded(x, null, pairs);
  }

  /** The same with another number than zero. */
  String padded(String x, String with, int... pairs) {
    List<String> inputs = new ArrayList<>(List.of(x, constant(Nodes.pairs(pairs))));
    if (with != null) {
      inputs.add(with);
    }
    return part(
        "padded",
        Nodes.typed(
                with == null ? "Pad" : "PadV2", DataType.DT_FLOAT, inputs.toArray(String[]::new))
            .putAttr("Tpaddings", Nodes.INT));
  }

  /** A sum, or another reduction of that kind. */
  String reduced(String op, String x, String axes, DataType axesOf, boolean keep) {
    return part(
        op,
        Nodes.typed(op, DataType.DT_FLOAT, x, axes)
            .putAttr("Tidx", Nodes.type(axesOf))
            .putAttr("keep_dims", Nodes.flag(keep)));
  }

  String sum(String x, int... axes) {
    return reduced("Sum", x, row(axes), DataType.DT_INT32, false);
  }

  /** 1 where two tensors are equal, else 0. */
  String equal(String a, String b) {
    String same =
        part(
            "equal",
            Nodes.typed("Equal", DataType.DT_FLOAT, a, b)
                .putAttr("incompatible_shape_error", Nodes.flag(true)));
    return part("ones", Nodes.cast(same, DataType.DT_BOOL, DataType.DT_FLOAT));
  }

  /** A convolution of pictures, channels last, that is padded as the node is. */
  NodeDef.Builder convolution(String op, AttrValue strides, AttrValue dilations, String... inputs) {
    return Nodes.node(node.getName(), op, inputs)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("strides", strides)
        .putAttr("dilations", dilations)
        .putAttr("padding", node.getAttrOrThrow("padding"))
        .putAttr("explicit_paddings", Nodes.numbers())
        .putAttr("use_cudnn_on_gpu", Nodes.flag(true))
        .putAttr("data_format", Nodes.text("NHWC"));
  }

  /** A product of matrices, the last two axes. */
  String product(DataType type, String a, String b, boolean adjointA, boolean adjointB) {
    return part(
        "product",
        Nodes.typed("BatchMatMulV2", type, a, b)
            .putAttr("adj_x", Nodes.flag(adjointA))
            .putAttr("adj_y", Nodes.flag(adjointB)));
  }

  String product(String a, String b) {
    return product(DataType.DT_FLOAT, a, b, false, false);
  }
}
