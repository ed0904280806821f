package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.RmsProp;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.Weights;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Trains an embedding network in a run folder: batches of a set number of classes, the loss,
 * RMSProp with a margin multiplier that decays, evaluation on unseen classes, checkpoints.
 *
 * <p>Batches, crops and initial weights depend on the seed and the step alone, and a checkpoint
 * holds every variable, so that a run that goes on from a checkpoint takes the same steps as one
 * that was never interrupted.
 */
public final class Trainer {
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final RunFolder folder;
  private final TrainingSettings settings;
  private final DataSplit data;
  private final Network network;
  private final EmbeddingHead head;
  private final BatchSampler sampler;
  private final ExponentialDecay gamma;
  private final ExponentialDecay learningRate;
  private Evaluator.Options evaluation = Evaluator.Options.defaults();
  private volatile boolean stopped;

  /**
   * Prepares a run.
   *
   * @param folder the run's folder
   * @param data the images to train on, and those of unseen classes to evaluate with
   * @throws IOException if the run's settings cannot be read
   * @throws IllegalArgumentException if the settings do not fit together or the data
   */
  public Trainer(RunFolder folder, DataSplit data) throws IOException {
    this.folder = folder;
    this.settings = folder.settings();
    this.data = data;
    network = Networks.of(settings.model());
    head = new EmbeddingHead(settings.embeddingSize());
    sampler =
        new BatchSampler(
            data.train(), settings.batch(), settings.classesPerBatch(), settings.seed());
    long epoch = (data.train().size() + settings.batch() - 1L) / settings.batch();
    gamma = decay(settings.gamma(), settings.gammaDecay(), settings.gammaDecaySteps(), epoch);
    learningRate =
        decay(
            settings.learningRate(),
            settings.learningRateDecay(),
            settings.learningRateDecaySteps(),
            epoch);
    if (!Losses.names().contains(settings.loss())) {
      throw new IllegalArgumentException(
          "--loss "
              + settings.loss()
              + ": no such loss; losses are "
              + String.join(", ", Losses.names()));
    }
  }

  private static ExponentialDecay decay(double initial, double rate, long steps, long epoch) {
    return new ExponentialDecay(initial, rate, steps == 0 ? epoch : steps);
  }

  /**
   * Sets the K of Recall@K in the scores that {@link #run} returns; 1, 2, 4 and 8 unless told.
   *
   * @param recallAt the K, among them 1
   * @return this
   * @throws IllegalArgumentException if 1 is missing, or one is less than 1
   */
  public Trainer withRecallAt(List<Integer> recallAt) {
    if (!recallAt.contains(1)) {
      throw new IllegalArgumentException("checkpoints are chosen by Recall@1: it must be there");
    }
    evaluation = evaluation.withRecallAt(recallAt);
    return this;
  }

  /**
   * Asks a run to end after its current step, or evaluation, with a checkpoint. May be called by
   * any thread.
   */
  public void stop() {
    stopped = true;
  }

  /**
   * Trains from the newest checkpoint, or from the start if there is none, to the last step.
   *
   * @param progress told of every step, in the calling thread
   * @return the scores on the unseen classes after the last step
   * @throws IOException if the run folder cannot be written, or a file not be read; the newest
   *     checkpoint is then still there
   * @throws CancellationException if {@link #stop} ended the run before its last step; a new
   *     trainer goes on from there
   */
  public EvaluationResult run(Consumer<StepMetrics> progress) throws IOException {
    Checkpoints checkpoints = Checkpoints.of(folder);
    long start = checkpoints.any() ? checkpoints.latestStep() : 0;
    folder.cutMetrics(start);
    try (Graph graph = new Graph();
        MetricsLog log = new MetricsLog(folder.path());
        EventWriter events = new EventWriter(folder.path().resolve("events"))) {
      TrainingGraph training = build(Ops.create(graph));
      try (Session session = new Session(graph)) {
        if (checkpoints.any()) {
          session.restore(checkpoints.latest().toString());
        } else {
          initialize(session, training);
          events.graph(graph.toGraphDef());
          try (ImageFeed feed = feed(0);
              TFloat32 batch = feed.next()) {
            events.images(0, "train/batch", batch);
          }
        }
        FeatureCache features =
            settings.frozenFeatures() ? new FeatureCache(folder, session, training, data) : null;
        try (Stepper stepper = stepper(session, training, features, start)) {
          return new Run(
                  session,
                  training,
                  features,
                  checkpoints,
                  events,
                  row -> {
                    log.add(row);
                    publish(events, row);
                    progress.accept(row);
                  })
              .from(start, stepper);
        }
      }
    }
  }

  private TrainingGraph build(Ops tf) {
    boolean frozen = settings.freezeBackbone() || settings.frozenFeatures();
    Layers.Options options =
        Layers.Options.defaults()
            .withSeed(settings.seed())
            .withFreezeBackbone(frozen)
            .withBatchNormalization(
                settings.batchNorm().equals("frozen")
                    ? Layers.BatchNormalization.FROZEN
                    : Layers.BatchNormalization.TRAIN);
    RmsProp optimizer =
        RmsProp.defaults()
            .withWeightDecay((float) settings.weightDecay())
            .withClipNorm((float) settings.clipNorm())
            .withBackboneRate((float) settings.backboneRateMultiplier());
    long rows = settings.frozenFeatures() ? Shape.UNKNOWN_SIZE : rows();
    Placeholder<TFloat32> images =
        tf.withName("images")
            .placeholder(
                TFloat32.class,
                Placeholder.shape(Shape.of(rows, settings.imageSize(), settings.imageSize(), 3)));
    Placeholder<TInt64> labels =
        tf.withName("labels")
            .placeholder(TInt64.class, Placeholder.shape(Shape.of(settings.batch())));
    return rows() < settings.batch()
        ? TrainingGraph.inChunks(tf, network, head, images, labels, loss(), optimizer, options)
        : new TrainingGraph(tf, network, head, images, labels, loss(), optimizer, options);
  }

  /** Images that go through the network at once. */
  private int rows() {
    return settings.chunk() == 0 ? settings.batch() : settings.chunk();
  }

  private void initialize(Session session, TrainingGraph training) throws IOException {
    session.initialize();
    if (settings.weights() != null) {
      Weights.Report report =
          Weights.restore(
              session,
              training.variables().stream()
                  .filter(each -> each.group() == LayerVariable.Group.BACKBONE)
                  .toList(),
              Path.of(settings.weights()));
      report.lines().forEach(report.complete() ? LOG::info : LOG::warn);
    }
  }

  private Stepper stepper(
      Session session, TrainingGraph training, FeatureCache features, long start)
      throws IOException {
    if (features != null) {
      return new Stepper.Features(
          session, training, sampler, data.train(), features.train(), start);
    }
    return rows() == settings.batch()
        ? new Stepper.Whole(session, training, feed(start))
        : new Stepper.Chunked(
            session, training, settings.batch() / rows(), feed(start), feed(start));
  }

  private ImageFeed feed(long start) {
    return new ImageFeed(data.train(), settings, sampler, rows(), start);
  }

  /** Takes a row of metrics. */
  private interface Rows {
    void add(StepMetrics row) throws IOException;
  }

  /** One call of {@link Trainer#run}. */
  private final class Run {
    private final Session session;
    private final TrainingGraph training;
    private final FeatureCache features;
    private final Checkpoints checkpoints;
    private final EventWriter events;
    private final Rows rows;
    private final int[] labels = data.train().labels();
    private final NeighbourGrid grid = new NeighbourGrid(data.test());

    Run(
        Session session,
        TrainingGraph training,
        FeatureCache features,
        Checkpoints checkpoints,
        EventWriter events,
        Rows rows) {
      this.session = session;
      this.training = training;
      this.features = features;
      this.checkpoints = checkpoints;
      this.events = events;
      this.rows = rows;
    }

    EvaluationResult from(long start, Stepper stepper) throws IOException {
      EvaluationResult last = null;
      if (settings.steps() == 0 && !checkpoints.any()) {
        checkpoints.write(session, 0);
      }
      if (start > 0 && due(start) && checkpoints.evaluatedStep() < start) {
        last = evaluate();
        rows.add(StepMetrics.lost(start).evaluated(last.nmi(), last.recallAt().get(1)));
      }
      for (long step = start; step < settings.steps() && !enough(); step++) {
        StepMetrics row = step(stepper, step);
        boolean saved = due(step + 1) || stopped;
        if (saved) {
          checkpoints.write(session, step + 1);
        }
        if (due(step + 1)) {
          histograms(step + 1);
          last = evaluate();
          row = row.evaluated(last.nmi(), last.recallAt().get(1));
        }
        rows.add(row);
        if (saved && stopped && step + 1 < settings.steps()) {
          throw new CancellationException(
              "stopped after step %d of %d".formatted(step + 1, settings.steps()));
        }
      }
      return last != null ? last : score(embed());
    }

    /** Whether to evaluate after so many steps. */
    private boolean due(long steps) {
      return steps == settings.steps()
          || (settings.evalEvery() > 0 && steps % settings.evalEvery() == 0);
    }

    /** Whether the best score is too long ago. */
    private boolean enough() throws IOException {
      return settings.earlyStop() > 0
          && checkpoints.any()
          && checkpoints.evaluatedStep() - checkpoints.bestStep()
              >= settings.earlyStop() * settings.evalEvery();
    }

    private StepMetrics step(Stepper stepper, long step) {
      long before = System.nanoTime();
      double rate = learningRate.at(step);
      double multiplier = gamma.at(step);
      int[] images = sampler.batch(step);
      try (TInt64 classes =
              TInt64.vectorOf(Arrays.stream(images).mapToLong(i -> labels[i]).toArray());
          TFloat32 r = TFloat32.scalarOf((float) rate);
          TFloat32 m = TFloat32.scalarOf((float) multiplier)) {
        Map<String, Float> values = stepper.step(classes, r, m);
        float value = values.get("loss");
        if (!Float.isFinite(value)) {
          throw new IllegalStateException(
              "step %d: the loss is %s; lower --learning-rate or set --clip-norm"
                  .formatted(step + 1, value));
        }
        return new StepMetrics(
            step + 1,
            (System.nanoTime() - before) / 1e9,
            value,
            values.getOrDefault("agreement", Float.NaN),
            values.getOrDefault("facility_score", Float.NaN),
            values.getOrDefault("oracle_score", Float.NaN),
            multiplier,
            rate,
            Double.NaN,
            Double.NaN);
      }
    }

    /** Shows TensorBoard how the weights are spread. */
    private void histograms(long step) {
      for (LayerVariable each : training.variables()) {
        if (each.trainable()) {
          try (Result result = session.runner().fetch(each.variable()).run()) {
            float[] values = new float[Math.toIntExact(each.shape().size())];
            ((TFloat32) result.get(0)).copyTo(DataBuffers.of(values, false, false));
            events.histogram(step, "weights/" + each.name(), values);
          }
        }
      }
    }

    private EvaluationResult evaluate() throws IOException {
      float[] embeddings = embed();
      EvaluationResult result = score(embeddings); // refuses what is not finite, by its row
      events.histogram(checkpoints.latestStep(), "unseen/embeddings", embeddings);
      if (grid.any()) {
        try (TFloat32 picture = grid.draw(embeddings)) {
          events.images(checkpoints.latestStep(), "unseen/nearest", picture);
        }
      }
      checkpoints.evaluated(result.recallAt().get(1));
      return result;
    }

    /** Embeds the unseen images by the newest checkpoint, which the session holds too. */
    private float[] embed() throws IOException {
      if (features != null) {
        return features.embedTest();
      }
      try (InferenceGraph inference =
          InferenceGraph.restored(network, head, settings.imageSize(), checkpoints.latest())) {
        return Embedder.embed(inference, data.test(), settings.imageSize(), settings.resize());
      }
    }

    private EvaluationResult score(float[] embeddings) {
      int n = data.test().size();
      return Evaluator.evaluate(Embeddings.of(embeddings, n), data.test().labels(), evaluation);
    }
  }

  private BatchLoss.Builder loss() {
    FacilityLocationLoss.Options options =
        FacilityLocationLoss.margin(settings.margin())
            .localSearch(settings.localSearch())
            .distance(settings.distance())
            .start(settings.start())
            .seed(settings.seed());
    return Losses.of(
        settings.loss(),
        Losses.Settings.of(
            data.train().classNames().size(),
            settings.maxSweeps() == 0 ? options : options.maxSweeps(settings.maxSweeps())));
  }

  private static void publish(EventWriter events, StepMetrics row) {
    Map<String, Double> curves =
        Map.of(
            "train/loss", row.loss(),
            "train/agreement", row.agreement(),
            "train/facility_score", row.facilityScore(),
            "train/oracle_score", row.oracleScore(),
            "train/margin_multiplier", row.marginMultiplier(),
            "train/learning_rate", row.learningRate(),
            "unseen/nmi", row.evalNmi(),
            "unseen/recall_at_1", row.evalRecallAt1());
    curves.forEach(
        (tag, value) -> {
          if (!Double.isNaN(value)) {
            events.scalar(row.step(), tag, value);
          }
        });
  }
}
