package org.medoid.graph.distributed;

import java.io.IOException;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Session;

/** {@link Worker#alone()}. */
final class Single implements Worker {
  private String text;

  @Override
  public int workers() {
    return 1;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public Session session(Graph graph) {
    return new Session(graph);
  }

  @Override
  public Exchange exchange() {
    return Exchange.ALONE;
  }

  @Override
  public void publish(String text) {
    this.text = text;
  }

  @Override
  public String published() {
    return text;
  }

  @Override
  public void agree(Map<String, String> facts) {}

  @Override
  public <T> T together(Task<T> own) throws IOException {
    return own.run();
  }

  @Override
  public float[] sum(float a, float b) {
    return new float[] {a, b};
  }

  @Override
  public RuntimeException explain(RuntimeException failure) {
    return failure;
  }

  @Override
  public void leave() {}
}
