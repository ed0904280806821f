package org.medoid.training.cli;

import java.util.concurrent.Callable;
import org.medoid.graph.image.Crop;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.SettingsDraft;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that are settings of a run. What is not given stays null: the settings know. */
final class TrainingOptions {
  @Mixin private LossOptions lossOptions;

  @Mixin private OptimizerOptions optimizerOptions;

  @Option(
      names = "--data",
      converter = TypedPath.Spec.class,
      paramLabel = "SPEC",
      description = "icons, folder:DIR (one folder per class), or another data set: see README.")
  private String data;

  @Mixin private SkipBroken broken;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      description = "Height and width of the network's input. Default: the network's own.")
  private Integer imageSize;

  @Option(
      names = "--resize",
      paramLabel = "PIXELS",
      description =
          "Height and width to which images are scaled before the crop. Default: 256/227 of the"
              + " crop.")
  private Integer resize;

  @Option(
      names = "--crop",
      paramLabel = "HOW",
      description =
          "What the network is given in training: random (a crop of the scaled picture) or"
              + " random_resized (0.16 to 1 of its area, scaled). Default: random.")
  private Crop crop;

  @Option(names = "--mirror", description = "Mirrors half of the crops in training.")
  private Boolean mirror;

  @Option(
      names = "--batch",
      paramLabel = "M",
      description = "Images a step. Default: 128, or as many as the data has.")
  private Integer batch;

  @Option(
      names = "--classes-per-batch",
      paramLabel = "C",
      description =
          "Distinct classes a step. Default: a quarter of the batch, or what the data has.")
  private Integer classesPerBatch;

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description =
          "Images that go through the network at once, for batches larger than the memory; a"
              + " divisor of --batch; 0: all. Default: 0.")
  private Integer chunk;

  @Option(
      names = "--model",
      converter = TypedPath.Spec.class,
      paramLabel = "SPEC",
      description = "convnet, inception_v2, or savedmodel:DIR, a SavedModel to train further.")
  private String model;

  @Option(
      names = "--signature",
      paramLabel = "NAME",
      description = "Of a SavedModel with several. Default: the one that fits.")
  private String signature;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = "Of a SavedModel with several. Default: the one that fits.")
  private String output;

  @Option(
      names = "--range",
      paramLabel = "R",
      description =
          "The pixels that a SavedModel takes: 0,1 or 0,255 or -1,1. Default: what its graph shows,"
              + " else 0,1.")
  private String range;

  @Option(
      names = "--pool",
      paramLabel = "HOW",
      description =
          "How the last map of inception_v2 becomes features: average, or average_max (the mean"
              + " plus the maximum). Default: average.")
  private Pooling pool;

  @Option(
      names = "--weights",
      converter = TypedPath.Spec.class,
      paramLabel = "FILE",
      description =
          "A TensorFlow checkpoint (TF-Slim's inception_v2.ckpt; V1 or V2 format) to take the"
              + " backbone's weights from, by variable name.")
  private String weights;

  @Option(
      names = "--embedding",
      paramLabel = "D",
      description = "Length of an embedding. Default: 64.")
  private Integer embedding;

  @Option(
      names = "--freeze-backbone",
      description = "Trains the embedding layer alone; the backbone keeps its weights.")
  private Boolean freezeBackbone;

  @Option(
      names = "--frozen-features",
      description =
          "As --freeze-backbone, but computes the backbone's features only once, of the centre of"
              + " each image, and keeps them in RUN.")
  private Boolean frozenFeatures;

  @Option(
      names = "--batch-norm",
      paramLabel = "HOW",
      description =
          "train: by the statistics of the batch; frozen: by the averages that the network came"
              + " with. Default: frozen with --weights or savedmodel:, else train.")
  private BatchNormalization batchNorm;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "In all; 0: only scores the untrained network. Default: 500.")
  private Long steps;

  @Option(
      names = "--eval-every",
      paramLabel = "N",
      description = "Steps between evaluations and checkpoints; 0: only at the end. Default: 100.")
  private Long evalEvery;

  @Option(
      names = "--early-stop",
      paramLabel = "N",
      description =
          "Ends after this many evaluations without a better Recall@1; 0: never. Default: 0.")
  private Integer earlyStop;

  @Option(
      names = "--validation-classes",
      paramLabel = "F",
      description =
          "Share of the training classes that is not trained on but chooses the checkpoint, stops"
              + " early and draws the curves. Default: 0.2.")
  private Double validationClasses;

  @Option(
      names = "--choose-on",
      paramLabel = "WHAT",
      description =
          "What chooses the checkpoint: validation (classes held out of training), test (the test"
              + " classes themselves: scores come out too high) or last. Default: validation.")
  private Choice chooseOn;

  @Option(names = "--seed", paramLabel = "S", description = "Of everything. Default: 1.")
  private Long seed;

  /** What was told. */
  SettingsDraft draft() {
    SettingsDraft draft = new SettingsDraft();
    draft.data = data;
    draft.skipBroken = broken.skips();
    draft.imageSize = imageSize;
    draft.resize = resize;
    draft.crop = crop;
    draft.mirror = mirror;
    draft.batch = batch;
    draft.classesPerBatch = classesPerBatch;
    draft.chunk = chunk;
    draft.model = model;
    draft.signature = signature;
    draft.output = output;
    draft.range = range;
    draft.pool = pool;
    draft.weights = weights;
    draft.embedding = embedding;
    draft.freezeBackbone = freezeBackbone;
    draft.frozenFeatures = frozenFeatures;
    draft.batchNorm = batchNorm;
    draft.steps = steps;
    draft.evalEvery = evalEvery;
    draft.earlyStop = earlyStop;
    draft.validationClasses = validationClasses;
    draft.chooseOn = chooseOn;
    draft.seed = seed;
    lossOptions.tell(draft);
    optimizerOptions.tell(draft);
    return draft;
  }

  /**
   * Does what depends on settings; one that cannot be is wrong usage of its option.
   *
   * @throws ParameterException naming the option
   */
  static <T> T checked(CommandSpec spec, Callable<T> task) throws Exception {
    try {
      return task.call();
    } catch (SettingException e) {
      throw new ParameterException(
          spec.commandLine(), "--" + e.setting().replace('_', '-') + " " + e.reason(), e);
    }
  }
}
