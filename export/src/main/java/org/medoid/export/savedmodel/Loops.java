package org.medoid.export.savedmodel;

import java.util.List;
import java.util.function.UnaryOperator;
import org.tensorflow.proto.NodeDef;

/**
 * Loops while a graph is flattened. One whose number of rounds is known becomes as many copies of
 * its body. Any other stays a loop, {@code StatelessWhile}: over the pictures of a batch, or until
 * something that a run computes.
 */
record Loops(
    Flattener flattener,
    TensorLists lists,
    Constants constants,
    InferredScalars inferred,
    Purpose purpose) {
  /** The nodes that copies of a loop's body may take: an LSTM over 800 rows. */
  private static final int LARGEST_LOOP = 20_000;

  /** A loop as its writer wrote it. */
  interface Loop {
    /** Flattens the condition once more, for what is carried. */
    String more(List<String> carried);

    /** Flattens the body once more; what is carried on. */
    List<String> next(List<String> carried);

    /** Whether the body hands on what is carried as it is. */
    boolean stays(int number);
  }

  /**
   * Flattens a loop.
   *
   * @param inputs what it starts with
   * @return what it ends with
   * @throws IllegalArgumentException if it must stay a loop and cannot
   */
  List<String> flatten(Body body, NodeDef node, Loop loop, List<String> inputs) {
    int before = flattener.size();
    // TensorFlow is asked once; counters follow from what it knows.
    List<String> carried = each(inputs, constants::asConstant);
    String known = loop.more(carried);
    if (!Flattener.isTensor(known) || constants.settled(known) == null) {
      flattener.forget(before);
      List<String> ends = new MappedLoop(flattener, lists, constants, inferred).ends(loop, inputs);
      if (ends != null) {
        return ends;
      }
      carried = each(inputs, constants::asConstant);
    }
    while (true) {
      String condition = loop.more(carried);
      Double more = Flattener.isTensor(condition) ? constants.settled(condition) : null;
      if (more == null && purpose == Purpose.TRAINING) {
        List<String> ends = new BoundedLoop(flattener, constants, inferred).ends(loop, carried);
        if (ends != null && flattener.size() - before <= LARGEST_LOOP) {
          return ends;
        }
      }
      if (more == null || flattener.size() - before > LARGEST_LOOP) {
        flattener.forget(before);
        if (purpose == Purpose.TRAINING) {
          throw new IllegalArgumentException(
              body.where(node)
                  + (more == null
                      ? " is a loop of an unknown number of rounds, through which no gradient goes"
                      : " is a loop that takes more than %d operations, too many to be trained"
                          .formatted(LARGEST_LOOP)));
        }
        return new KeptLoop(flattener, lists, inferred, body, node, loop, inputs).outputs();
      }
      if (more == 0) {
        return carried;
      }
      carried = each(loop.next(carried), constants::computed);
    }
  }

  private static List<String> each(List<String> tensors, UnaryOperator<String> change) {
    return tensors.stream().map(t -> Flattener.isTensor(t) ? change.apply(t) : t).toList();
  }
}
