package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** The nodes that read and write, in a flat graph, what a list of tensors was. */
final class ListNodes {
  private static final AttrValue INT = Nodes.type(DataType.DT_INT32);

  private final Border.Nodebook book;

  ListNodes(Border.Nodebook book) {
    this.book = book;
  }

  private String add(String name, NodeDef.Builder node) {
    String unique = book.unique(name);
    book.add(node.setName(unique).build());
    return unique + ":0";
  }

  String number(String name, int value) {
    return add(name, Nodes.constant("", value).toBuilder());
  }

  private String numbers(String name, List<Integer> values) {
    return add(name, Nodes.constant("", values).toBuilder());
  }

  /** tensor[places, ...]. */
  String gathered(String name, String tensor, String places, DataType type) {
    return add(name, Nodes.gather("", tensor, places, number(name + "/axis", 0), type));
  }

  /** A tensor with another row at a place. */
  String replaced(String name, String tensor, String place, String row, DataType type) {
    String one = numbers(name + "/one", List.of(1, 1));
    String at =
        add(
            name + "/place",
            Nodes.typed("Reshape", DataType.DT_INT32, place, one).putAttr("Tshape", INT));
    String axis = number(name + "/axis", 0);
    String rows =
        add(name + "/row", Nodes.typed("ExpandDims", type, row, axis).putAttr("Tdim", INT));
    return add(
        name,
        Nodes.typed("TensorScatterUpdate", type, tensor, at, rows)
            .putAttr("Tindices", INT)
            .putAttr("bad_indices_policy", Nodes.text("")));
  }

  /** The first size of a tensor, a scalar. */
  String rows(String name, String tensor, DataType type) {
    String shape = add(name + "/shape", Nodes.sizes("", tensor, type));
    return gathered(name, shape, number(name + "/first", 0), DataType.DT_INT32);
  }

  String zero(String name, Shape shape, DataType type) {
    return add(name + "/zero", Nodes.constant("", zeros(shape, type)).toBuilder());
  }

  private static TensorProto zeros(Shape shape, DataType type) {
    return TensorProto.newBuilder()
        .setDtype(type)
        .setTensorShape(Nodes.shape(shape.asArray()))
        .build();
  }

  /** Zeros of a shape, as many as a scalar says. */
  String zeros(String name, String count, Shape shape, DataType type) {
    List<Integer> sizes = Arrays.stream(shape.asArray()).mapToObj(Math::toIntExact).toList();
    String one = numbers(name + "/one", List.of(1));
    String first =
        add(
            name + "/count",
            Nodes.typed("Reshape", DataType.DT_INT32, count, one).putAttr("Tshape", INT));
    String rest = numbers(name + "/element", sizes);
    String all = joined(name + "/sizes", List.of(first, rest), DataType.DT_INT32);
    String zero = add(name + "/zero", Nodes.constant("", zeros(Shape.scalar(), type)).toBuilder());
    return add(name + "/zeros", Nodes.typed("Fill", type, all, zero).putAttr("index_type", INT));
  }

  /** Tensors one behind the other. */
  String joined(String name, List<String> tensors, DataType type) {
    List<String> inputs = new ArrayList<>(tensors);
    inputs.add(number(name + "/axis", 0));
    return add(
        name,
        Nodes.typed("ConcatV2", type, inputs.toArray(String[]::new))
            .putAttr("N", Nodes.number(tensors.size()))
            .putAttr("Tidx", INT));
  }

  /** Tensors along a new first axis. */
  String packed(String name, List<String> tensors, DataType type) {
    return add(
        name,
        Nodes.typed("Pack", type, tensors.toArray(String[]::new))
            .putAttr("N", Nodes.number(tensors.size()))
            .putAttr("axis", Nodes.number(0)));
  }

  /** A tensor's rows. */
  List<String> unpacked(String name, String tensor, int length, DataType type) {
    String first =
        add(
            name,
            Nodes.typed("Unpack", type, tensor)
                .putAttr("num", Nodes.number(length))
                .putAttr("axis", Nodes.number(0)));
    String node = Tensors.node(first);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      rows.add(node + ":" + i);
    }
    return rows;
  }
}
