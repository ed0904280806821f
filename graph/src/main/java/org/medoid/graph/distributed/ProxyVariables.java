package org.medoid.graph.distributed;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The environment variables by which gRPC asks a proxy for its peers, and hangs where that does not
 * know them. A process cannot change its own environment in Java, so they are refused.
 */
final class ProxyVariables {
  private ProxyVariables() {}

  /**
   * Requires that no proxy stands between workers.
   *
   * @throws IllegalStateException if one does, naming the variable and the mend
   */
  static void requireNone(Map<String, String> environment, List<Peer> others) {
    String proxy =
        Stream.of("grpc_proxy", "https_proxy", "http_proxy")
            .filter(name -> !environment.getOrDefault(name, "").isBlank())
            .findFirst()
            .orElse(null);
    if (proxy == null) {
      return;
    }
    String excepted =
        Stream.of("no_grpc_proxy", "no_proxy")
            .map(environment::get)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse("");
    List<String> hosts = others.stream().map(Peer::host).distinct().toList();
    // As gRPC has it: a host is excepted whose name ends as an entry.
    boolean none =
        hosts.stream()
            .allMatch(
                host ->
                    Stream.of(excepted.split(",", -1))
                        .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
                        .anyMatch(
                            entry ->
                                !entry.isEmpty() && host.toLowerCase(Locale.ROOT).endsWith(entry)));
    if (!none) {
      throw new IllegalStateException(
          proxy
              + " is set: TensorFlow would look for the other workers through that proxy; set"
              + " no_grpc_proxy="
              + hosts.stream().collect(Collectors.joining(","))
              + " beside it");
    }
  }
}
