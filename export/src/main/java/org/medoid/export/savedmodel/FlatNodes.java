package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** Adds common nodes to a flat graph, under names that nothing has yet. */
record FlatNodes(Border.Nodebook book) {

  /** Adds a node; returns its first output. */
  String add(String name, NodeDef.Builder node) {
    return book.add(name, node) + ":0";
  }

  String number(String name, int value) {
    return add(name, Nodes.constant(value));
  }

  String numbers(String name, List<Integer> values) {
    return add(name, Nodes.constant(values));
  }

  /** tensor[places, ...]. */
  String gathered(String name, String tensor, String places, DataType type) {
    return add(name, Nodes.gather(tensor, places, number(name + "/axis", 0), type));
  }

  /** A tensor with another row at a place. */
  String replaced(String name, String tensor, String place, String row, DataType type) {
    String one = numbers(name + "/one", List.of(1, 1));
    String at = reshaped(name + "/place", place, one, DataType.DT_INT32);
    String rows = expanded(name + "/row", row, 0, type);
    return replacedRows(name, tensor, at, rows, type);
  }

  /** A tensor with other rows at places, int32 [n, 1]. */
  String replacedRows(String name, String tensor, String places, String rows, DataType type) {
    return add(
        name,
        Nodes.typed("TensorScatterUpdate", type, tensor, places, rows)
            .putAttr("Tindices", Nodes.INT)
            .putAttr("bad_indices_policy", Nodes.text("")));
  }

  /** The first size of a tensor, a scalar. */
  String rows(String name, String tensor, DataType type) {
    String shape = add(name + "/shape", Nodes.sizes(tensor, type));
    return gathered(name, shape, number(name + "/first", 0), DataType.DT_INT32);
  }

  String zero(String name, Shape shape, DataType type) {
    return add(name + "/zero", Nodes.constant(zeros(shape, type)));
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
    return zeros(name, count, numbers(name + "/element", sizes), type);
  }

  /** Zeros of a shape that a vector says, int32, as many as a scalar says. */
  String zeros(String name, String count, String rest, DataType type) {
    String one = numbers(name + "/one", List.of(1));
    String first = reshaped(name + "/count", count, one, DataType.DT_INT32);
    String all = joined(name + "/sizes", List.of(first, rest), DataType.DT_INT32);
    String zero = add(name + "/zero", Nodes.constant(zeros(Shape.scalar(), type)));
    return add(
        name + "/zeros", Nodes.typed("Fill", type, all, zero).putAttr("index_type", Nodes.INT));
  }

  /** A tensor in a shape that another says, int32. */
  String reshaped(String name, String tensor, String sizes, DataType type) {
    return add(name, Nodes.reshape(tensor, sizes, type));
  }

  /** A tensor with a new axis of size 1. */
  String expanded(String name, String tensor, int axis, DataType type) {
    String at = number(name + "/axis", axis);
    return add(name, Nodes.expand(tensor, at, type));
  }

  /** The sizes of a tensor, in a type. */
  String sizes(String name, String tensor, DataType of, DataType type) {
    return add(name, Nodes.sizes(tensor, of).putAttr("out_type", Nodes.type(type)));
  }

  /** Along the first axis: from a place up to another; 0 for the end. */
  String sliced(String name, String tensor, DataType type, int from, int to) {
    String begin = numbers(name + "/begin", List.of(from));
    String end = numbers(name + "/end", List.of(to));
    String one = numbers(name + "/one", List.of(1));
    return add(name, Nodes.strided(type, from == 0, to == 0, tensor, begin, end, one));
  }

  /** Tensors one behind the other. */
  String joined(String name, List<String> tensors, DataType type) {
    List<String> inputs = new ArrayList<>(tensors);
    inputs.add(number(name + "/axis", 0));
    return add(
        name,
        Nodes.typed("ConcatV2", type, inputs.toArray(String[]::new))
            .putAttr("N", Nodes.number(tensors.size()))
            .putAttr("Tidx", Nodes.INT));
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
