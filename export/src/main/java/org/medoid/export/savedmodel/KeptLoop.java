package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A loop that stays one. Its two functions are flat as the graph is; it carries only what changes,
 * and tensors in place of lists of them; what its rounds read from outside are further arguments,
 * which they hand on as they are.
 */
final class KeptLoop {
  /** A constant up to this many bytes is copied into a function rather than handed to it. */
  private static final int SMALL = 1024;

  /** How often sizes that change from round to round are looked for. */
  private static final int GUESSES = 8;

  private final Flattener flattener;
  private final TensorLists lists;
  private final InferredScalars inferred;
  private final Body body;
  private final NodeDef node;
  private final Loops.Loop loop;
  private final List<String> inputs;

  /** The numbers of what changes. */
  private final List<Integer> changing = new ArrayList<>();

  /** What it starts with, the shapes that it keeps, the names of the arguments. */
  private final List<String> starts = new ArrayList<>();

  private final List<Shape> shapes = new ArrayList<>();
  private final List<DataType> types = new ArrayList<>();
  private final List<String> arguments = new ArrayList<>();

  /** What is read from outside, and the arguments that stand for it. */
  private final Map<String, String> outside = new LinkedHashMap<>();

  /**
   * A loop that is to stay one.
   *
   * @param inputs what it starts with
   */
  KeptLoop(
      Flattener flattener,
      TensorLists lists,
      InferredScalars inferred,
      Body body,
      NodeDef node,
      Loops.Loop loop,
      List<String> inputs) {
    this.flattener = flattener;
    this.lists = lists;
    this.inferred = inferred;
    this.body = body;
    this.node = node;
    this.loop = loop;
    this.inputs = inputs;
    for (int i = 0; i < inputs.size(); i++) {
      if (!loop.stays(i)) {
        if (!Flattener.isTensor(inputs.get(i))) {
          throw refused(inputs.get(i));
        }
        changing.add(i);
      }
    }
  }

  private IllegalArgumentException refused(String word) {
    return new IllegalArgumentException(
        word.equals(Flattener.DEAD)
            ? body.where(node) + " is a loop over a branch that is never taken"
            : flattener.reason(word));
  }

  /**
   * Adds the loop and its functions.
   *
   * @return what it ends with
   */
  List<String> outputs() {
    start(elements());
    List<NodeDef> round = null;
    List<String> results = null;
    for (int guess = 0; round == null; guess++) {
      int before = flattener.size();
      results = ends(loop.next(carried()));
      boolean settled = settle(results, guess == GUESSES);
      List<NodeDef> nodes = flattener.forget(before);
      round = settled ? nodes : null;
    }
    int before = flattener.size();
    String condition = loop.more(carried());
    if (!Flattener.isTensor(condition)) {
      throw refused(condition);
    }
    List<NodeDef> test = flattener.forget(before);
    // Both take the same arguments: what either reads from outside.
    List<NodeDef> rounds = needed(round, results);
    List<NodeDef> tests = needed(test, List.of(condition));
    String name = flattener.unique(body.flatName(node));
    String base = name.replaceAll("[^A-Za-z0-9_]", "_");
    List<String> all = new ArrayList<>(results);
    all.addAll(outside.keySet());
    String bodyName = flattener.keep(base + "_body", function(rounds, all, false));
    String condName = flattener.keep(base + "_cond", function(tests, List.of(condition), true));
    List<String> given = new ArrayList<>(starts);
    given.addAll(outside.keySet());
    List<TensorShapeProto> sizes = shapes.stream().map(Nodes::shape).toList();
    flattener.add(FlatFunction.loop(given, types, sizes, condName, bodyName).setName(name).build());
    List<String> outputs = new ArrayList<>(inputs);
    for (int i = 0; i < changing.size(); i++) {
      outputs.set(changing.get(i), kept(i, name + ":" + i));
    }
    return outputs;
  }

  /** What a list is from the loop on: one tensor. */
  private String kept(int i, String tensor) {
    return TensorLists.isList(inputs.get(changing.get(i)))
        ? lists.keep(tensor, types.get(i))
        : tensor;
  }

  /** The shapes of what is in lists that nothing is in before the first round; a trial shows. */
  private Map<Integer, Shape> elements() {
    Map<Integer, Shape> found = new HashMap<>();
    if (changing.stream().noneMatch(i -> lists.isEmpty(inputs.get(i)))) {
      return found;
    }
    int before = flattener.size();
    List<String> trial = new ArrayList<>(inputs);
    for (int i : changing) {
      if (!lists.isEmpty(inputs.get(i))) {
        String stacked = stacked(inputs.get(i));
        String stand = argument(inferred.type(stacked), inferred.shape(stacked));
        trial.set(i, lists.isOne(inputs.get(i)) ? lists.keep(stand, inferred.type(stand)) : stand);
      }
    }
    List<String> results = loop.next(trial);
    for (int i : changing) {
      if (lists.isEmpty(inputs.get(i))) {
        String result = results.get(i);
        if (!Flattener.isTensor(result)) {
          throw refused(result);
        }
        if (lists.isEmpty(result)) {
          throw new IllegalArgumentException(
              body.where(node) + " is a loop with a list in which it writes nothing");
        }
        Shape all = inferred.shape(lists.stacked(body, node, result, null));
        found.put(i, all.isUnknown() ? all : all.tail());
      }
    }
    flattener.forget(before);
    return found;
  }

  private String stacked(String word) {
    return TensorLists.isList(word) ? lists.stacked(body, node, word, null) : word;
  }

  /**
   * What is carried on beside a list and has the shape of its elements, also where their batch is
   * open: the state of a recurrent network, which it writes down in each round. Null for none.
   */
  private String alike(Shape element) {
    if (element == null || element.isUnknown()) {
      return null;
    }
    return changing.stream()
        .map(inputs::get)
        .filter(each -> !TensorLists.isList(each))
        .filter(each -> Arrays.equals(inferred.shape(each).asArray(), element.asArray()))
        .findFirst()
        .orElse(null);
  }

  private void start(Map<Integer, Shape> elements) {
    for (int i : changing) {
      String word = inputs.get(i);
      Shape element = elements.get(i);
      String start =
          TensorLists.isList(word)
              ? lists.stacked(body, node, word, element, alike(element))
              : word;
      starts.add(start);
      types.add(inferred.type(start));
      shapes.add(inferred.shape(start));
      arguments.add(flattener.unique("carried"));
    }
  }

  private String argument(DataType type, Shape shape) {
    String name = flattener.unique("carried");
    flattener.add(Nodes.placeholder(name, type, Nodes.shape(shape)));
    return name + ":0";
  }

  /** Placeholders for what changes, and the rest as it is outside. */
  private List<String> carried() {
    List<String> carried = new ArrayList<>(inputs);
    for (int i = 0; i < changing.size(); i++) {
      String name = arguments.get(i);
      flattener.add(Nodes.placeholder(name, types.get(i), Nodes.shape(shapes.get(i))));
      carried.set(changing.get(i), kept(i, name + ":0"));
    }
    return carried;
  }

  /** Of what the body carries on, that which changes. */
  private List<String> ends(List<String> carried) {
    List<String> ends = new ArrayList<>();
    for (int i : changing) {
      if (!Flattener.isTensor(carried.get(i))) {
        throw refused(carried.get(i));
      }
      ends.add(stacked(carried.get(i)));
    }
    return ends;
  }

  /** Whether a round keeps the shapes; else they are open from now on where it does not. */
  private boolean settle(List<String> results, boolean last) {
    boolean settled = true;
    for (int i = 0; i < results.size(); i++) {
      DataType type = inferred.type(results.get(i));
      if (type != types.get(i)) {
        throw new IllegalArgumentException(
            "%s carries on %s in place of %s"
                .formatted(body.where(node), Precision.name(type), Precision.name(types.get(i))));
      }
      Shape was = shapes.get(i);
      Shape is = last ? Shape.unknown() : inferred.shape(results.get(i));
      Shape both = common(was, is);
      // Shapes with unknown sizes equal none.
      if (!Arrays.equals(both.asArray(), was.asArray())) {
        shapes.set(i, both);
        settled = false;
      }
    }
    return settled;
  }

  private static Shape common(Shape a, Shape b) {
    if (a.isUnknown() || b.isUnknown() || a.numDimensions() != b.numDimensions()) {
      return Shape.unknown();
    }
    long[] sizes = a.asArray();
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = sizes[i] == b.get(i) ? sizes[i] : -1;
    }
    return Shape.of(sizes);
  }

  /** Of nodes, those that tensors need; what they read from outside becomes arguments. */
  private List<NodeDef> needed(List<NodeDef> nodes, List<String> tensors) {
    Set<String> own = new HashSet<>(arguments);
    nodes.forEach(each -> own.add(each.getName()));
    Set<String> wanted = new HashSet<>();
    tensors.forEach(tensor -> wanted.add(Tensors.node(tensor)));
    List<NodeDef> kept = new ArrayList<>();
    List<String> read = new ArrayList<>(tensors);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      NodeDef each = nodes.get(i);
      if (wanted.contains(each.getName()) && !arguments.contains(each.getName())) {
        each.getInputList().forEach(input -> wanted.add(Tensors.node(input)));
        read.addAll(each.getInputList());
        kept.add(each);
      }
    }
    for (String tensor : read) {
      NodeDef from = flattener.node(Tensors.node(tensor));
      if (own.contains(Tensors.node(tensor))) {
        continue;
      }
      if (from != null && from.getOp().equals("Const") && from.getSerializedSize() < SMALL) {
        kept.add(from);
        own.add(from.getName());
      } else if (!outside.containsKey(Tensors.canonical(tensor))) {
        String argument = flattener.unique("outside");
        outside.put(Tensors.canonical(tensor), argument);
        types.add(inferred.type(tensor));
        shapes.add(inferred.shape(tensor));
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  /** A function of all arguments. */
  private FunctionDef.Builder function(List<NodeDef> nodes, List<String> results, boolean test) {
    List<String> names = new ArrayList<>(arguments);
    names.addAll(outside.values());
    List<DataType> given = test ? List.of(DataType.DT_BOOL) : types;
    return FlatFunction.of(names, types, outside, nodes, results, given);
  }
}
