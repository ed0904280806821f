package org.medoid.graph.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medoid.graph.distributed.Peer.State;

/** How a worker finds out about others. */
class PeerTest {
  @Test
  void aPortThatTakesConnectionsAndSaysNothingIsNotAlive() throws IOException {
    Peer peer;
    try (ServerSocket stopped = new ServerSocket(0)) {
      peer = new Peer(1, "localhost:" + stopped.getLocalPort());
      assertThat(peer.probe()).isEqualTo(State.SILENT);
    }
    assertThat(peer.probe()).isEqualTo(State.GONE);
    assertThat(new Peer(1, "no-such-host.invalid:1").probe()).isEqualTo(State.GONE);
  }

  @Test
  void whoIsWaitedForIsToldAndNamedAtTheEnd() {
    List<String> told = new ArrayList<>();
    Waiting waiting = new Waiting(Duration.ofSeconds(2), told::add);
    assertThatThrownBy(() -> waiting.until(new Peer(2, "localhost:1"), () -> false))
        .hasMessageStartingWith("worker 2 at localhost:1 did not come within 2 s");
    assertThat(told).containsExactly("waiting for worker 2 at localhost:1");
  }

  /** As one whose name fails to resolve once. */
  @Test
  void aWorkerIsGoneOnlyIfItIsSoSeveralTimesInARow() throws Exception {
    try (ServerSocket server = new ServerSocket(0)) {
      Thread answers =
          new Thread(
              () -> {
                try {
                  server.accept().close();
                  try (Socket second = server.accept()) {
                    second.getOutputStream().write(0);
                    second.getInputStream().readAllBytes();
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      answers.start();
      Peer peer = new Peer(1, "localhost:" + server.getLocalPort());
      Waiting waiting = new Waiting(Duration.ofSeconds(5), told -> {});
      assertThat(waiting.whileAlive(peer, () -> pause(3000))).isEqualTo("done");
      answers.join();
      Peer gone = new Peer(1, "localhost:1");
      assertThatThrownBy(() -> waiting.whileAlive(gone, () -> pause(60_000)))
          .hasMessage("worker 1 at localhost:1 is gone; its own output says why");
    }
  }

  private static String pause(long milliseconds) {
    Waiting.pause(milliseconds);
    return "done";
  }

  @Test
  void whatDiffersIsNamedWithBothValues() {
    Map<String, String> read = Facts.read(Facts.write(Map.of("batch", "64", "loss", "supcon")));
    assertThat(Facts.differences(new Peer(1, "a:1"), read, Map.of("batch", "32", "seed", "1")))
        .containsExactlyInAnyOrder(
            "worker 1 at a:1 has batch 64, worker 0 has 32",
            "worker 1 at a:1 has seed none, worker 0 has 1",
            "worker 1 at a:1 has loss supcon, worker 0 has none");
  }

  @Test
  void aProxyBetweenWorkersIsRefusedUnlessTheyAreExcepted() {
    List<Peer> others = List.of(new Peer(0, "a.example:1"), new Peer(1, "127.0.0.1:1"));
    assertThatThrownBy(
            () -> ProxyVariables.requireNone(Map.of("http_proxy", "http://proxy:3128"), others))
        .hasMessageContaining("http_proxy is set")
        .hasMessageContaining("no_grpc_proxy=a.example,127.0.0.1");
    assertThatThrownBy(
            () ->
                ProxyVariables.requireNone(
                    Map.of("https_proxy", "http://proxy:3128", "no_proxy", "127.0.0.1"), others))
        .hasMessageContaining("https_proxy");
    for (Map<String, String> environment :
        List.of(
            Map.<String, String>of(),
            Map.of("http_proxy", ""),
            Map.of("http_proxy", "http://proxy:3128", "no_proxy", "127.0.0.1, .example"))) {
      assertThatCode(() -> ProxyVariables.requireNone(environment, others))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aWorkerThatIsAloneAgreesWithItself() throws IOException {
    Worker alone = Worker.alone();
    alone.publish("text");
    alone.agree(Map.of("batch", "32"));
    assertThat(alone.published()).isEqualTo("text");
    assertThat(alone.leads()).isTrue();
    assertThat(alone.sum(2, 3)).containsExactly(2, 3);
    assertThat(alone.<Integer>together(() -> 7)).isEqualTo(7);
    IllegalStateException failure = new IllegalStateException("x");
    assertThat(alone.explain(failure)).isSameAs(failure);
    alone.leave();
  }
}
