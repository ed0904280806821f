package org.medoid.training;

import java.util.LinkedHashMap;
import java.util.Map;
import org.medoid.graph.ChunkedStep;
import org.medoid.graph.StepRates;
import org.medoid.graph.TrainingGraph;
import org.medoid.training.data.BatchSampler;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Takes the steps of a run one after the other: with whole batches, chunks or kept features. */
interface Stepper extends AutoCloseable {

  /**
   * Takes the next step.
   *
   * @param labels int64 [m], of the share
   * @param rates learning rates and margin multiplier
   * @return {@code loss} and the scores of the loss, before the step, and the workers' {@code
   *     flags}
   */
  Map<String, Float> step(TInt64 labels, StepRates rates);

  @Override
  void close();

  /** Runs a whole batch through the graph, what is fed being images or features. */
  static Map<String, Float> whole(
      Session session,
      TrainingGraph graph,
      Operand<TFloat32> input,
      TFloat32 batch,
      TInt64 labels,
      StepRates rates) {
    Map<String, Operand<TFloat32>> told = new LinkedHashMap<>();
    told.put(TrainingGraph.LOSS, graph.loss());
    told.putAll(graph.scores());
    told.put(TrainingGraph.FLAGS, graph.flags());
    Session.Runner runner =
        session.runner().feed(input, batch).feed(graph.labels(), labels).addTarget(graph.step());
    told.values().forEach(runner::fetch);
    try (StepRates.Fed fed = rates.tensors();
        Result result = graph.exchange().timed(fed.into(runner, graph)).run()) {
      Map<String, Float> values = new LinkedHashMap<>();
      int at = 0;
      for (String name : told.keySet()) {
        values.put(name, ((TFloat32) result.get(at++)).getFloat());
      }
      return values;
    }
  }

  /** Whole batches of images. */
  record Whole(Session session, TrainingGraph graph, ImageFeed images) implements Stepper {
    @Override
    public Map<String, Float> step(TInt64 labels, StepRates rates) {
      try (TFloat32 batch = images.next()) {
        return whole(session, graph, graph.images(), batch, labels, rates);
      }
    }

    @Override
    public void close() {
      images.close();
    }
  }

  /** Batches in chunks, which are read twice: kept, they would need the memory that is saved. */
  record Chunked(ChunkedStep chunked, int chunks, ImageFeed first, ImageFeed second)
      implements Stepper {
    @Override
    public Map<String, Float> step(TInt64 labels, StepRates rates) {
      return chunked.run(chunks, first::next, second::next, labels, rates);
    }

    @Override
    public void close() {
      first.close();
      second.close();
    }
  }

  /** Batches of the features of a frozen backbone, computed once. */
  final class Features implements Stepper {
    private final Session session;
    private final TrainingGraph graph;
    private final BatchSampler sampler;
    private final Share share;
    private final float[] rows;
    private final int width;
    private long step;

    /**
     * Prepares.
     *
     * @param features a row for each training image
     * @param firstStep the step of the first batch
     */
    Features(
        Session session,
        TrainingGraph graph,
        BatchSampler sampler,
        Share share,
        FeatureCache.Rows features,
        long firstStep) {
      this.session = session;
      this.graph = graph;
      this.sampler = sampler;
      this.share = share;
      this.rows = features.values();
      this.width = features.width();
      this.step = firstStep;
    }

    @Override
    public Map<String, Float> step(TInt64 labels, StepRates rates) {
      int[] images = share.of(sampler.batch(step++));
      float[] batch = new float[images.length * width];
      for (int i = 0; i < images.length; i++) {
        System.arraycopy(rows, images[i] * width, batch, i * width, width);
      }
      try (TFloat32 features =
          TFloat32.tensorOf(Shape.of(images.length, width), DataBuffers.of(batch))) {
        return whole(session, graph, graph.features(), features, labels, rates);
      }
    }

    @Override
    public void close() {}
  }
}
