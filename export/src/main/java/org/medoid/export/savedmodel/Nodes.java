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

/** Makes nodes of a flat graph. */
final class Nodes {
  private Nodes() {}

  static NodeDef.Builder node(String name, String op, String... inputs) {
    NodeDef.Builder node = NodeDef.newBuilder().setName(name).setOp(op);
    for (String input : inputs) {
      node.addInput(Tensors.shortened(input));
    }
    return node;
  }

  /** An operation with one type, for a node that is to be named. */
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

  static NodeDef cast(String name, String input, DataType from, DataType to) {
    return node(name, "Cast", input)
        .putAttr("SrcT", type(from))
        .putAttr("DstT", type(to))
        .putAttr("Truncate", flag(false))
        .build();
  }

  static NodeDef constant(String name, TensorProto value) {
    return node(name, "Const")
        .putAttr("dtype", type(value.getDtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value).build())
        .build();
  }

  static NodeDef constant(String name, int value) {
    return constant(name, scalar(DataType.DT_INT32).addIntVal(value).build());
  }

  static NodeDef constant(String name, float value) {
    return constant(name, scalar(DataType.DT_FLOAT).addFloatVal(value).build());
  }

  /** One number is a scalar. */
  static NodeDef constant(String name, float[] values) {
    TensorProto.Builder proto = scalar(DataType.DT_FLOAT);
    for (float value : values) {
      proto.addFloatVal(value);
    }
    if (values.length > 1) {
      proto.getTensorShapeBuilder().addDimBuilder().setSize(values.length);
    }
    return constant(name, proto.build());
  }

  static NodeDef constant(String name, boolean value) {
    return constant(name, scalar(DataType.DT_BOOL).addBoolVal(value).build());
  }

  static NodeDef constant(String name, List<Integer> values) {
    TensorProto.Builder proto = scalar(DataType.DT_INT32).addAllIntVal(values);
    proto.getTensorShapeBuilder().addDimBuilder().setSize(values.size());
    return constant(name, proto.build());
  }

  private static TensorProto.Builder scalar(DataType type) {
    return TensorProto.newBuilder()
        .setDtype(type)
        .setTensorShape(TensorShapeProto.getDefaultInstance());
  }

  /** tensor[places, ...], with the places as int32 and the axis 0 in a tensor. */
  static NodeDef.Builder gather(
      String name, String tensor, String places, String axis, DataType of) {
    return node(name, "GatherV2", tensor, places, axis)
        .putAttr("Tparams", type(of))
        .putAttr("Tindices", type(DataType.DT_INT32))
        .putAttr("Taxis", type(DataType.DT_INT32))
        .putAttr("batch_dims", number(0));
  }

  /** A tensor with its axes in the order that another says, int32. */
  static NodeDef.Builder transpose(String name, String tensor, String order, DataType of) {
    return node(name, "Transpose", tensor, order)
        .putAttr("T", type(of))
        .putAttr("Tperm", type(DataType.DT_INT32));
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
  static NodeDef.Builder sizes(String name, String tensor, DataType of) {
    return node(name, "Shape", tensor)
        .putAttr("T", type(of))
        .putAttr("out_type", type(DataType.DT_INT32));
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

  /** The type in an attribute of a node; {@code DT_INVALID} where there is none. */
  static DataType type(NodeDef node, String attribute) {
    return node.getAttrOrDefault(attribute, AttrValue.getDefaultInstance()).getType();
  }
}
