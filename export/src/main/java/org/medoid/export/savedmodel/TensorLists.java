package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/**
 * Lists of tensors, by which loops of TensorFlow 2 read and write ({@code TensorArray}), while a
 * graph is flattened: where the number of the tensors and the places that are read and written are
 * known, there is no list in the flat graph but the tensors themselves.
 *
 * <p>Such a list is a word in place of a flat tensor, {@code @n}. A list is never changed: writing
 * makes another one.
 */
final class TensorLists {
  private static final String LIST = "@";

  private static final Set<String> OPERATIONS =
      Set.of(
          "EmptyTensorList",
          "TensorListConcatV2",
          "TensorListFromTensor",
          "TensorListGather",
          "TensorListGetItem",
          "TensorListLength",
          "TensorListPopBack",
          "TensorListPushBack",
          "TensorListReserve",
          "TensorListResize",
          "TensorListSetItem",
          "TensorListStack");

  private final Flattener flattener;
  private final Constants constants;
  private final InferredScalars inferred;
  private final List<List<String>> lists = new ArrayList<>();

  TensorLists(Flattener flattener, Constants constants, InferredScalars inferred) {
    this.flattener = flattener;
    this.constants = constants;
    this.inferred = inferred;
  }

  static boolean isList(String tensor) {
    return tensor.startsWith(LIST);
  }

  static boolean isOperation(NodeDef node) {
    return OPERATIONS.contains(node.getOp());
  }

  private String keep(List<String> tensors) {
    lists.add(tensors);
    return LIST + (lists.size() - 1);
  }

  private List<String> list(Body body, NodeDef node, String word) {
    if (!isList(word)) {
      throw new IllegalArgumentException(body.where(node) + " reads a list from a loop");
    }
    return lists.get(Integer.parseInt(word.substring(LIST.length())));
  }

  /**
   * Flattens an operation on lists.
   *
   * @throws IllegalArgumentException if a length or a place is not known, or what is read was never
   *     written
   */
  List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    return switch (node.getOp()) {
      case "TensorListReserve" ->
          List.of(keep(Collections.nCopies(number(body, node, inputs.get(1)), null)));
      case "EmptyTensorList" -> List.of(keep(List.of()));
      case "TensorListFromTensor" -> List.of(keep(unstacked(body, node, inputs.get(0))));
      case "TensorListLength" -> {
        String name = flattener.unique(body.flatName(node));
        flattener.add(Nodes.constant(name, list(body, node, inputs.get(0)).size()));
        yield List.of(name + ":0");
      }
      case "TensorListGetItem" -> List.of(item(body, node, inputs.get(0), inputs.get(1)));
      case "TensorListSetItem" -> {
        List<String> changed = new ArrayList<>(list(body, node, inputs.get(0)));
        int at = number(body, node, inputs.get(1));
        while (flag(body, node, "resize_if_index_out_of_bounds") && changed.size() <= at) {
          changed.add(null);
        }
        checkPlace(body, node, changed, at);
        changed.set(at, inputs.get(2));
        yield List.of(keep(changed));
      }
      case "TensorListPushBack" -> {
        List<String> longer = new ArrayList<>(list(body, node, inputs.get(0)));
        longer.add(inputs.get(1));
        yield List.of(keep(longer));
      }
      case "TensorListPopBack" -> {
        List<String> all = list(body, node, inputs.get(0));
        checkPlace(body, node, all, all.size() - 1);
        String last = written(body, node, all.get(all.size() - 1));
        yield List.of(keep(new ArrayList<>(all.subList(0, all.size() - 1))), last);
      }
      case "TensorListResize" -> {
        String[] sized = new String[number(body, node, inputs.get(1))];
        List<String> all = list(body, node, inputs.get(0));
        Arrays.setAll(sized, i -> i < all.size() ? all.get(i) : null);
        yield List.of(keep(Arrays.asList(sized)));
      }
      case "TensorListStack" -> List.of(stacked(body, node, list(body, node, inputs.get(0))));
      case "TensorListConcatV2" -> joined(body, node, list(body, node, inputs.get(0)));
      default ->
          throw new IllegalArgumentException(
              body.where(node) + " is an operation on lists that cannot be flattened");
    };
  }

  private static boolean flag(Body body, NodeDef node, String name) {
    return body.complete(node, Operations.registered(node.getOp())).getAttrOrThrow(name).getB();
  }

  private int number(Body body, NodeDef node, String tensor) {
    Double value = Flattener.isTensor(tensor) ? constants.settled(tensor) : null;
    if (value == null) {
      throw new IllegalArgumentException(
          body.where(node) + " has a list of unknown length or reads an unknown place of it");
    }
    return value.intValue();
  }

  private static void checkPlace(Body body, NodeDef node, List<String> list, int at) {
    if (at < 0 || at >= list.size()) {
      throw new IllegalArgumentException(
          "%s: place %d of a list of %d".formatted(body.where(node), at, list.size()));
    }
  }

  private static String written(Body body, NodeDef node, String element) {
    if (element == null) {
      throw new IllegalArgumentException(
          body.where(node) + " reads from a list what was never written");
    }
    return element;
  }

  private String item(Body body, NodeDef node, String list, String place) {
    List<String> all = list(body, node, list);
    int at = number(body, node, place);
    checkPlace(body, node, all, at);
    return written(body, node, all.get(at));
  }

  private List<String> unstacked(Body body, NodeDef node, String tensor) {
    Shape shape = inferred.shape(tensor);
    if (shape.isUnknown() || shape.numDimensions() == 0 || shape.get(0) < 0) {
      throw new IllegalArgumentException(
          body.where(node) + " makes a list of an unknown number of tensors");
    }
    int length = Math.toIntExact(shape.get(0));
    String name = flattener.unique(body.flatName(node));
    flattener.add(
        Nodes.node(name, "Unpack", tensor)
            .putAllAttr(
                new TreeMap<>(
                    Map.of(
                        "T", type(body, node),
                        "num", AttrValue.newBuilder().setI(length).build(),
                        "axis", AttrValue.newBuilder().setI(0).build())))
            .build());
    List<String> tensors = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      tensors.add(name + ":" + i);
    }
    return tensors;
  }

  private static AttrValue type(Body body, NodeDef node) {
    return body.complete(node, Operations.registered(node.getOp())).getAttrOrThrow("element_dtype");
  }

  private String stacked(Body body, NodeDef node, List<String> all) {
    List<String> tensors = all.stream().map(element -> written(body, node, element)).toList();
    String name = flattener.unique(body.flatName(node));
    flattener.add(
        Nodes.node(name, "Pack", tensors.toArray(String[]::new))
            .putAttr("T", type(body, node))
            .putAttr("N", AttrValue.newBuilder().setI(tensors.size()).build())
            .putAttr("axis", AttrValue.newBuilder().setI(0).build())
            .build());
    return name + ":0";
  }

  private List<String> joined(Body body, NodeDef node, List<String> all) {
    List<String> tensors = new ArrayList<>();
    all.forEach(element -> tensors.add(written(body, node, element)));
    String axis = flattener.unique(body.flatName(node) + "/axis");
    flattener.add(Nodes.constant(axis, 0));
    tensors.add(axis);
    String name = flattener.unique(body.flatName(node));
    flattener.add(
        Nodes.node(name, "ConcatV2", tensors.toArray(String[]::new))
            .putAttr("T", type(body, node))
            .putAttr("N", AttrValue.newBuilder().setI(all.size()).build())
            .putAttr("Tidx", Nodes.type(org.tensorflow.proto.DataType.DT_INT32))
            .build());
    return List.of(name + ":0", Flattener.DEAD);
  }
}
