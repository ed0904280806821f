package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** Makes nodes of a flat graph; those that come as builders are to be named. */
final class Nodes {
  /** The attribute that says int32. */
  static final AttrValue INT = type(DataType.DT_INT32);

  private Nodes() {}

  static NodeDef.Builder node(String name, String op, String... inputs) {
    NodeDef.Builder node = NodeDef.newBuilder().setName(name).setOp(op);
    for (String input : inputs) {
      node.addInput(Tensors.shortened(input));
    }
    return node;
  }

  /** An operation with one type. */
  static NodeDef.Builder typed(String op, DataType type, String... inputs) {
    return node("", op, inputs).putAttr("T", type(type));
  }

  static NodeDef placeholder(String name, DataType type, TensorShapeProto shape) {
    return node(name, "Placeholder")
        .putAttr("dtype", type(type))
        .putAttr("shape", AttrValue.newBuilder().setShape(shape).build())
        .build();
  }

  static NodeDef identity(String name, String input, DataType type) {
    return node(name, "Identity", input).putAttr("T", type(type)).build();
  }

  static NodeDef.Builder cast(String input, DataType from, DataType to) {
    return node("", "Cast", input)
        .putAttr("SrcT", type(from))
        .putAttr("DstT", type(to))
        .putAttr("Truncate", flag(false));
  }

  static NodeDef.Builder constant(TensorProto value) {
    return node("", "Const")
        .putAttr("dtype", type(value.getDtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value).build());
  }

  static NodeDef.Builder constant(int value) {
    return constant(scalar(DataType.DT_INT32).addIntVal(value).build());
  }

  static NodeDef.Builder constant(float value) {
    return constant(scalar(DataType.DT_FLOAT).addFloatVal(value).build());
  }

  /** One number is a scalar. */
  static NodeDef.Builder constant(float[] values) {
    TensorProto.Builder proto = scalar(DataType.DT_FLOAT);
    for (float value : values) {
      proto.addFloatVal(value);
    }
    if (values.length > 1) {
      proto.getTensorShapeBuilder().addDimBuilder().setSize(values.length);
    }
    return constant(proto.build());
  }

  static NodeDef.Builder constant(boolean value) {
    return constant(scalar(DataType.DT_BOOL).addBoolVal(value).build());
  }

  static NodeDef.Builder constant(List<Integer> values) {
    TensorProto.Builder proto = scalar(DataType.DT_INT32).addAllIntVal(values);
    proto.getTensorShapeBuilder().addDimBuilder().setSize(values.size());
    return constant(proto.build());
  }

  private static TensorProto.Builder scalar(DataType type) {
    return TensorProto.newBuilder()
        .setDtype(type)
        .setTensorShape(TensorShapeProto.getDefaultInstance());
  }

  /** tensor[places, ...], with the places as int32 and the axis 0 in a tensor. */
  static NodeDef.Builder gather(String tensor, String places, String axis, DataType of) {
    return node("", "GatherV2", tensor, places, axis)
        .putAttr("Tparams", type(of))
        .putAttr("Tindices", INT)
        .putAttr("Taxis", INT)
        .putAttr("batch_dims", number(0));
  }

  /** A tensor with its axes in the order that another says, int32. */
  static NodeDef.Builder transpose(String tensor, String order, DataType of) {
    return typed("Transpose", of, tensor, order).putAttr("Tperm", INT);
  }

  /** A tensor in the shape that another says, int32. */
  static NodeDef.Builder reshape(String tensor, String sizes, DataType of) {
    return typed("Reshape", of, tensor, sizes).putAttr("Tshape", INT);
  }

  /** A tensor with a new axis of size 1, at a place that another says, int32. */
  static NodeDef.Builder expand(String tensor, String axis, DataType of) {
    return typed("ExpandDims", of, tensor, axis).putAttr("Tdim", INT);
  }

  /**
   * Every so manieth place of the first axes, as three tensors of int32 say.
   *
   * @param begin whether the first axis is taken from its beginning
   * @param end whether it is taken to its end
   */
  static NodeDef.Builder strided(
      DataType of,
      boolean begin,
      boolean end,
      String tensor,
      String from,
      String to,
      String steps) {
    return typed("StridedSlice", of, tensor, from, to, steps)
        .putAttr("Index", INT)
        .putAttr("begin_mask", number(begin ? 1 : 0))
        .putAttr("end_mask", number(end ? 1 : 0))
        .putAttr("ellipsis_mask", number(0))
        .putAttr("new_axis_mask", number(0))
        .putAttr("shrink_axis_mask", number(0));
  }

  static TensorShapeProto shape(long... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : sizes) {
      shape.addDimBuilder().setSize(size);
    }
    return shape.build();
  }

  static TensorShapeProto shape(Shape shape) {
    return shape.isUnknown()
        ? TensorShapeProto.newBuilder().setUnknownRank(true).build()
        : shape(shape.asArray());
  }

  /** The sizes of a tensor, int32. */
  static NodeDef.Builder sizes(String tensor, DataType of) {
    return typed("Shape", of, tensor).putAttr("out_type", INT);
  }

  /** Numbers in two columns, int32, as paddings are written. */
  static TensorProto pairs(int... numbers) {
    TensorProto.Builder rows =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_INT32)
            .setTensorShape(shape(numbers.length / 2, 2));
    Arrays.stream(numbers).forEach(rows::addIntVal);
    return rows.build();
  }

  static AttrValue number(long value) {
    return AttrValue.newBuilder().setI(value).build();
  }

  static AttrValue flag(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  static AttrValue numbers(long... values) {
    AttrValue.Builder list = AttrValue.newBuilder();
    list.getListBuilder();
    for (long value : values) {
      list.getListBuilder().addI(value);
    }
    return list.build();
  }

  static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)).build();
  }

  static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  /** An attribute of a node; an empty one where it has none of that name. */
  static AttrValue attribute(NodeDef node, String name) {
    return node.getAttrOrDefault(name, AttrValue.getDefaultInstance());
  }

  /** The type in an attribute of a node; {@code DT_INVALID} where there is none. */
  static DataType type(NodeDef node, String attribute) {
    return attribute(node, attribute).getType();
  }

  /** The text in an attribute of a node; empty where there is none. */
  static String text(NodeDef node, String attribute) {
    return attribute(node, attribute).getS().toStringUtf8();
  }
}
