package org.medoid.training.cli;

import java.lang.reflect.Field;
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
  String data;

  @Mixin private SkipBroken broken;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      description = "Height and width of the network's input. Default: the network's own.")
  Integer imageSize;

  @Option(
      names = "--resize",
      paramLabel = "PIXELS",
      description =
          "Height and width to which images are scaled before the crop. Default: 256/227 of the"
              + " crop.")
  Integer resize;

  @Option(
      names = "--crop",
      paramLabel = "HOW",
      description =
          "What the network is given in training: random (a crop of the scaled picture) or"
              + " random_resized (0.16 to 1 of its area, scaled). Default: random.")
  Crop crop;

  @Option(names = "--mirror", description = "Mirrors half of the crops in training.")
  Boolean mirror;

  @Option(
      names = "--batch",
      paramLabel = "M",
      description = "Images a step. Default: 128, or as many as the data has.")
  Integer batch;

  @Option(
      names = "--classes-per-batch",
      paramLabel = "C",
      description =
          "Distinct classes a step. Default: a quarter of the batch, or what the data has.")
  Integer classesPerBatch;

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description =
          "Images that go through the network at once, for batches larger than the memory; a"
              + " divisor of --batch, with --batch-norm frozen; 0: all. Default: 0.")
  Integer chunk;

  @Option(
      names = "--model",
      converter = TypedPath.Spec.class,
      paramLabel = "SPEC",
      description = "convnet, inception_v2, or savedmodel:DIR, a SavedModel to train further.")
  String model;

  @Option(
      names = "--signature",
      paramLabel = "NAME",
      description = "Of a SavedModel with several. Default: the one that fits.")
  String signature;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = "Of a SavedModel with several. Default: the one that fits.")
  String output;

  @Option(
      names = "--range",
      paramLabel = "R",
      description =
          "The pixels that a SavedModel takes: 0,1 or 0,255 or -1,1 or 0,65535; caffe (BGR less"
              + " its mean: ResNet and VGG of keras.applications) or torch (less ImageNet's mean,"
              + " by its deviation: DenseNet). Default: what its graph shows, else 0,1.")
  String range;

  @Option(
      names = "--pool",
      paramLabel = "HOW",
      description =
          "How the last map of inception_v2 becomes features: average, or average_max (the mean"
              + " plus the maximum). Default: average.")
  Pooling pool;

  @Option(
      names = "--weights",
      converter = TypedPath.Spec.class,
      paramLabel = "FILE",
      description =
          "A TensorFlow checkpoint (TF-Slim's inception_v2.ckpt; V1 or V2 format) to take the"
              + " backbone's weights from, by variable name.")
  String weights;

  @Option(
      names = "--embedding",
      paramLabel = "D",
      description = "Length of an embedding. Default: 64.")
  Integer embedding;

  @Option(
      names = "--freeze-backbone",
      description = "Trains the embedding layer alone; the backbone keeps its weights.")
  Boolean freezeBackbone;

  @Option(
      names = "--frozen-features",
      description =
          "As --freeze-backbone, but computes the backbone's features only once, of the centre of"
              + " each image, and keeps them in --out.")
  Boolean frozenFeatures;

  @Option(
      names = "--batch-norm",
      paramLabel = "HOW",
      description =
          "train: by the statistics of the batch; frozen: by the averages that the network came"
              + " with. Default: frozen with --weights or savedmodel:, else train.")
  BatchNormalization batchNorm;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "In all; 0: only scores the untrained network. Default: 500.")
  Long steps;

  @Option(
      names = "--eval-every",
      paramLabel = "N",
      description = "Steps between evaluations and checkpoints; 0: only at the end. Default: 100.")
  Long evalEvery;

  @Option(
      names = "--early-stop",
      paramLabel = "N",
      description =
          "Ends after this many evaluations without a better Recall@1 (or, if that is equal, NMI);"
              + " 0: never. Default: 0.")
  Integer earlyStop;

  @Option(
      names = "--validation-classes",
      paramLabel = "F",
      description =
          "Share of the training classes that is not trained on but chooses the checkpoint, stops"
              + " early and draws the curves. Default: 0.2; for trials two classes at least.")
  Double validationClasses;

  @Option(
      names = "--choose-on",
      paramLabel = "WHAT",
      description =
          "What chooses the checkpoint: validation (classes held out of training), test (the test"
              + " classes themselves: scores come out too high) or last. Default: validation.")
  Choice chooseOn;

  @Option(names = "--seed", paramLabel = "S", description = "Of everything. Default: 1.")
  Long seed;

  /** What was told. */
  SettingsDraft draft() {
    SettingsDraft draft = new SettingsDraft();
    draft.skipBroken = broken.skips();
    tell(draft, this, lossOptions, optimizerOptions);
    return draft;
  }

  /** Each option is a setting of the same name. */
  private static void tell(SettingsDraft draft, Object... groups) {
    for (Object group : groups) {
      for (Field option : group.getClass().getDeclaredFields()) {
        if (option.isAnnotationPresent(Option.class)) {
          try {
            SettingsDraft.class.getField(option.getName()).set(draft, option.get(group));
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(option + " is no setting", e);
          }
        }
      }
    }
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
