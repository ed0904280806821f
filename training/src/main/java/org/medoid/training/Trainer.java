package org.medoid.training;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.RmsProp;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.FacilityLocation;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImagePipeline;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Trains an embedding network in a run folder: batches of a set number of classes, the loss,
 * RMSProp with a margin multiplier that decays, evaluation on unseen classes, checkpoints.
 *
 * <p>Batches, crops and initial weights depend on the seed and the step alone, and a checkpoint
 * holds every variable, so that a run that goes on from a checkpoint takes the same steps as one
 * that was never interrupted.
 */
public final class Trainer {
  /** The losses that a run may name. */
  public static final List<String> LOSSES = List.of("facility_location");

  private static final List<String> SCORES = List.of("agreement", "facility_score", "oracle_score");

  private final RunFolder folder;
  private final TrainingSettings settings;
  private final DataSplit data;
  private final Network network;
  private final EmbeddingHead head;
  private final BatchSampler sampler;
  private final ExponentialDecay gamma;

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
    int epoch = (data.train().size() + settings.batch() - 1) / settings.batch();
    gamma =
        new ExponentialDecay(
            settings.gamma(),
            settings.gammaDecay(),
            settings.gammaDecaySteps() == 0 ? epoch : settings.gammaDecaySteps());
    if (!LOSSES.contains(settings.loss())) {
      throw new IllegalArgumentException(
          "--loss " + settings.loss() + ": no such loss; losses are " + String.join(", ", LOSSES));
    }
  }

  /**
   * Trains from the newest checkpoint, or from the start if there is none, to the last step.
   *
   * @param progress told of every step, in the calling thread
   * @return the scores on the unseen classes after the last step
   * @throws IOException if the run folder cannot be written; the newest checkpoint is then still
   *     there
   */
  public EvaluationResult run(Consumer<StepMetrics> progress) throws IOException {
    Checkpoints checkpoints = Checkpoints.of(folder);
    long start = checkpoints.any() ? checkpoints.latestStep() : 0;
    folder.cutMetrics(start);
    try (Graph graph = new Graph();
        MetricsLog log = new MetricsLog(folder.path());
        EventWriter events = new EventWriter(folder.path().resolve("events"))) {
      Ops tf = Ops.create(graph);
      ImagePipeline pipeline =
          ImagePipeline.training(
              tf,
              data.train(),
              settings.batch(),
              settings.imageSize(),
              settings.resize(),
              settings.mirror(),
              settings.seed());
      TrainingGraph training =
          new TrainingGraph(
              tf,
              network,
              head,
              pipeline.images(),
              pipeline.labels(),
              loss(),
              RmsProp.defaults(),
              Layers.Options.defaults().withSeed(settings.seed()));
      try (Session session = new Session(graph)) {
        if (checkpoints.any()) {
          session.restore(checkpoints.latest().toString());
        } else {
          session.initialize();
        }
        pipeline.start(session, indices(start), start * settings.batch());
        return steps(session, training, start, checkpoints, log, events, progress);
      }
    }
  }

  private EvaluationResult steps(
      Session session,
      TrainingGraph training,
      long start,
      Checkpoints checkpoints,
      MetricsLog log,
      EventWriter events,
      Consumer<StepMetrics> progress)
      throws IOException {
    EvaluationResult last = null;
    for (long step = start; step < settings.steps(); step++) {
      StepMetrics row = step(session, training, step);
      boolean end = step + 1 == settings.steps();
      if (end || (settings.evalEvery() > 0 && (step + 1) % settings.evalEvery() == 0)) {
        try (InferenceGraph inference =
            InferenceGraph.restored(
                network, head, settings.imageSize(), checkpoints.write(session, step + 1))) {
          last = evaluate(inference);
        }
        checkpoints.keep(step + 1, last.recallAt().get(1));
        row = row.evaluated(last.nmi(), last.recallAt().get(1));
      }
      log.add(row);
      publish(events, row);
      progress.accept(row);
    }
    return last != null ? last : evaluateLatest(checkpoints);
  }

  private StepMetrics step(Session session, TrainingGraph training, long step) {
    long before = System.nanoTime();
    Session.Runner runner = session.runner().fetch(training.loss()).addTarget(training.step());
    List<Operand<TFloat32>> scores = new ArrayList<>();
    for (String name : SCORES) {
      Operand<TFloat32> score = training.scores().get(name);
      if (score != null) {
        scores.add(score);
        runner.fetch(score);
      }
    }
    double multiplier = gamma.at(step);
    try (TFloat32 rate = TFloat32.scalarOf((float) settings.learningRate());
        TFloat32 margin = TFloat32.scalarOf((float) multiplier);
        Result result =
            runner
                .feed(training.learningRate(), rate)
                .feed(training.marginMultiplier(), margin)
                .run()) {
      double[] values = new double[1 + SCORES.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = i <= scores.size() ? ((TFloat32) result.get(i)).getFloat() : Double.NaN;
      }
      return new StepMetrics(
          step + 1,
          (System.nanoTime() - before) / 1e9,
          values[0],
          values[1],
          values[2],
          values[3],
          multiplier,
          settings.learningRate(),
          Double.NaN,
          Double.NaN);
    }
  }

  /** The images of all batches from a step on, in one sequence. */
  private int[] indices(long start) {
    int batches = Math.toIntExact(settings.steps() - start);
    int[] all = new int[Math.multiplyExact(batches, settings.batch())];
    for (int i = 0; i < batches; i++) {
      System.arraycopy(sampler.batch(start + i), 0, all, i * settings.batch(), settings.batch());
    }
    return all;
  }

  private BatchLoss.Builder loss() {
    return FacilityLocation.builder(
        FacilityLocationLoss.margin(settings.margin()).localSearch(settings.localSearch()));
  }

  private EvaluationResult evaluate(InferenceGraph inference) {
    float[] embeddings =
        Embedder.embed(
            inference.session(),
            InferenceGraph.INPUT,
            InferenceGraph.OUTPUT,
            data.test(),
            settings.imageSize(),
            settings.resize());
    return Evaluator.evaluate(
        embeddings,
        data.test().size(),
        settings.embeddingSize(),
        data.test().labels(),
        Evaluator.Options.defaults());
  }

  private EvaluationResult evaluateLatest(Checkpoints checkpoints) throws IOException {
    try (InferenceGraph inference =
        InferenceGraph.restored(network, head, settings.imageSize(), checkpoints.latest())) {
      return evaluate(inference);
    }
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
