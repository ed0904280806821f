package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Lists of tensors, by which loops read and write ({@code TensorArray}, that of TensorFlow 1 too),
 * while a graph is flattened: there is no list in the flat graph. Where the number of the tensors
 * and the places that are read and written are known, there are the tensors themselves; else one
 * tensor that holds them all, along a first axis, from which rows are gathered and in which they
 * are replaced.
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
          "TensorListStack",
          "TensorArrayV3",
          "TensorArrayGatherV3",
          "TensorArrayReadV3",
          "TensorArrayScatterV3",
          "TensorArraySizeV3",
          "TensorArrayWriteV3");

  /**
   * A list.
   *
   * @param elements the tensors, null for what was never written; or null
   * @param all one tensor of all of them; or null
   * @param length the scalar that says how many there will be, none of which is written; or null
   */
  private record TensorList(List<String> elements, String all, String length, DataType type) {}

  private final Flattener flattener;
  private final EncodedPictures pictures;
  private final FlatNodes nodes;
  private final Constants constants;
  private final InferredScalars inferred;
  private final List<TensorList> lists = new ArrayList<>();
  private final Map<String, Written> traced = new HashMap<>();

  /**
   * What a round writes into a list that is traced.
   *
   * @param place where, a scalar
   * @param row what, a flat tensor
   */
  record Written(String place, String row) {}

  TensorLists(
      Flattener flattener,
      EncodedPictures pictures,
      Constants constants,
      InferredScalars inferred) {
    this.flattener = flattener;
    this.pictures = pictures;
    this.nodes = new FlatNodes(flattener);
    this.constants = constants;
    this.inferred = inferred;
  }

  static boolean isList(String tensor) {
    return tensor.startsWith(LIST);
  }

  static boolean isOperation(NodeDef node) {
    return OPERATIONS.contains(node.getOp());
  }

  private String keep(TensorList list) {
    lists.add(list);
    return LIST + (lists.size() - 1);
  }

  private String keep(List<String> tensors, DataType type) {
    return keep(new TensorList(tensors, null, null, type));
  }

  /** A list that is one tensor. */
  String keep(String all, DataType type) {
    return keep(new TensorList(null, all, null, type));
  }

  private TensorList list(String word) {
    return lists.get(Integer.parseInt(word.substring(LIST.length())));
  }

  /** Whether a word is a list in which nothing was written, though something can be. */
  boolean isEmpty(String word) {
    if (!isList(word)) {
      return false;
    }
    TensorList list = list(word);
    return list.all == null
        && (list.elements == null || list.elements.stream().allMatch(e -> e == null));
  }

  /** The same list once more, of which is kept what a round writes and where. */
  String traced(String word) {
    String same = keep(list(word));
    traced.put(same, new Written(null, null));
    return same;
  }

  /** What was written into a traced list, once; null if that is not what happened. */
  Written written(String word) {
    Written written = traced.get(word);
    return written == null || written.place == null ? null : written;
  }

  /** Whether a word is a list that is one tensor. */
  boolean isOne(String word) {
    return isList(word) && list(word).all != null;
  }

  private TensorList list(Body body, NodeDef node, String word) {
    if (!isList(word)) {
      throw new IllegalArgumentException(body.where(node) + " reads a list from a loop");
    }
    return list(word);
  }

  private List<String> elements(Body body, NodeDef node, String word) {
    TensorList list = list(body, node, word);
    if (list.elements == null) {
      throw new IllegalArgumentException(
          body.where(node)
              + " changes the length of a list whose length is unknown, which cannot be flattened");
    }
    return list.elements;
  }

  /**
   * Flattens an operation on lists.
   *
   * @throws IllegalArgumentException if what is read was never written, or a list of unknown length
   *     gets another one
   */
  List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    String name = body.flatName(node);
    return switch (node.getOp()) {
      case "TensorListReserve" ->
          List.of(reserved(inputs.get(1), type(body, node, "element_dtype")));
      case "TensorArrayV3" -> {
        String list = reserved(inputs.get(0), type(body, node, "dtype"));
        yield List.of(list, list);
      }
      case "EmptyTensorList" -> List.of(keep(List.<String>of(), type(body, node, "element_dtype")));
      case "TensorListFromTensor" ->
          List.of(unstacked(body, node, inputs.get(0), type(body, node, "element_dtype")));
      case "TensorArrayScatterV3" -> {
        refuseOtherPlaces(body, node, inputs.get(1));
        yield List.of(unstacked(body, node, inputs.get(2), type(body, node, "T")));
      }
      case "TensorListLength", "TensorArraySizeV3" -> {
        TensorList list = list(body, node, inputs.get(inputs.size() - 1));
        yield List.of(length(name, list));
      }
      case "TensorListGetItem" -> List.of(item(body, node, inputs.get(0), inputs.get(1)));
      case "TensorArrayReadV3" -> List.of(item(body, node, inputs.get(2), inputs.get(1)));
      case "TensorListSetItem" ->
          List.of(changed(body, node, inputs.get(0), inputs.get(1), inputs.get(2)));
      case "TensorArrayWriteV3" ->
          List.of(changed(body, node, inputs.get(3), inputs.get(1), inputs.get(2)));
      case "TensorListPushBack" -> {
        List<String> longer = new ArrayList<>(elements(body, node, inputs.get(0)));
        longer.add(inputs.get(1));
        yield List.of(keep(longer, list(inputs.get(0)).type));
      }
      case "TensorListPopBack" -> {
        List<String> all = elements(body, node, inputs.get(0));
        checkPlace(body, node, all, all.size() - 1);
        String last = written(body, node, all.get(all.size() - 1));
        List<String> rest = new ArrayList<>(all.subList(0, all.size() - 1));
        yield List.of(keep(rest, list(inputs.get(0)).type), last);
      }
      case "TensorListResize" -> {
        List<String> all = elements(body, node, inputs.get(0));
        Integer size = number(inputs.get(1));
        if (size == null) {
          throw new IllegalArgumentException(
              body.where(node) + " gives a list an unknown length, which cannot be flattened");
        }
        List<String> sized = new ArrayList<>(all.subList(0, Math.min(size, all.size())));
        sized.addAll(Collections.nCopies(size - sized.size(), null));
        yield List.of(keep(sized, list(inputs.get(0)).type));
      }
      case "TensorListStack" -> List.of(stacked(body, node, inputs.get(0), null));
      case "TensorListGather" -> List.of(gathered(body, node, inputs.get(0), inputs.get(1)));
      case "TensorArrayGatherV3" -> List.of(gathered(body, node, inputs.get(2), inputs.get(1)));
      case "TensorListConcatV2" -> joined(body, node, inputs.get(0));
      default ->
          throw new IllegalArgumentException(
              body.where(node) + " is an operation on lists that cannot be flattened");
    };
  }

  private static DataType type(Body body, NodeDef node, String attribute) {
    return Nodes.type(body.complete(node, Operations.registered(node.getOp())), attribute);
  }

  private static boolean flag(Body body, NodeDef node, String name) {
    return body.complete(node, Operations.registered(node.getOp())).getAttrOrThrow(name).getB();
  }

  /** The value of a scalar, null where only a run knows it. */
  private Integer number(String tensor) {
    Double value = Flattener.isTensor(tensor) ? constants.settled(tensor) : null;
    return value == null ? null : value.intValue();
  }

  private String reserved(String length, DataType type) {
    Integer known = number(length);
    return known != null
        ? keep(Collections.nCopies(known, (String) null), type)
        : keep(new TensorList(null, null, length, type));
  }

  private String length(String name, TensorList list) {
    if (list.length != null) {
      return list.length;
    }
    return list.all != null
        ? nodes.rows(name, list.all, list.type)
        : nodes.number(name, list.elements.size());
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

  private String item(Body body, NodeDef node, String word, String place) {
    TensorList list = list(body, node, word);
    Integer at = list.elements == null ? null : number(place);
    if (at == null) {
      return gathered(body, node, stacked(body, node, word, null), list.type, place);
    }
    checkPlace(body, node, list.elements, at);
    return written(body, node, list.elements.get(at));
  }

  private String gathered(Body body, NodeDef node, String word, String places) {
    String all = stacked(body, node, word, null);
    return isEach(places) ? all : gathered(body, node, all, list(word).type, places);
  }

  private String gathered(Body body, NodeDef node, String all, DataType type, String places) {
    return pictures.like(all, nodes.gathered(body.flatName(node), all, places, type));
  }

  private String changed(Body body, NodeDef node, String word, String place, String element) {
    TensorList list = list(body, node, word);
    if (traced.containsKey(word)) {
      String changed = keep(list);
      boolean again = traced.get(word).place != null;
      traced.put(changed, new Written(again ? null : place, element));
      return changed;
    }
    Integer at = list.elements == null ? null : number(place);
    if (at == null) {
      String all = stacked(body, node, word, inferred.shape(element), element);
      return keep(nodes.replaced(body.flatName(node), all, place, element, list.type), list.type);
    }
    List<String> changed = new ArrayList<>(list.elements);
    boolean grows =
        node.getOp().equals("TensorListSetItem")
            ? flag(body, node, "resize_if_index_out_of_bounds")
            : changed.isEmpty();
    while (grows && changed.size() <= at) {
      changed.add(null);
    }
    checkPlace(body, node, changed, at);
    changed.set(at, element);
    return keep(changed, pictures.type(element, list.type));
  }

  /**
   * All tensors of a list in one.
   *
   * @param element the shape of those that were never written and may be read all the same, as
   *     zeros; null if none may
   */
  String stacked(Body body, NodeDef node, String word, Shape element) {
    return stacked(body, node, word, element, null);
  }

  /**
   * The same.
   *
   * @param like a tensor of the element's shape where that is not known whole; null for none
   */
  String stacked(Body body, NodeDef node, String word, Shape element, String like) {
    TensorList list = list(body, node, word);
    if (list.all != null) {
      return list.all;
    }
    String name = body.flatName(node);
    if (isEmpty(word) && (list.elements == null || !list.elements.isEmpty())) {
      if (element == null) {
        return written(body, node, null);
      }
      if (element.hasUnknownDimension() && like != null) {
        String sizes = nodes.sizes(name + "/element", like, inferred.type(like), DataType.DT_INT32);
        return nodes.zeros(name, length(name, list), sizes, list.type);
      }
      if (element.hasUnknownDimension()) {
        throw new IllegalArgumentException(
            "%s writes tensors of shape %s in a list that a loop carries on: it must be known whole"
                .formatted(body.where(node), element));
      }
      return nodes.zeros(name, length(name, list), element, list.type);
    }
    List<String> tensors = new ArrayList<>();
    for (String each : list.elements) {
      tensors.add(
          each != null || element == null || element.hasUnknownDimension()
              ? written(body, node, each)
              : nodes.zero(name, element, list.type));
    }
    return pictures.like(tensors.get(0), nodes.packed(name, tensors, list.type));
  }

  private String unstacked(Body body, NodeDef node, String tensor, DataType declared) {
    DataType type = pictures.type(tensor, declared);
    Shape shape = inferred.shape(tensor);
    if (shape.isUnknown() || shape.numDimensions() == 0 || shape.get(0) < 0) {
      return keep(tensor, type);
    }
    int length = Math.toIntExact(shape.get(0));
    List<String> rows = nodes.unpacked(body.flatName(node), tensor, length, type);
    rows.forEach(row -> pictures.like(tensor, row));
    return keep(rows, type);
  }

  /** Whether a tensor holds 0, 1, 2, ... */
  private boolean isEach(String places) {
    NodeDef range = flattener.node(Tensors.node(places));
    return range != null
        && range.getOp().equals("Range")
        && Double.valueOf(0).equals(constants.scalar(range.getInput(0)))
        && Double.valueOf(1).equals(constants.scalar(range.getInput(2)));
  }

  private void refuseOtherPlaces(Body body, NodeDef node, String places) {
    if (!isEach(places)) {
      throw new IllegalArgumentException(
          body.where(node) + " writes in other places of a list than its first ones");
    }
  }

  private List<String> joined(Body body, NodeDef node, String word) {
    List<String> tensors = new ArrayList<>();
    elements(body, node, word).forEach(each -> tensors.add(written(body, node, each)));
    return List.of(nodes.joined(body.flatName(node), tensors, list(word).type), Flattener.DEAD);
  }
}
