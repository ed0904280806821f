package org.medoid.graph;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A training step in the memory of a part of its batch. The facility location loss compares
 * clusterings of the whole batch and cannot be summed over parts of it, but given its gradient in
 * the embeddings, the rest of the way back can:
 *
 * <ol>
 *   <li>each chunk of images is embedded, nothing but the embeddings [m, d] is kept;
 *   <li>the loss is solved once, over all m embeddings, with its gradient in them;
 *   <li>each chunk goes through the network again, forwards and, from its rows of that gradient,
 *       backwards; the gradients of the variables are summed;
 *   <li>with the last chunk the optimizer moves the variables by the sums.
 * </ol>
 *
 * <p>Of several workers each has its chunks of the batch; they exchange embeddings before the
 * second and gradients before the last of these. All must take their steps in chunks, or none.
 *
 * <p>This is the step of the whole batch, up to the order of summation. It costs one more pass
 * forwards (a third more time), and memory for the activations of a chunk instead of the batch, and
 * twice for the gradients.
 */
public final class ChunkedStep {
  private final Session session;
  private final TrainingGraph graph;
  private final Chunks parts;

  /**
   * Prepares.
   *
   * @param session of the graph
   * @param graph made for chunks
   * @throws IllegalArgumentException if it was made for whole batches
   */
  public ChunkedStep(Session session, TrainingGraph graph) {
    if (graph.chunks() == null) {
      throw new IllegalArgumentException("the graph was built for whole batches, not for chunks");
    }
    this.session = session;
    this.graph = graph;
    this.parts = graph.chunks();
  }

  /**
   * Does one step.
   *
   * @param chunks how many this worker has, 2 or more
   * @param first gives the chunks' images in turn, float [chunk, h, w, 3]; closed here
   * @param second gives the same images again
   * @param labels int64 [m], of all chunks in turn
   * @param rates learning rates and margin multiplier
   * @return the value of the loss before the step as {@code loss}, its scores, and the {@code
   *     flags} of all workers
   */
  public Map<String, Float> run(
      int chunks,
      Supplier<TFloat32> first,
      Supplier<TFloat32> second,
      TInt64 labels,
      StepRates rates) {
    if (chunks < 2) {
      throw new IllegalArgumentException("a batch in chunks has two or more, not " + chunks);
    }
    int size = Math.toIntExact(labels.size());
    int d = Math.toIntExact(parts.batch().asOutput().shape().get(1));
    FloatDataBuffer rows = DataBuffers.ofFloats((long) size * d);
    long filled = 0;
    for (int k = 0; k < chunks; k++) {
      try (TFloat32 images = first.get();
          Result result =
              session.runner().feed(graph.images(), images).fetch(graph.embeddings()).run()) {
        TFloat32 chunk = (TFloat32) result.get(0);
        chunk.copyTo(rows.offset(filled).narrow(chunk.size()));
        filled += chunk.size();
      }
    }
    Map<String, Operand<TFloat32>> told = new LinkedHashMap<>();
    told.put(TrainingGraph.LOSS, graph.loss());
    told.putAll(graph.scores());
    Session.Runner runner = session.runner().feed(graph.labels(), labels);
    runner.fetch(parts.batchGradient());
    parts.lossOwn().forEach(runner::fetch);
    told.values().forEach(runner::fetch);
    try (StepRates.Fed fed = rates.tensors();
        TFloat32 all = TFloat32.tensorOf(Shape.of(size, d), rows);
        Result result =
            graph.exchange().timed(fed.into(runner, graph).feed(parts.batch(), all)).run()) {
      ((TFloat32) result.get(0)).copyTo(rows);
      float flags = back(chunks, second, rows, d, result, rates);
      Map<String, Float> values = new LinkedHashMap<>();
      int at = 1 + parts.lossOwn().size();
      for (String name : told.keySet()) {
        values.put(name, ((TFloat32) result.get(at++)).getFloat());
      }
      values.put(TrainingGraph.FLAGS, flags);
      return values;
    }
  }

  /** Sums the gradients over the chunks and, with the last, moves the variables; the flags. */
  private float back(
      int chunks,
      Supplier<TFloat32> second,
      FloatDataBuffer gradient,
      int d,
      Result ofLoss,
      StepRates rates) {
    int models = parts.own().size();
    Result sums = null;
    float flags = 0;
    try {
      long done = 0;
      for (int k = 0; k < chunks; k++) {
        try (TFloat32 images = second.get();
            TFloat32 share =
                TFloat32.tensorOf(
                    Shape.of(images.shape().get(0), d),
                    gradient.offset(done).narrow(images.shape().get(0) * d))) {
          done += share.size();
          Session.Runner runner =
              session.runner().feed(graph.images(), images).feed(parts.gradient(), share);
          for (int i = 0; sums != null && i < models; i++) {
            runner.feed(parts.carried().get(i), sums.get(i));
          }
          if (k == chunks - 1) {
            for (int i = models; i < parts.carried().size(); i++) {
              runner.feed(parts.carried().get(i), ofLoss.get(1 + i - models));
            }
            runner.addTarget(graph.step()).fetch(graph.flags());
            try (StepRates.Fed fed = rates.tensors();
                Result told = graph.exchange().timed(fed.into(runner, graph)).run()) {
              flags = ((TFloat32) told.get(0)).getFloat();
            }
          } else {
            (sums == null ? parts.own() : parts.sums()).forEach(runner::fetch);
            Result next = runner.run();
            if (sums != null) {
              sums.close();
            }
            sums = next;
          }
        }
      }
    } finally {
      if (sums != null) {
        sums.close();
      }
    }
    return flags;
  }
}
