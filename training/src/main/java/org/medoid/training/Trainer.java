package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.medoid.graph.AdamW;
import org.medoid.graph.Optimizer;
import org.medoid.graph.RmsProp;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.Checkpoint;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.Weights;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.LossSettings;
import org.medoid.training.settings.Networks;
import org.medoid.training.settings.OptimizerSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
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
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final TrainingSettings settings;
  private final DataSplit split;
  private final TrainingData data;
  private final BatchSampler sampler;
  private final EmbeddingHead head;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Network network;
  private BatchLoss.Builder loss;
  private Optimizer optimizer;
  private Evaluator.Options evaluation = Evaluator.Options.defaults();
  private Path features;
  private boolean trial;
  private volatile boolean stopped;

  /** The thread of a run that waits for other workers to begin. */
  private Thread waiting;

  private Worker worker = Worker.alone();
  private Share share;

  /**
   * Prepares a run. Nothing is written.
   *
   * @param settings what it is told
   * @param data the images to train on, and those of unseen classes to score it with
   * @throws IOException if the network or its weights cannot be read
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
    head = new EmbeddingHead(settings.network().embedding());
    share = Share.of(batches, 1, 0);
    if (!Networks.isOwn(settings.network().model())) {
      network = Networks.of(settings.network());
    }
    if (!Networks.isOwn(settings.loss().loss())) {
      loss = loss(settings.loss(), settings.schedule().seed(), this.data);
    }
    if (!Networks.isOwn(settings.optimizer().optimizer())) {
      optimizer = optimizer(settings.optimizer());
    }
    MixedPrecision.check(settings.optimizer().precision());
    if (settings.network().weights() != null) {
      Checkpoint.read(Path.of(settings.network().weights())); // refuses what is none
    }
  }

  private static BatchLoss.Builder loss(LossSettings told, long seed, TrainingData data) {
    FacilityLocationLoss.Options options =
        FacilityLocationLoss.margin(told.margin().attribute())
            .localSearch(told.localSearch().attribute())
            .distance(told.distance().attribute())
            .start(told.start().attribute())
            .seed(seed);
    return Losses.of(
        told.loss(),
        Losses.Settings.of(
                data.train().classNames().size(),
                told.maxSweeps() == 0 ? options : options.maxSweeps(told.maxSweeps()))
            .withParameter(told.lossParameter()));
  }

  private static Optimizer optimizer(OptimizerSettings told) {
    float weightDecay = (float) told.weightDecay();
    float clipNorm = (float) told.clipNorm();
    return told.optimizer().equals(OptimizerSettings.ADAMW)
        ? AdamW.defaults().withWeightDecay(weightDecay).withClipNorm(clipNorm)
        : RmsProp.defaults().withWeightDecay(weightDecay).withClipNorm(clipNorm);
  }

  /**
   * Brings a network of your own. The settings name it {@code own:NAME} and say its image size.
   *
   * @param network the backbone
   * @return this
   * @throws SettingException if the settings name one of Medoid's
   */
  public Trainer withNetwork(Network network) {
    requireOwn("model", settings.network().model());
    this.network = network;
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
    requireOwn("loss", settings.loss().loss());
    this.loss = loss;
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
    requireOwn("optimizer", settings.optimizer().optimizer());
    this.optimizer = optimizer;
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

  private static void requireOwn(String setting, String name) {
    if (!Networks.isOwn(name)) {
      throw new SettingException(
          setting, name + ": is one of Medoid's; name your own own:NAME in the settings");
    }
  }

  private static void requireBrought(Object part, String setting, String name) {
    if (part == null) {
      throw new SettingException(
          setting, name + ": is known only to the program that trained it, which must bring it");
    }
  }

  /**
   * Adds a listener, beside those that write {@code metrics.csv} and TensorBoard's events, stop
   * early and watch for a collapse.
   *
   * @param listener is told of every step
   * @return this
   */
  public Trainer withListener(TrainingListener listener) {
    listeners.add(listener);
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
      throw new SettingException(
          "validation_classes",
          settings.schedule().validationClasses()
              + ": a trial is scored on training classes that are held out, two or more, and that"
              + " choose the checkpoint");
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
   * Asks a run to end after its current step, or evaluation, with a checkpoint; all other workers'
   * too. One that still waits for the others fails at once. May be called by any thread.
   */
  public void stop() {
    stopped = true;
    synchronized (this) {
      if (waiting != null) {
        waiting.interrupt();
      }
    }
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
    return stopped;
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
   * @throws CancellationException if {@link #stop} ended the run before its last step, of whichever
   *     worker; {@link #resume} goes on from there
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
   * @throws IllegalArgumentException if the run has other settings
   * @throws CancellationException as {@link #run}
   */
  public TrainingResult resume(RunFolder run) throws IOException {
    if (!run.settings().equals(settings)) {
      throw new IllegalArgumentException(run.path() + ": the run has other settings");
    }
    return train(run.path(), run);
  }

  private TrainingResult train(Path path, RunFolder earlier) throws IOException {
    requireBrought(network, "model", settings.network().model());
    requireBrought(loss, "loss", settings.loss().loss());
    requireBrought(optimizer, "optimizer", settings.optimizer().optimizer());
    try (Graph graph = new Graph()) {
      TrainingGraph training = build(Ops.create(graph));
      if (worker.workers() > 1) {
        agree(training);
      }
      try (Session session =
          MixedPrecision.session(settings.optimizer().precision(), graph, worker)) {
        RunFolder folder = worker.together(() -> prepared(session, training, path, earlier));
        if (worker.workers() > 1) {
          synchronize(session, training);
        }
        Checkpoints checkpoints = folder == null ? null : Checkpoints.of(folder);
        long first = checkpoints != null && !checkpoints.any() ? 0 : globalStep(session, training);
        FeatureCache cache =
            settings.network().frozenFeatures()
                ? new FeatureCache(keptIn(folder), settings, worker, session, training, split)
                : null;
        Scoring scoring =
            new Scoring(settings, split.test(), data, network, head, cache, evaluation, worker);
        try (Stepper stepper = stepper(session, training, cache, first)) {
          TrainingResult result =
              new TrainingRun(
                      this,
                      settings,
                      data,
                      sampler,
                      session,
                      training,
                      folder,
                      checkpoints,
                      scoring,
                      first)
                  .go(stepper, worker.leads() ? all() : List.of());
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

  /** Waits for the other workers; a program that is being ended does not. */
  private void agree(TrainingGraph training) throws IOException {
    Map<String, String> facts = WorkerFacts.of(settings, split, training);
    synchronized (this) {
      waiting = Thread.currentThread();
    }
    try {
      if (!stopped) {
        worker.agree(facts);
      }
    } catch (IllegalStateException e) {
      if (!stopped) {
        throw e;
      }
    } finally {
      synchronized (this) {
        waiting = null;
      }
      Thread.interrupted(); // by stop()
    }
    if (stopped) {
      throw new IllegalStateException("stopped before the other workers were there");
    }
  }

  /** Gives the session its first weights; the run folder, null for a worker that does not lead. */
  private RunFolder prepared(Session session, TrainingGraph training, Path path, RunFolder earlier)
      throws IOException {
    if (!worker.leads()) {
      session.initialize(); // to be overwritten by the weights of the worker that leads
      return null;
    }
    boolean fresh = earlier == null || !Checkpoints.of(earlier).any();
    if (fresh) {
      initialize(session, training);
    }
    RunFolder folder = earlier == null ? RunFolder.create(path, settings) : earlier;
    if (!fresh) {
      session.restore(Checkpoints.of(folder).latest().toString());
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

  private List<TrainingListener> all() {
    List<TrainingListener> all = new ArrayList<>();
    all.add(new MetricsLog());
    if (!trial) {
      all.add(new TensorBoard());
    }
    all.add(new CollapseWatch());
    if (settings.schedule().earlyStop() > 0) {
      all.add(new EarlyStop(settings.schedule().earlyStop() * settings.schedule().evalEvery()));
    }
    all.addAll(listeners);
    return all;
  }

  private TrainingGraph build(Ops tf) {
    Layers.Options options =
        Layers.Options.defaults()
            .withSeed(settings.schedule().seed())
            .withFreezeBackbone(settings.network().frozen())
            .withBatchNormalization(settings.network().batchNorm());
    DataSettings batches = settings.data();
    long rows = settings.network().frozenFeatures() ? Shape.UNKNOWN_SIZE : share.rows();
    Placeholder<TFloat32> images =
        tf.withName("images")
            .placeholder(
                TFloat32.class,
                Placeholder.shape(Shape.of(rows, batches.imageSize(), batches.imageSize(), 3)));
    Placeholder<TInt64> labels =
        tf.withName("labels").placeholder(TInt64.class, Placeholder.shape(Shape.of(share.size())));
    return share.inChunks()
        ? TrainingGraph.inChunks(
            tf, network, head, images, labels, loss, optimizer, options, worker.exchange())
        : new TrainingGraph(
            tf, network, head, images, labels, loss, optimizer, options, worker.exchange());
  }

  private void initialize(Session session, TrainingGraph training) throws IOException {
    session.initialize();
    if (settings.network().weights() != null) {
      Weights.Report report =
          Weights.restore(
              session,
              training.variables().stream()
                  .filter(each -> each.group() == LayerVariable.Group.BACKBONE)
                  .toList(),
              Path.of(settings.network().weights()));
      report.lines().forEach(report.complete() ? LOG::info : LOG::warn);
    }
  }

  private Stepper stepper(Session session, TrainingGraph training, FeatureCache cache, long first)
      throws IOException {
    if (cache != null) {
      return new Stepper.Features(
          session, training, sampler, share, cache.train(data.trainRows()), first);
    }
    return share.inChunks()
        ? new Stepper.Chunked(
            session, training, share.size() / share.rows(), feed(first), feed(first))
        : new Stepper.Whole(session, training, feed(first));
  }

  /** This worker's images of the batches from a step on. */
  ImageFeed feed(long first) {
    return new ImageFeed(data.train(), settings, sampler, share, first);
  }
}
