package org.medoid.graph.distributed;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The workers that train together, and which of them this process is: what the environment variable
 * {@code TF_CONFIG} says to every program of TensorFlow, and Kubeflow and others write.
 *
 * <pre>{@code
 * {"cluster": {"worker": ["a.example:2222", "b.example:2222"]}, "task": {"type": "worker", "index": 1}}
 * }</pre>
 *
 * <p>A {@code chief}, if there is one, leads and counts as the first of the workers; else worker 0
 * leads.
 *
 * @param workers the address of each, {@code host:port}, the one that leads first
 * @param rank the place of this process among them, from 0
 */
public record Cluster(List<String> workers, int rank) {
  /** The environment variable. */
  public static final String VARIABLE = "TF_CONFIG";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Checks the addresses.
   *
   * @param workers the address of each, {@code host:port}, the one that leads first
   * @param rank the place of this process among them, from 0
   * @throws IllegalArgumentException if one is no address or there twice, or there is no such rank
   */
  public Cluster {
    workers = List.copyOf(workers);
    Set<String> seen = new HashSet<>();
    for (String each : workers) {
      Peer.parse(each);
      require(seen.add(each), "two workers cannot have the same address, " + each);
    }
    require(rank >= 0 && rank < workers.size(), "no worker " + rank + " of " + workers.size());
  }

  /**
   * What {@code TF_CONFIG} says in this process.
   *
   * @return nothing if it is not set, blank, or says nothing of a cluster
   * @throws IllegalArgumentException if it is nonsense: one line that says where
   */
  public static Optional<Cluster> ofEnvironment() {
    return parse(System.getenv(VARIABLE));
  }

  /**
   * Reads a value of {@code TF_CONFIG}.
   *
   * @param config the value, or null
   * @return nothing if it is null, blank, or says nothing of a cluster
   * @throws IllegalArgumentException if it is nonsense: one line that says where
   */
  public static Optional<Cluster> parse(String config) {
    if (config == null || config.isBlank()) {
      return Optional.empty();
    }
    JsonNode root;
    try {
      root = JSON.readTree(config);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          VARIABLE
              + " is not JSON: "
              + e.getOriginalMessage().split("\\R| \\(start marker", 2)[0]
              + (e.getLocation() == null ? "" : ", at character " + e.getLocation().getColumnNr()),
          e);
    }
    require(root.isObject(), "must be a JSON object with cluster and task");
    JsonNode cluster = root.path("cluster");
    JsonNode task = root.path("task");
    if (empty(cluster) && empty(task)) {
      return Optional.empty();
    }
    require(!empty(cluster), "has a task, but no cluster that it is of");
    require(cluster.isObject(), "cluster must be an object: {\"worker\": [\"host:port\", ...]}");
    cluster
        .fieldNames()
        .forEachRemaining(
            job ->
                require(
                    job.equals("worker") || job.equals("chief") || empty(cluster.get(job)),
                    "cluster."
                        + job
                        + ": there are workers and perhaps a chief here, nothing else; leave it"
                        + " out"));
    List<String> chiefs = addresses(cluster, "chief");
    require(chiefs.size() <= 1, "cluster.chief must be one address, not " + chiefs.size());
    List<String> all = new ArrayList<>(chiefs);
    all.addAll(addresses(cluster, "worker"));
    require(!all.isEmpty(), "cluster.worker must name the workers, [\"host:port\", ...]");
    require(task.isObject(), "task must be an object: {\"type\": \"worker\", \"index\": 0}");
    String type = task.path("type").asText("");
    require(
        type.equals("worker") || (type.equals("chief") && !chiefs.isEmpty()),
        "task.type must be worker"
            + (chiefs.isEmpty() ? "" : " or chief")
            + ", not "
            + shown(task, "type"));
    int index = index(task);
    int count = type.equals("chief") ? 1 : all.size() - chiefs.size();
    require(
        index >= 0 && index < count,
        "task.index must be below the number of %s addresses, %d, not %s"
            .formatted(type, count, shown(task, "index")));
    try {
      return Optional.of(new Cluster(all, type.equals("chief") ? 0 : chiefs.size() + index));
    } catch (IllegalArgumentException e) {
      throw e.getMessage().startsWith(VARIABLE)
          ? e
          : new IllegalArgumentException(VARIABLE + ": " + e.getMessage(), e);
    }
  }

  private static boolean empty(JsonNode node) {
    return node == null
        || node.isMissingNode()
        || node.isNull()
        || (node.isContainerNode() && node.isEmpty());
  }

  private static List<String> addresses(JsonNode cluster, String job) {
    List<String> addresses = new ArrayList<>();
    JsonNode all = cluster.path(job);
    require(
        empty(all) || all.isArray(),
        "cluster." + job + " must be a list of addresses, [\"host:port\", ...]");
    for (JsonNode each : all) {
      require(
          each.isTextual(),
          "cluster.%s: %s is no address; it must be \"host:port\"".formatted(job, each));
      addresses.add(each.asText());
    }
    return addresses;
  }

  /** Kubeflow writes a number, some scripts its digits in quotes. */
  private static int index(JsonNode task) {
    JsonNode index = task.path("index");
    if (index.isTextual() && index.asText().matches("\\d{1,6}")) {
      return Integer.parseInt(index.asText());
    }
    require(
        index.isIntegralNumber() && index.canConvertToInt(),
        "task.index must be a number from 0, not " + shown(task, "index"));
    return index.intValue();
  }

  private static String shown(JsonNode task, String name) {
    return task.has(name) ? task.get(name).toString() : "missing";
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(VARIABLE + ": " + rule);
    }
  }

  /**
   * Workers on this machine, at ports that are free now.
   *
   * @param count how many
   * @return the cluster as the first of them sees it
   * @throws IOException if there are not as many ports
   */
  public static Cluster local(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) { // all at once, so that none is given twice
        sockets.add(new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1})));
        addresses.add("127.0.0.1:" + sockets.get(i).getLocalPort());
      }
    } finally {
      for (ServerSocket each : sockets) {
        each.close();
      }
    }
    return new Cluster(addresses, 0);
  }

  /**
   * The same cluster as another worker of it sees it.
   *
   * @param rank of the other
   * @return its cluster
   */
  public Cluster seenBy(int rank) {
    return new Cluster(workers, rank);
  }

  /**
   * The value of {@code TF_CONFIG} that says this.
   *
   * @return JSON in one line
   */
  public String config() {
    ObjectNode root = JSON.createObjectNode();
    workers.forEach(root.putObject("cluster").putArray("worker")::add);
    root.putObject("task").put("type", "worker").put("index", rank);
    return root.toString();
  }

  /**
   * Requires that this process could join: its port is free, and no proxy stands before the others.
   *
   * @throws IllegalStateException if not: a line that says what to do
   */
  public void requireJoinable() {
    ProxyVariables.requireNone(System.getenv(), others());
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(own().port()));
    } catch (IOException e) { // TensorFlow's own message names neither the port nor the reason
      throw new IllegalStateException(
          "port %d, which this process would take as worker %d, is not free (%s): end what holds it,"
                  .formatted(own().port(), rank, e.getMessage())
              + " or give all workers another address",
          e);
    }
  }

  /**
   * Asks the other workers' servers whether they live.
   *
   * @return those that do not answer, by number and address; up to 3 seconds for all
   */
  public List<String> missing() {
    return others().parallelStream()
        .filter(each -> each.probe() != Peer.State.ALIVE)
        .map(Peer::toString)
        .toList();
  }

  List<Peer> others() {
    return IntStream.range(0, workers.size()).filter(i -> i != rank).mapToObj(this::peer).toList();
  }

  Peer peer(int rank) {
    return new Peer(rank, workers.get(rank));
  }

  Peer own() {
    return peer(rank);
  }
}
