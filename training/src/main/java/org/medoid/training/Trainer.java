package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.medoid.graph.ChunkedStep;
import org.medoid.graph.Optimizer;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.Network;
import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.ScheduleSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt64;

/**
 * Trains an embedding network in a run folder: batches of a set number of classes, a loss, an
 * optimizer, evaluation on classes that are held out, checkpoints; at the end the scores of the
 * chosen checkpoint on the test classes.
 *
 * <p>Batches, crops and initial weights depend on the seed and the step alone, and a checkpoint
 * holds every variable, so that a run that goes on from a checkpoint takes the same steps as one
 * that was never interrupted.
 *
 * <pre>{@code
 * TrainingSettings settings = TrainingSettings.of("icons", "own:tiny", s -> s.imageSize = 32);
 * TrainingResult result =
 *     new Trainer(settings, settings.openData())
 *         .withNetwork(new Tiny()) // implements Network
 *         .withListener(new MyProgress())
 *         .run(Path.of("run"));
 * }</pre>
 */
public final class Trainer {
  private final TrainingSettings settings;
  private final DataSplit split;
  private final TrainingData data;
  private final BatchSampler sampler;
  private final TrainingParts parts;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Evaluator.Options evaluation = Evaluator.Options.defaults();
  private Path features;
  private boolean trial;
  private final WorkerMeeting meeting = new WorkerMeeting();
  private Worker worker = Worker.alone();
  private Share share;

  /**
   * Prepares a run. Nothing is written.
   *
   * @param settings what it is told
   * @param data the images to train on, and those of unseen classes to score it with
   * @throws IOException if the network cannot be read
   * @throws IllegalArgumentException if the settings do not fit the data
   */
  public Trainer(TrainingSettings settings, DataSplit data) throws IOException {
    this.settings = settings;
    split = data;
    DataSettings batches = settings.data();
    this.data = TrainingData.of(data, settings);
    sampler =
        new BatchSampler(
            this.data.train(),
            batches.batch(),
            batches.classesPerBatch(),
            settings.schedule().seed());
    share = Share.of(batches, 1, 0);
    parts = new TrainingParts(settings, this.data.train().classNames().size());
    MixedPrecision.check(settings.optimizer().precision());
  }

  /**
   * Brings a network of your own. The settings name it {@code own:NAME} and say its image size.
   *
   * @param network the backbone
   * @return this
   * @throws SettingException if the settings name one of Medoid's
   */
  public Trainer withNetwork(Network network) {
    parts.bring(network);
    return this;
  }

  /**
   * Brings a loss of your own. The settings name it {@code own:NAME}; γ and its decay hold for it
   * if it takes the margin multiplier.
   *
   * @param loss adds the loss to a graph
   * @return this
   * @throws SettingException if the settings name one of Medoid's
   */
  public Trainer withLoss(BatchLoss.Builder loss) {
    parts.bring(loss);
    return this;
  }

  /**
   * Brings an optimizer of your own. The settings name it {@code own:NAME}; the learning rates are
   * those of the settings, its clipping and decay its own.
   *
   * @param optimizer moves the variables
   * @return this
   * @throws SettingException if the settings name one of Medoid's
   */
  public Trainer withOptimizer(Optimizer optimizer) {
    parts.bring(optimizer);
    return this;
  }

  /**
   * Trains as one of several workers. Each batch is shared among them; loss, schedules and learning
   * rates stay those of the whole batch, whatever their number. The first worker alone touches the
   * run folder and tells listeners; the others take the weights from it. A run that another number
   * of workers began can be resumed.
   *
   * @param worker this process's place among them
   * @return this
   * @throws SettingException if the batch cannot be shared evenly, or a share not be parted in
   *     chunks
   */
  public Trainer withWorker(Worker worker) {
    share = Share.of(settings.data(), worker.workers(), worker.rank());
    this.worker = worker;
    return this;
  }

  /**
   * Adds a listener, beside those that write {@code metrics.csv} and TensorBoard's events, stop
   * early and watch for a collapse.
   *
   * @param listener is told of every step
   * @return this
   */
  public Trainer withListener(TrainingListener listener) {
    listeners.add(Objects.requireNonNull(listener, "listener"));
    return this;
  }

  /**
   * Sets the K of Recall@K in the scores; 1, 2, 4 and 8 unless told.
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
   * Keeps the features of a frozen backbone in a folder that runs of the same backbone share, so
   * that they are computed once for all. Without, they are kept in the run's own.
   *
   * @param folder any folder; made when there are features to keep
   * @return this
   */
  public Trainer withFeaturesIn(Path folder) {
    features = folder;
    return this;
  }

  /**
   * Makes the run a trial of its settings: the test classes are left alone. The result's scores are
   * those of the chosen checkpoint on the held-out training classes that chose it, no {@code
   * result.json} is written and no events for TensorBoard.
   *
   * @return this
   * @throws SettingException if no training classes are held out, or there is no step to choose
   */
  public Trainer asTrial() {
    if (data.choice() != Choice.VALIDATION) {
      ScheduleSettings told = settings.schedule();
      boolean held = told.chooseOn() == Choice.VALIDATION || told.validationClasses() == 0;
      throw new SettingException(
          held ? "validation_classes" : "choose_on",
          (held ? told.validationClasses() : told.chooseOn().name().toLowerCase(Locale.ROOT))
              + ": a trial is scored on training classes that are held out, two or more, that choose"
              + " the checkpoint, and without which a batch can be drawn");
    }
    if (settings.schedule().steps() == 0) {
      throw new SettingException("steps", "0: a trial needs steps");
    }
    trial = true;
    return this;
  }

  boolean trial() {
    return trial;
  }

  /**
   * Asks a run to end after its current step or evaluation, with a checkpoint, or while it computes
   * features of a frozen backbone, which it keeps; all other workers' too. One that still waits for
   * the others fails at once. May be called by any thread.
   */
  public void stop() {
    meeting.stop();
  }

  /**
   * What the run is told.
   *
   * @return the settings
   */
  public TrainingSettings settings() {
    return settings;
  }

  boolean stopped() {
    return meeting.stopped();
  }

  /**
   * Trains anew, to the last step.
   *
   * @param folder the run folder: new, empty, or of a run that has not come to a checkpoint. It is
   *     made when all that can be checked has been
   * @return the scores of the chosen checkpoint, as in {@code result.json}; null for a worker that
   *     does not lead
   * @throws IOException if the folder holds something or cannot be written, or a file not be read;
   *     the newest checkpoint is then still there
   * @throws IllegalArgumentException if network, loss, optimizer and settings do not fit together
   * @throws IllegalStateException if another worker was told something else, failed or is gone
   * @throws CancellationException if {@link #stop}, or an interruption of this thread, ended the
   *     run before its last step, of whichever worker; {@link #resume} goes on from there
   */
  public TrainingResult run(Path folder) throws IOException {
    if (worker.leads()) {
      RunFolder.requireFree(folder);
    }
    return train(folder, null);
  }

  /**
   * Goes on from the newest checkpoint of a run, or from the start if there is none. Of several
   * workers the first one resumes, and the others {@link #run}.
   *
   * @param run its folder
   * @return the scores of the chosen checkpoint, as in {@code result.json}
   * @throws IOException as {@link #run}
   * @throws IllegalArgumentException if the run has other settings, which it names (for more steps
   *     there is {@link RunFolder#changeSteps}), or began with other images
   * @throws CancellationException as {@link #run}
   */
  public TrainingResult resume(RunFolder run) throws IOException {
    run.requireSettings(settings);
    run.requireUnchanged(split);
    return train(run.path(), run);
  }

  private TrainingResult train(Path path, RunFolder earlier) throws IOException {
    parts.requireAll();
    if (worker.leads() && isFresh(earlier)) {
      parts.requireWeights();
    }
    try (meeting;
        RunLock lock = new RunLock();
        Graph graph = new Graph()) {
      TrainingGraph training = parts.build(Ops.create(graph), share, worker.exchange());
      if (worker.workers() > 1) {
        meeting.agree(worker, WorkerFacts.of(settings, split, training));
      }
      try (Session session =
          MixedPrecision.session(settings.optimizer().precision(), graph, worker)) {
        RunFolder folder = worker.together(() -> prepared(session, training, path, earlier, lock));
        if (worker.workers() > 1) {
          synchronize(session, training);
        }
        Checkpoints checkpoints = folder == null ? null : Checkpoints.of(folder);
        long first = checkpoints != null && !checkpoints.any() ? 0 : globalStep(session, training);
        FeatureCache cache =
            settings.network().frozenFeatures()
                ? new FeatureCache(
                    keptIn(folder), settings, worker, session, training, split, this::stopped)
                : null;
        try (Scoring scoring =
                new Scoring(settings, split.test(), data, parts, cache, evaluation, worker);
            Stepper stepper = stepper(session, training, cache, first)) {
          TrainingResult result =
              new TrainingRun(
                      this, data, sampler, session, training, folder, checkpoints, scoring, first)
                  .go(
                      stepper,
                      worker.leads()
                          ? Listeners.of(settings.schedule(), trial, listeners)
                          : Listeners.NONE);
          worker.leave();
          return result;
        } catch (CancellationException e) {
          worker.leave(); // all of them were stopped
          throw e;
        }
      }
    }
  }

  /** Where features are kept; null for a worker that does not lead. */
  private Path keptIn(RunFolder folder) {
    return folder == null ? null : features == null ? folder.path() : features;
  }

  /** Whether a run starts from its first weights; a worker that does not lead is given others'. */
  private static boolean isFresh(RunFolder earlier) throws IOException {
    return earlier == null || !Checkpoints.of(earlier).any();
  }

  /** Gives the session its first weights; the run folder, null for a worker that does not lead. */
  private RunFolder prepared(
      Session session, TrainingGraph training, Path path, RunFolder earlier, RunLock lock)
      throws IOException {
    if (!worker.leads()) {
      session.initialize(); // to be overwritten by the weights of the worker that leads
      return null;
    }
    lock.take(path);
    boolean fresh = isFresh(earlier);
    if (fresh) {
      parts.initialize(session, training);
    }
    RunFolder folder = earlier == null ? RunFolder.create(path, settings) : earlier;
    if (fresh) {
      folder.keepData(split);
    } else {
      Checkpoints.restore(session, Checkpoints.of(folder).latest());
    }
    return folder;
  }

  /** Gives this worker the variables of the one that leads. */
  void synchronize(Session session, TrainingGraph training) {
    try {
      worker.exchange().timed(session.runner().addTarget(training.synchronize())).run().close();
    } catch (RuntimeException e) {
      throw worker.explain(e);
    }
  }

  private static long globalStep(Session session, TrainingGraph training) {
    try (Result step = session.runner().fetch(training.globalStep()).run()) {
      return ((TInt64) step.get(0)).getLong();
    }
  }

  Worker worker() {
    return worker;
  }

  Share share() {
    return share;
  }

  private Stepper stepper(Session session, TrainingGraph training, FeatureCache cache, long first)
      throws IOException {
    if (cache != null) {
      return new Stepper.Features(
          session, training, sampler, share, cache.train(data.trainRows()), first);
    }
    return share.inChunks()
        ? new Stepper.Chunked(
            new ChunkedStep(session, training),
            share.size() / share.rows(),
            feed(first),
            feed(first))
        : new Stepper.Whole(session, training, feed(first));
  }

  /** This worker's images of the batches from a step on. */
  ImageFeed feed(long first) {
    return new ImageFeed(data.train(), settings, sampler, share, first);
  }
}
