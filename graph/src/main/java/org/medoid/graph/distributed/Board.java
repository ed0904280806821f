package org.medoid.graph.distributed;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stage;
import org.tensorflow.op.core.StagePeek;
import org.tensorflow.op.core.StageSize;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * Texts that workers leave on the server of the one that leads, in staging areas of its device.
 * Unlike a collective, this works between two workers that have been told different numbers of
 * them. No operation here waits: one that does so in a staging area could not be cancelled. Open
 * until the process ends, as that server is.
 */
final class Board {
  private static final RunOptions OPTIONS = RunOptions.newBuilder().setTimeoutInMs(10_000).build();

  private final Graph graph = new Graph();
  private final Session session;
  private final Ops tf;
  private final Map<String, Place> places = new HashMap<>();

  /** The operations on one staging area. */
  private record Place(Operand<TInt32> size, Operand<TString> peek) {}

  /** Opens the board by a session, not isolated, that sees the device of the leading worker. */
  Board(SessionMaker sessions, String job) {
    tf =
        Ops.create(graph)
            .withDevice(
                DeviceSpec.newBuilder()
                    .job(job)
                    .replica(0)
                    .task(0)
                    .deviceType(DeviceSpec.DeviceType.CPU)
                    .deviceIndex(0)
                    .build());
    session = sessions.open(graph);
  }

  /** Opens a session for a graph. */
  interface SessionMaker {
    Session open(Graph graph);
  }

  private Place place(String name) {
    return places.computeIfAbsent(
        name,
        key ->
            new Place(
                tf.stageSize(List.of(TString.class), StageSize.sharedName(key)),
                tf.stagePeek(tf.constant(0), List.of(TString.class), StagePeek.sharedName(key))
                    .values()
                    .get(0)
                    .expect(TString.class)));
  }

  /** Leaves a text; once under each name. */
  void put(String name, String text) {
    // A constant, which is there with the graph: what is fed, the leading worker would have to
    // fetch from this one, and it may have been told of fewer workers.
    Stage put = tf.stage(List.of(tf.constant(text)), Stage.sharedName(name));
    run(session.runner().addTarget(put.op())).close();
  }

  /** The text of a name, if it is there. */
  Optional<String> get(String name) {
    Place place = place(name);
    try (Result size = run(session.runner().fetch(place.size()))) {
      if (((TInt32) size.get(0)).getInt() == 0) {
        return Optional.empty();
      }
    }
    try (Result text = run(session.runner().fetch(place.peek()))) {
      return Optional.of(((TString) text.get(0)).getObject());
    }
  }

  private static Result run(Session.Runner runner) {
    return runner.setOptions(OPTIONS).run();
  }
}
