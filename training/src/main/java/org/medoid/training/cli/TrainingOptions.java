package org.medoid.training.cli;

import java.util.concurrent.Callable;
import org.medoid.graph.image.Crop;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.SettingsDraft;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that are settings of a run. What is not given stays null: the settings know. */
final class TrainingOptions {
  @Option(
      names = "--data",
      converter = TypedPath.Spec.class,
      paramLabel = "SPEC",
      description = "icons, folder:DIR (one folder per class), or another data set: see README.")
  private String data;

  @Option(
      names = "--skip-broken",
      description = "Leaves out images that cannot be read, instead of failing.")
  private Boolean skipBroken;

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
      names = "--loss",
      paramLabel = "NAME",
      description =
          "facility_location, or a rival: contrastive, triplet_semihard, lifted_structure, n_pairs,"
              + " multi_similarity, proxy_nca, proxy_anchor, normalized_softmax, deep_clustering,"
              + " spectral_clustering, arcface, supcon, soft_triple or smooth_ap. Default:"
              + " facility_location.")
  private String loss;

  @Option(
      names = "--loss-parameter",
      paramLabel = "X",
      description =
          "The main number of a rival loss: a margin, scale or temperature. Default: its paper's.")
  private Double lossParameter;

  @Option(
      names = "--gamma",
      paramLabel = "G",
      description = "Margin multiplier γ at step 0. Default: a quarter of the batch.")
  private Double gamma;

  @Option(
      names = "--gamma-decay",
      paramLabel = "F",
      description =
          "Factor by which γ falls every --gamma-decay-steps; 1 keeps it constant. Default: 1.")
  private Double gammaDecay;

  @Option(
      names = "--gamma-decay-steps",
      paramLabel = "N",
      description = "Steps in which γ falls by the factor; 0: an epoch. Default: 0.")
  private Long gammaDecaySteps;

  @Option(
      names = "--margin",
      paramLabel = "NAME",
      description = "nmi, nmi_arithmetic, ami, ari, v_measure or identical. Default: nmi.")
  private Margin margin;

  @Option(
      names = "--local-search",
      paramLabel = "NAME",
      description = "exact, reference, swap or none. Default: exact.")
  private LocalSearch localSearch;

  @Option(
      names = "--max-sweeps",
      paramLabel = "N",
      description = "Most sweeps of the local search; 0: the op's default. Default: 0.")
  private Long maxSweeps;

  @Option(
      names = "--start",
      paramLabel = "NAME",
      description = "Where the local search starts: greedy or random. Default: greedy.")
  private Start start;

  @Option(
      names = "--distance",
      paramLabel = "NAME",
      description = "euclidean, squared_euclidean or cosine. Default: euclidean.")
  private Distance distance;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description = "rmsprop or adamw. Default: rmsprop.")
  private String optimizer;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description =
          "float32, or bf16 for convolutions and products in bfloat16, on processors with"
              + " AVX512_BF16 or AMX. Default: float32.")
  private Precision precision;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description =
          "Of the embedding layer at step 0. Default: 0.0003 with --weights or savedmodel:, else"
              + " 0.001.")
  private Double learningRate;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description =
          "Steps in which the backbone stands still. Default: 100, or a fifth of --steps, with"
              + " --weights or savedmodel:, else 0.")
  private Long warmUp;

  @Option(
      names = "--learning-rate-schedule",
      paramLabel = "NAME",
      description =
          "How the learning rate falls: exponential (by the factor, a little with each step), step"
              + " (by the factor at once), or cosine (to 0 at the last step). Default:"
              + " exponential.")
  private Fall learningRateSchedule;

  @Option(
      names = "--learning-rate-decay",
      paramLabel = "F",
      description =
          "Factor by which the learning rate falls every --learning-rate-decay-steps; 1 keeps it"
              + " constant. Default: 1.")
  private Double learningRateDecay;

  @Option(
      names = "--learning-rate-decay-steps",
      paramLabel = "N",
      description =
          "Steps in which the learning rate falls by the factor; 0: an epoch. Default: 0.")
  private Long learningRateDecaySteps;

  @Option(
      names = "--backbone-rate-multiplier",
      paramLabel = "F",
      description =
          "The backbone's learning rate over that of the embedding layer. Default: 0.1 with"
              + " --weights or savedmodel:, else 1.")
  private Double backboneRateMultiplier;

  @Option(
      names = "--proxy-rate-multiplier",
      paramLabel = "F",
      description =
          "The learning rate of a loss's own variables (proxies) over that of the embedding layer."
              + " Default: 10.")
  private Double proxyRateMultiplier;

  @Option(
      names = "--clip-norm",
      paramLabel = "N",
      description =
          "Scales the gradients down to this global norm where it is larger; 0: no limit. Default:"
              + " 0.")
  private Double clipNorm;

  @Option(
      names = "--weight-decay",
      paramLabel = "F",
      description =
          "This times each weight (not biases) is added to its gradient (rmsprop), or, times the"
              + " learning rate, taken from the weight (adamw). Default: 0.01 for adamw, else 0.")
  private Double weightDecay;

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
    draft.skipBroken = skipBroken;
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
    draft.loss = loss;
    draft.lossParameter = lossParameter;
    draft.gamma = gamma;
    draft.gammaDecay = gammaDecay;
    draft.gammaDecaySteps = gammaDecaySteps;
    draft.margin = margin;
    draft.localSearch = localSearch;
    draft.maxSweeps = maxSweeps;
    draft.start = start;
    draft.distance = distance;
    draft.optimizer = optimizer;
    draft.learningRate = learningRate;
    draft.learningRateSchedule = learningRateSchedule;
    draft.warmUp = warmUp;
    draft.learningRateDecay = learningRateDecay;
    draft.learningRateDecaySteps = learningRateDecaySteps;
    draft.backboneRateMultiplier = backboneRateMultiplier;
    draft.proxyRateMultiplier = proxyRateMultiplier;
    draft.clipNorm = clipNorm;
    draft.weightDecay = weightDecay;
    draft.precision = precision;
    draft.steps = steps;
    draft.evalEvery = evalEvery;
    draft.earlyStop = earlyStop;
    draft.validationClasses = validationClasses;
    draft.chooseOn = chooseOn;
    draft.seed = seed;
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
