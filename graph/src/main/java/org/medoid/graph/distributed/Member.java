package org.medoid.graph.distributed;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.medoid.graph.distributed.Peer.State;
import org.tensorflow.Graph;
import org.tensorflow.Server;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ClusterDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.JobDef;
import org.tensorflow.proto.ServerDef;

/** One of several workers: TensorFlow's gRPC server, sessions on it, and what it agrees on. */
final class Member implements Worker {
  private static final String JOB = "worker";
  private static final String LEADER = "/job:" + JOB + "/replica:0/task:0";
  private static final Duration LEAST_PATIENCE = Duration.ofSeconds(5);

  /** How long a worker that fails still answers the others, which look for the one that is gone. */
  private static final long LINGER_MS = 4000;

  /** Referred to here as long as the process lives: nothing may free it while it runs. */
  private static Server running;

  private final Cluster cluster;
  private final Duration patience;
  private final Waiting waiting;
  private final ConfigProto config;

  private final AtomicInteger keys = new AtomicInteger();
  private final Exchange exchange;
  private final Board board;
  private final Watch watch;
  private Rounds rounds;

  static Member join(Cluster cluster, Duration patience, Consumer<String> told) {
    if (patience.compareTo(LEAST_PATIENCE) < 0) {
      throw new IllegalArgumentException(
          "%d s are too short for workers to wait for each other, which takes %d or more"
              .formatted(patience.toSeconds(), LEAST_PATIENCE.toSeconds()));
    }
    synchronized (Member.class) {
      if (running != null) {
        throw new IllegalStateException(
            "this process has joined a cluster before, and TensorFlow cannot stop its server: join"
                + " in another process");
      }
      cluster.requireJoinable();
      running = server(cluster);
      running.start();
    }
    return new Member(cluster, patience, told);
  }

  private Member(Cluster cluster, Duration patience, Consumer<String> told) {
    this.cluster = cluster;
    this.patience = patience;
    waiting = new Waiting(patience, told);
    config = seeing(rank()).setIsolateSessionState(true).build();
    watch = new Watch(cluster.others());
    exchange = new Collectives(workers(), rank(), patience, keys);
    if (!leads()) {
      waiting.until(cluster.peer(0), () -> cluster.peer(0).probe() == State.ALIVE);
    }
    ConfigProto shared = seeing(0, rank()).build();
    board = waiting.whileAlive(cluster.peer(0), () -> new Board(graph -> open(graph, shared), JOB));
  }

  private static Server server(Cluster cluster) {
    JobDef.Builder job = JobDef.newBuilder().setName(JOB);
    for (int i = 0; i < cluster.workers().size(); i++) {
      job.putTasks(i, cluster.workers().get(i));
    }
    return new Server(
        ServerDef.newBuilder()
            .setCluster(ClusterDef.newBuilder().addJob(job))
            .setJobName(JOB)
            .setTaskIndex(cluster.rank())
            .setProtocol("grpc")
            // Without the leader here collectives hang. Nothing else: TensorFlow adds to a
            // session's own configuration what stands here, isolation too.
            .setDefaultSessionConfig(
                ConfigProto.newBuilder()
                    .setExperimental(
                        ConfigProto.Experimental.newBuilder().setCollectiveGroupLeader(LEADER)))
            .build());
  }

  /** A session that sees some workers' devices: it begins only when all of these are there. */
  private static ConfigProto.Builder seeing(int... ranks) {
    ConfigProto.Builder config = ConfigProto.newBuilder();
    for (int each : ranks) {
      config.addDeviceFilters("/job:" + JOB + "/task:" + each);
    }
    return config;
  }

  /** With the very address of the cluster the session finds its server in this process. */
  private Session open(Graph graph, ConfigProto config) {
    return TargetSession.open(graph, "grpc://" + cluster.own().address(), config);
  }

  @Override
  public int workers() {
    return cluster.workers().size();
  }

  @Override
  public int rank() {
    return cluster.rank();
  }

  @Override
  public Session session(Graph graph) {
    return watch.over(open(graph, config));
  }

  @Override
  public Exchange exchange() {
    return exchange;
  }

  @Override
  public void publish(String text) {
    board.put("text", text);
  }

  @Override
  public String published() {
    return waiting.forText(board, "text", cluster.peer(0));
  }

  @Override
  public void agree(Map<String, String> facts) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("number of workers", Integer.toString(workers()));
    all.putAll(facts);
    String refusal;
    if (leads()) {
      refusal = compared(all);
      board.put("verdict", refusal);
    } else {
      board.put("facts-" + rank(), Facts.write(all));
      String verdict = waiting.forText(board, "verdict", cluster.peer(0));
      // Of a worker that the leading one does not know of.
      refusal =
          verdict.isEmpty()
                  && rank() >= Integer.parseInt(waiting.forText(board, "count", cluster.peer(0)))
              ? "%s was told of more workers than %s".formatted(cluster.own(), cluster.peer(0))
              : verdict;
    }
    if (!refusal.isEmpty()) {
      if (leads()) {
        Waiting.pause(LINGER_MS); // in which the others read why
      }
      throw new IllegalStateException(refusal);
    }
    rounds = new Rounds(this);
    watch.start();
  }

  /** Waits for the others' facts; why they cannot train together, or nothing. */
  private String compared(Map<String, String> own) {
    board.put("count", Integer.toString(workers()));
    Map<Integer, Peer> missing = new TreeMap<>();
    cluster.others().forEach(each -> missing.put(each.rank(), each));
    List<String> differences = new ArrayList<>();
    try {
      waiting.until(
          () -> missing.values().iterator().next(),
          () -> {
            for (Peer each : List.copyOf(missing.values())) {
              board
                  .get("facts-" + each.rank())
                  .ifPresent(
                      text -> {
                        missing.remove(each.rank());
                        differences.addAll(Facts.differences(each, Facts.read(text), own));
                      });
            }
            return missing.isEmpty() || !differences.isEmpty();
          });
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
    return differences.isEmpty()
        ? ""
        : String.join("; ", differences) + ": start all workers with the same";
  }

  @Override
  public <T> T together(Task<T> own) throws IOException {
    return rounds.together(own, rank -> cluster.peer(rank).toString());
  }

  @Override
  public float[] sum(float a, float b) {
    try {
      float[] rows = rounds.tell(false, false, a, b);
      return new float[] {Rounds.sum(rows, 2), Rounds.sum(rows, 3)};
    } catch (RuntimeException e) {
      throw explain(e);
    }
  }

  @Override
  public RuntimeException explain(RuntimeException failure) {
    if (!(failure instanceof TensorFlowException)
        && !(failure instanceof TFInvalidArgumentException)) {
      return failure;
    }
    long begun = System.nanoTime();
    Map<Peer, State> states = states();
    // A process that fails may take a moment to end.
    while (states.isEmpty() && milliseconds(begun) < LINGER_MS) {
      Waiting.pause(500);
      states = states();
    }
    Waiting.pause(Math.max(0, LINGER_MS - milliseconds(begun)));
    String said = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    if (states.isEmpty()) {
      return new IllegalStateException(
          "a step of all workers failed, or one was longer than %d s in coming, though all of them"
                  .formatted(patience.toSeconds())
              + " answer; TensorFlow says: "
              + said,
          failure);
    }
    String names =
        states.entrySet().stream()
            .map(each -> each.getKey() + each.getValue().told)
            .collect(Collectors.joining(", "));
    return new IllegalStateException(
        names + "; start all workers again, to resume from the newest checkpoint", failure);
  }

  private static long milliseconds(long since) {
    return (System.nanoTime() - since) / 1_000_000;
  }

  /** The others that do not live, in their order. */
  private Map<Peer, State> states() {
    Map<Peer, State> found = new LinkedHashMap<>();
    List<Peer> others = cluster.others();
    List<State> states = Peer.probe(others);
    for (int i = 0; i < others.size(); i++) {
      if (states.get(i) != State.ALIVE) {
        found.put(others.get(i), states.get(i));
      }
    }
    return found;
  }

  @Override
  public void leave() {
    try {
      rounds.tell(false, false, 0, 0);
    } catch (RuntimeException e) {
      // Another was faster: it has all it needs.
    }
    watch.stop();
  }
}
