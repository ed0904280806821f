package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * A loop that does the same to each picture of a batch, as {@code tf.map_fn} writes it: it counts
 * from 0 to the number of rows, reads the row of that number from some lists and writes one into
 * others. All rows are computed at once instead, by {@link RowRules}: no loop is left, and
 * gradients go through.
 */
record MappedLoop(
    Flattener flattener, TensorLists lists, Constants constants, InferredScalars inferred) {
  /** No more slices lie between a size and what it is the size of. */
  private static final int DEPTH = 8;

  /**
   * What a round does.
   *
   * @param rows what it writes into lists; null for what it carries otherwise
   * @param encoded whether that row is a string
   * @param bounds up to which it counts
   * @param shapes of all tensors
   */
  private record Round(
      List<String> rows, List<Boolean> encoded, Set<String> bounds, InferredShapes shapes) {}

  /**
   * Flattens the loop.
   *
   * @param inputs what it starts with
   * @return what it ends with; null if it is another kind of loop, or does with rows what cannot be
   *     done with all of them at once
   */
  List<String> ends(Loops.Loop loop, List<String> inputs) {
    int before = flattener.size();
    List<String> carried = new ArrayList<>(inputs);
    Set<String> counters = new HashSet<>();
    for (int i = 0; i < inputs.size(); i++) {
      String start = inputs.get(i);
      if (loop.stays(i)) {
        continue;
      }
      if (lists.isEmpty(start)) {
        carried.set(i, lists.traced(start));
      } else if (Flattener.isTensor(start)
          && Double.valueOf(0).equals(constants.scalar(start))
          && inferred.shape(start).numDimensions() == 0) {
        String counter = flattener.unique("row");
        flattener.add(Nodes.placeholder(counter, inferred.type(start), Nodes.shape()));
        counters.add(counter + ":0");
        carried.set(i, counter + ":0");
      } else {
        flattener.forget(before);
        return null;
      }
    }
    Round round = round(loop, carried, counters);
    List<NodeDef> nodes = flattener.forget(before);
    if (round == null) {
      return null;
    }
    RowRules rules = new RowRules(flattener, nodes, round.shapes);
    try {
      rules.add(counters, round.rows);
      List<String> ends = new ArrayList<>(inputs);
      for (int i = 0; i < ends.size(); i++) {
        String row = round.rows.get(i);
        if (row != null) {
          String all = rules.stacked(row);
          ends.set(i, lists.keep(all, round.shapes.type(row)));
          if (round.encoded.get(i)) {
            flattener.pictures().mark(all);
          }
        } else if (counters.contains(carried.get(i))) {
          ends.set(i, round.bounds.iterator().next());
        }
      }
      if (round.bounds.stream().allMatch(bound -> countsRows(bound, rules.sources()))) {
        return ends;
      }
    } catch (RowRules.NoRuleException e) {
      // As for rows that are not all of a tensor's: the loop is kept or written out.
    }
    flattener.forget(before);
    return null;
  }

  /** Whether a scalar is the number of rows of the one tensor whose rows are read. */
  private boolean countsRows(String scalar, Set<String> sources) {
    return sources.size() == 1 && sources.contains(counted(scalar));
  }

  /** A round; null if it does not count, or does anything else from row to row. */
  private Round round(Loops.Loop loop, List<String> carried, Set<String> counters) {
    Set<String> bounds = new HashSet<>();
    List<String> rows = new ArrayList<>();
    List<Boolean> encoded = new ArrayList<>();
    try {
      boolean counts = counts(loop.more(carried), counters, bounds);
      List<String> next = loop.next(carried);
      for (int i = 0; i < next.size() && counts; i++) {
        String was = carried.get(i);
        TensorLists.Written written =
            loop.stays(i) || !TensorLists.isList(was) ? null : lists.written(next.get(i));
        if (!loop.stays(i)) {
          counts =
              TensorLists.isList(was)
                  ? written != null && counters.contains(Tensors.canonical(written.place()))
                  : isNext(next.get(i), was);
        }
        rows.add(written == null ? null : written.row());
        encoded.add(written != null && flattener.pictures().isEncoded(written.row()));
      }
      boolean maps = counts && rows.stream().anyMatch(row -> row != null);
      return maps ? new Round(rows, encoded, bounds, inferred.all()) : null;
    } catch (IllegalArgumentException e) {
      return null; // whoever keeps the loop tells it
    }
  }

  /** Whether a condition holds as long as a counter is below some bounds. */
  private boolean counts(String condition, Set<String> counters, Set<String> bounds) {
    NodeDef node = Flattener.isTensor(condition) ? flattener.node(Tensors.node(condition)) : null;
    if (node == null) {
      return false;
    }
    if (node.getOp().equals("LogicalAnd")) {
      return counts(node.getInput(0), counters, bounds)
          && counts(node.getInput(1), counters, bounds);
    }
    bounds.add(node.getInputCount() < 2 ? "" : Tensors.canonical(node.getInput(1)));
    return node.getOp().equals("Less") && counters.contains(Tensors.canonical(node.getInput(0)));
  }

  private boolean isNext(String next, String counter) {
    NodeDef node = Flattener.isTensor(next) ? flattener.node(Tensors.node(next)) : null;
    if (node == null || !node.getOp().matches("Add|AddV2")) {
      return false;
    }
    List<String> added = node.getInputList().stream().map(Tensors::canonical).toList();
    return added.contains(counter)
        && Double.valueOf(1).equals(constants.scalar(added.get(1 - added.indexOf(counter))));
  }

  /** The tensor whose rows a scalar counts; null if it is no such size. */
  private String counted(String scalar) {
    String tensor = scalar;
    for (int depth = 0; depth < DEPTH; depth++) {
      NodeDef node = flattener.node(Tensors.node(tensor));
      String op = node == null ? "" : node.getOp();
      if (op.equals("Shape")) {
        return Tensors.canonical(node.getInput(0));
      }
      boolean first =
          op.equals("Cast")
              || (op.equals("StridedSlice")
                  && ((node.getAttrOrThrow("begin_mask").getI() & 1) == 1
                      || isFirst(node.getInput(1))))
              || (op.equals("GatherV2") && isFirst(node.getInput(1)));
      if (!first) {
        return null;
      }
      tensor = node.getInput(0);
    }
    return null;
  }

  private boolean isFirst(String place) {
    TensorProto value = Constants.value(flattener.node(Tensors.node(place)));
    return value != null && Double.valueOf(0).equals(Constants.first(value));
  }
}
