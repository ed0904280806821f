package org.medoid.training;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.medoid.graph.StepRates;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.network.LayerVariable;
import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.settings.ScheduleSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** A run while it trains, as a {@link TrainingListener} sees it. */
public final class TrainingRun {
  /** A flag that outweighs those of all workers that are being stopped. */
  private static final int FINISH = 1 << 16;

  private final Trainer trainer;
  private final ScheduleSettings schedule;
  private final TrainingData data;
  private final BatchSampler sampler;
  private final Session session;
  private final TrainingGraph training;
  private final RunFolder folder;
  private final Checkpoints checkpoints;
  private final Scoring scoring;
  private final Schedules schedules;
  private final int[] labels;
  private final long first;
  private final Worker worker;

  /** Asked for by a listener; other workers hear of it with the next step. */
  private volatile boolean asked;

  private boolean finished;
  private boolean stopped;
  private float[] testEmbeddings;

  TrainingRun(
      Trainer trainer,
      TrainingData data,
      BatchSampler sampler,
      Session session,
      TrainingGraph training,
      RunFolder folder,
      Checkpoints checkpoints,
      Scoring scoring,
      long first) {
    this.trainer = trainer;
    this.schedule = trainer.settings().schedule();
    this.data = data;
    this.sampler = sampler;
    this.session = session;
    this.training = training;
    this.folder = folder;
    this.checkpoints = checkpoints;
    this.scoring = scoring;
    schedules = new Schedules(trainer.settings(), data.train().size());
    labels = data.train().labels();
    this.first = first;
    worker = trainer.worker();
  }

  /**
   * The run's folder.
   *
   * @return the folder
   */
  public RunFolder folder() {
    return folder;
  }

  /**
   * What the run was told.
   *
   * @return the settings
   */
  public TrainingSettings settings() {
    return trainer.settings();
  }

  /**
   * The run's checkpoints.
   *
   * @return which there are, and their scores
   */
  public Checkpoints checkpoints() {
    return checkpoints;
  }

  /**
   * Where the run began, or began again.
   *
   * @return steps done before, 0 for a new run
   */
  public long firstStep() {
    return first;
  }

  /**
   * The images that are scored on the way.
   *
   * @return null if there are none
   */
  public ImageDataSet watched() {
    return data.watched();
  }

  /**
   * What chooses the checkpoint.
   *
   * @return {@link Choice#LAST} too where there were too few classes to hold some out
   */
  public Choice choice() {
    return data.choice();
  }

  /**
   * The graph that trains.
   *
   * @return its definition
   */
  public GraphDef graph() {
    return training.graph().toGraphDef();
  }

  /**
   * The images of the first batch, or of its first chunk, as the network sees them.
   *
   * @return float [rows, height, width, 3]; the caller closes it
   */
  public TFloat32 firstBatch() {
    try (ImageFeed feed = trainer.feed(0)) {
      return feed.next();
    }
  }

  /**
   * The trainable weights as they are now.
   *
   * @return the values by the variable's name
   */
  public Map<String, float[]> weights() {
    List<LayerVariable> trained =
        training.variables().stream().filter(LayerVariable::trainable).toList();
    Map<String, float[]> weights = new LinkedHashMap<>();
    if (trained.isEmpty()) {
      return weights;
    }
    // In one run: each set of fetches is a graph of its own to TensorFlow, pruned and optimised
    // before it first runs, 0.1 s and more for a large network.
    Session.Runner runner = session.runner();
    trained.forEach(each -> runner.fetch(each.variable()));
    try (Result result = runner.run()) {
      for (int i = 0; i < trained.size(); i++) {
        float[] values = new float[Math.toIntExact(trained.get(i).shape().size())];
        ((TFloat32) result.get(i)).copyTo(DataBuffers.of(values, false, false));
        weights.put(trained.get(i).name(), values);
      }
    }
    return weights;
  }

  /**
   * What the result was scored on, from when the run has ended: the test classes by the chosen
   * checkpoint.
   *
   * @return float32 [n · d], row-major, a row for each image of the test classes in their order;
   *     null before, and in a trial, which does not see them
   */
  public float[] testEmbeddings() {
    return testEmbeddings;
  }

  /**
   * Ends the training after the current step, as if it were the last one. Several workers end after
   * the next one, unless this one was evaluated.
   */
  public void finish() {
    asked = true;
  }

  /**
   * Takes the steps that are left and scores the chosen checkpoint. Of several workers only the
   * first has listeners, a folder and a result.
   */
  TrainingResult go(Stepper stepper, TrainingListener listeners) throws IOException {
    Closeable end = listeners::closed; // what it throws does not hide why the run failed
    try (end) {
      worker.together(
          () -> {
            listeners.started(this);
            return null;
          });
      agree();
      train(stepper, listeners);
      TrainingResult result = result();
      return worker.together(
          () -> {
            if (worker.leads() && !trainer.trial() && isNew(result)) {
              folder.writeJson(TrainingResult.FILE, result);
            }
            listeners.ended(this, result);
            return result;
          });
    }
  }

  /** A finished run that is resumed keeps what a program wrote beside the scores, as demo does. */
  private boolean isNew(TrainingResult result) throws IOException {
    TrainingResult earlier = folder.result().orElse(null);
    return earlier == null
        || earlier.checkpoint() != result.checkpoint()
        || earlier.chosenOn() != result.chosenOn()
        || !earlier.scores().recallAt().keySet().containsAll(result.scores().recallAt().keySet());
  }

  private void train(Stepper stepper, TrainingListener listeners) throws IOException {
    if (schedule.steps() == 0 || finished) {
      worker.together(
          () -> {
            if (worker.leads() && !checkpoints.any()) {
              checkpoints.write(session, 0, null);
            }
            return null;
          });
    }
    if (first > 0 && due(first) && watches() && unscored()) {
      Optional<StepMetrics> row = worker.leads() ? checkpoints.metrics() : Optional.empty();
      evaluated(row.orElse(StepMetrics.lost(first)), first, listeners);
      agree();
    }
    for (long step = first; step < schedule.steps() && !finished; step++) {
      StepMetrics row = step(stepper, step);
      boolean due = due(step + 1);
      boolean saved = due || stopped;
      if (saved) {
        write(step + 1, row);
      }
      if (due && watches()) {
        evaluated(row, step + 1, listeners);
      } else {
        listeners.step(this, row);
      }
      if (saved || worker.workers() == 1) {
        agree();
      }
      if (stopped && !saved) { // a listener, or while it was told
        write(step + 1, row);
        saved = true;
      }
      if (saved && stopped && step + 1 < schedule.steps()) {
        throw new CancellationException(
            "stopped after step %d of %d".formatted(step + 1, schedule.steps()));
      }
      if (finished && !saved) {
        write(step + 1, row);
      }
    }
  }

  /** Whether the newest checkpoint was not evaluated, because the run was stopped meanwhile. */
  private boolean unscored() {
    return worker.sum(worker.leads() && checkpoints.evaluatedStep() < first ? 1 : 0, 0)[0] > 0;
  }

  /** What all workers want: whether a program ends, whether a listener asked for the end. */
  private void agree() {
    float[] sums = worker.sum(trainer.stopped() ? 1 : 0, worker.leads() && asked ? 1 : 0);
    stopped |= sums[0] > 0;
    finished |= sums[1] > 0;
  }

  private void write(long steps, StepMetrics row) throws IOException {
    worker.together(() -> worker.leads() ? checkpoints.write(session, steps, row) : null);
  }

  /** Evaluates the newest checkpoint and tells the listeners, of its step too. */
  private void evaluated(StepMetrics row, long steps, TrainingListener listeners)
      throws IOException {
    float[] embeddings = scoring.watched(worker.leads() ? checkpoints.latest() : null, session);
    worker.together(
        () -> {
          if (worker.leads()) {
            StepEvaluation evaluation = scoring.scoreWatched(steps, embeddings);
            EvaluationResult scores = evaluation.scores();
            if (data.choice() != Choice.LAST) {
              checkpoints.scored(scores.recallAt().get(1), scores.nmi());
            }
            listeners.evaluated(this, evaluation);
            listeners.step(this, row.evaluated(scores.nmi(), scores.recallAt().get(1)));
            checkpoints.evaluated(); // last: a run that is killed before tells its listeners again
          }
          return null;
        });
  }

  /** Whether there are images to score on the way; an untrained network is not chosen. */
  private boolean watches() {
    return data.watched() != null && schedule.steps() > 0;
  }

  /** Whether to evaluate after so many steps. */
  private boolean due(long steps) {
    return steps == schedule.steps()
        || (schedule.evalEvery() > 0 && steps % schedule.evalEvery() == 0);
  }

  private StepMetrics step(Stepper stepper, long step) {
    long before = System.nanoTime();
    StepRates rates =
        schedules.at(step).withFlags((trainer.stopped() ? 1 : 0) + (asked ? FINISH : 0));
    int[] images = trainer.share().of(sampler.batch(step));
    try (TInt64 classes =
        TInt64.vectorOf(Arrays.stream(images).mapToLong(i -> labels[i]).toArray())) {
      Map<String, Float> values = stepped(stepper, classes, rates, step + 1);
      int flags = Math.round(values.get(TrainingGraph.FLAGS));
      stopped |= worker.workers() == 1 ? trainer.stopped() : flags % FINISH > 0;
      finished |= flags >= FINISH;
      float value = values.get(TrainingGraph.LOSS);
      if (!Float.isFinite(value)) {
        throw new DivergedException("step %d: the loss is %s".formatted(step + 1, value));
      }
      float distance = values.get("mean_distance");
      if (!Float.isFinite(distance)) { // a loss of the user's own need not show it
        throw new DivergedException(
            "step %d: the mean distance of embeddings is %s".formatted(step + 1, distance));
      }
      return new StepMetrics(
          step + 1,
          (System.nanoTime() - before) / 1e9,
          value,
          values.getOrDefault("agreement", Float.NaN),
          values.getOrDefault("facility_score", Float.NaN),
          values.getOrDefault("oracle_score", Float.NaN),
          rates.marginMultiplier(),
          rates.learningRate(),
          Double.NaN,
          Double.NaN,
          distance,
          values.get("effective_rank"));
    }
  }

  private Map<String, Float> stepped(Stepper stepper, TInt64 labels, StepRates rates, long step) {
    try {
      return stepper.step(labels, rates);
    } catch (RuntimeException e) {
      DivergedException diverged = DivergedException.of(step, e);
      throw diverged == null ? worker.explain(e) : diverged;
    }
  }

  private TrainingResult result() throws IOException {
    worker.together(
        () -> {
          if (worker.leads() && checkpoints.bestStep() != checkpoints.latestStep()) {
            Checkpoints.restore(session, checkpoints.best());
          }
          return null;
        });
    if (worker.workers() > 1) {
      trainer.synchronize(session, training);
    }
    Path chosen = worker.leads() ? checkpoints.best() : null;
    boolean trial = trainer.trial();
    float[] embeddings = trial ? scoring.watched(chosen, session) : scoring.test(chosen, session);
    testEmbeddings = trial ? null : embeddings;
    return worker.together(
        () ->
            worker.leads()
                ? new TrainingResult(
                    trial
                        ? scoring.scoreWatched(checkpoints.bestStep(), embeddings).scores()
                        : scoring.scoreTest(embeddings),
                    checkpoints.bestStep(),
                    data.choice())
                : null);
  }
}
