package org.medoid.graph.distributed;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;

/**
 * A worker as the others see it.
 *
 * @param rank its place among them, from 0
 * @param address where its server is, {@code host:port}
 */
record Peer(int rank, String address) {
  /** How long a living server may take to greet. */
  private static final int PATIENCE_MS = 3000;

  /** How a client of HTTP/2 begins, with empty settings: a server greets back, whatever follows. */
  private static final byte[] GREETING =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(US_ASCII);

  /** What a probe finds. */
  enum State {
    /** Its server answers. */
    ALIVE(" answers"),
    /** Something takes the connection, or the packets, and says nothing. */
    SILENT(" does not answer: it is stopped, hangs or is cut off"),
    /** Nothing is there. */
    GONE(" is gone");

    /** What is said of a worker in this state, after its name. */
    final String told;

    State(String told) {
      this.told = told;
    }
  }

  /**
   * Takes an address apart.
   *
   * @throws IllegalArgumentException if it is none
   */
  static InetSocketAddress parse(String address) {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? "" : address.substring(0, colon);
    String port = address.substring(colon + 1);
    boolean bare = host.indexOf(':') >= 0 && !(host.startsWith("[") && host.endsWith("]"));
    if (host.isBlank()
        || bare
        || !host.equals(host.strip())
        || host.indexOf('/') >= 0
        || !port.matches("\\d{1,5}")
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > 65535) {
      throw new IllegalArgumentException(
          "'"
              + address
              + "' is no address of a worker; it must be host:port, the port from 1 to 65535");
    }
    return InetSocketAddress.createUnresolved(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
  }

  String host() {
    return parse(address).getHostString();
  }

  int port() {
    return parse(address).getPort();
  }

  /**
   * Asks whether its server lives. A process that was stopped (SIGSTOP) still has its connections
   * taken by the kernel: hence the greeting, which only the server itself answers.
   */
  State probe() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host(), port()), PATIENCE_MS);
      socket.setSoTimeout(PATIENCE_MS);
      socket.getOutputStream().write(GREETING);
      socket.getOutputStream().flush();
      return socket.getInputStream().read() >= 0 ? State.ALIVE : State.GONE;
    } catch (SocketTimeoutException e) {
      return State.SILENT;
    } catch (IOException e) {
      return State.GONE; // refused, reset, or no host of this name
    }
  }

  /** Asks all at once: one that is silent takes {@value #PATIENCE_MS} ms. */
  static List<State> probe(List<Peer> peers) {
    return peers.parallelStream().map(Peer::probe).toList();
  }

  @Override
  public String toString() {
    return "worker " + rank + " at " + address;
  }
}
