package org.medoid.graph.distributed;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.medoid.graph.distributed.Peer.State;
import org.tensorflow.Session;

/**
 * Ends the runs of this worker when another is gone. TensorFlow's ring does so by itself only if
 * the one that died still had to send: a worker whose rows the dead one did not fetch waits for
 * that until the run's time is over, five minutes if nothing else was said. One that is stopped or
 * cut off may come back, and is waited for as long.
 */
final class Watch {
  private static final long PAUSE_MS = 2000;

  /** So often in a row before a worker counts as gone: a name may fail to resolve once. */
  static final int TIMES = 3;

  private final List<Peer> others;
  private final List<WeakReference<Session>> sessions = new CopyOnWriteArrayList<>();
  private final Thread thread = new Thread(this::look, "looks after the other workers");

  Watch(List<Peer> others) {
    this.others = others;
    thread.setDaemon(true);
  }

  /** Begins; all of them are there. */
  void start() {
    thread.start();
  }

  /** A session whose runs wait for the others. */
  Session over(Session session) {
    sessions.removeIf(each -> each.get() == null);
    sessions.add(new WeakReference<>(session));
    return session;
  }

  /** Lets the others end. */
  void stop() {
    thread.interrupt();
  }

  private void look() {
    int[] gone = new int[others.size()]; // so often in a row
    try {
      while (true) {
        Thread.sleep(PAUSE_MS);
        List<State> states = Peer.probe(others);
        Arrays.setAll(gone, i -> states.get(i) == State.GONE ? gone[i] + 1 : 0);
        if (Arrays.stream(gone).anyMatch(n -> n >= TIMES)) {
          sessions.stream()
              .map(WeakReference::get)
              .filter(each -> each != null)
              .forEach(TargetSession::abort);
        }
      }
    } catch (InterruptedException e) {
      // stopped
    }
  }
}
