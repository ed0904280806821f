package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import picocli.CommandLine.Option;

/**
 * What a run was told: everything that decides its result. Stored as {@code settings.json} in the
 * run folder, so that a run can be resumed, evaluated and exported by its folder alone.
 *
 * <pre>{@code
 * TrainingSettings settings =
 *     TrainingSettings.builder().data("icons").model("convnet").steps(300).build();
 * }</pre>
 *
 * @param data the data set, as on the command line
 * @param model the network, as on the command line; a SavedModel by its absolute path
 * @param imageSize height and width of the network's input in pixels
 * @param resize height and width to which an image is scaled before the crop of imageSize
 * @param mirror whether half of the crops in training are mirrored
 * @param skipBroken whether images that cannot be read are left out
 * @param embeddingSize d
 * @param loss the name of the loss
 * @param gamma the margin multiplier γ at step 0
 * @param gammaDecay the factor by which γ falls every gammaDecaySteps
 * @param gammaDecaySteps steps; 0 means an epoch (training images over the batch size, rounded up)
 * @param margin the agreement measure of the margin
 * @param localSearch exact, reference or none
 * @param maxSweeps most sweeps of the local search; 0 for the op's default
 * @param start where the local search starts, greedy or random
 * @param distance euclidean, squared_euclidean or cosine
 * @param batch m, images per step
 * @param classesPerBatch C, distinct classes per step
 * @param chunk images that go through the network at once, a divisor of batch; 0 for all
 * @param weights the checkpoint that the backbone's weights come from, by its absolute path; null
 *     for none
 * @param freezeBackbone whether the backbone keeps its weights
 * @param frozenFeatures whether the backbone keeps its weights and its features are computed only
 *     once, of the centre crop of each image
 * @param batchNorm train: by the statistics of the batch; frozen: by the moving averages, which
 *     stay
 * @param learningRate of RMSProp at step 0
 * @param learningRateDecay the factor by which the learning rate falls every learningRateDecaySteps
 * @param learningRateDecaySteps steps; 0 means an epoch
 * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
 * @param clipNorm the largest global norm of the gradients; 0 for no limit
 * @param weightDecay this times each weight (not biases) is added to its gradient
 * @param steps training steps in all; 0 only scores the untrained network
 * @param evalEvery steps between evaluations; 0 for only at the end
 * @param earlyStop evaluations without a better Recall@1 after which training ends early; 0 for
 *     never
 * @param seed of the weights, the batches and the crops
 */
public record TrainingSettings(
    @JsonProperty("data") String data,
    @JsonProperty("model") String model,
    @JsonProperty("image_size") int imageSize,
    @JsonProperty("resize") int resize,
    @JsonProperty("mirror") boolean mirror,
    @JsonProperty("skip_broken") boolean skipBroken,
    @JsonProperty("embedding") int embeddingSize,
    @JsonProperty("loss") String loss,
    @JsonProperty("gamma") double gamma,
    @JsonProperty("gamma_decay") double gammaDecay,
    @JsonProperty("gamma_decay_steps") long gammaDecaySteps,
    @JsonProperty("margin") String margin,
    @JsonProperty("local_search") String localSearch,
    @JsonProperty("max_sweeps") long maxSweeps,
    @JsonProperty("start") String start,
    @JsonProperty("distance") String distance,
    @JsonProperty("batch") int batch,
    @JsonProperty("classes_per_batch") int classesPerBatch,
    @JsonProperty("chunk") int chunk,
    @JsonProperty("weights") String weights,
    @JsonProperty("freeze_backbone") boolean freezeBackbone,
    @JsonProperty("frozen_features") boolean frozenFeatures,
    @JsonProperty("batch_norm") String batchNorm,
    @JsonProperty("learning_rate") double learningRate,
    @JsonProperty("learning_rate_decay") double learningRateDecay,
    @JsonProperty("learning_rate_decay_steps") long learningRateDecaySteps,
    @JsonProperty("backbone_rate_multiplier") double backboneRateMultiplier,
    @JsonProperty("clip_norm") double clipNorm,
    @JsonProperty("weight_decay") double weightDecay,
    @JsonProperty("steps") long steps,
    @JsonProperty("eval_every") long evalEvery,
    @JsonProperty("early_stop") int earlyStop,
    @JsonProperty("seed") long seed) {
  private static final String SAVED_MODEL = "savedmodel:";

  /**
   * Opens the run's data set as the run saw it.
   *
   * @return its images, without what was left out as broken
   * @throws IOException as {@link DataSets#open(String, boolean)}
   */
  public DataSplit openData() throws IOException {
    return DataSets.open(data, skipBroken);
  }

  /**
   * Starts from the defaults: those of the command line.
   *
   * @return a builder that still needs {@link Builder#data} and {@link Builder#model}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Collects settings. Its fields are the options of {@code medoid train}, so that the command line
   * and programs share names, defaults and explanations.
   */
  public static final class Builder {
    @Option(
        names = "--data",
        paramLabel = "SPEC",
        description = "icons, folder:DIR (one folder per class), or another data set: see README.")
    private String data;

    @Option(
        names = "--model",
        paramLabel = "SPEC",
        description = "convnet, inception_v2, or savedmodel:DIR, a SavedModel to train further.")
    private String model;

    @Option(
        names = "--image-size",
        paramLabel = "PIXELS",
        description = "Height and width of the network's input; 0: the network's own.")
    private int imageSize;

    @Option(
        names = "--resize",
        paramLabel = "PIXELS",
        description =
            "Height and width to which images are scaled before the crop; 0: 256/227 of the "
                + "crop.")
    private int resize;

    @Option(names = "--mirror", description = "Mirrors half of the crops in training.")
    private boolean mirror;

    @Option(
        names = "--skip-broken",
        description = "Leaves out images that cannot be read, instead of failing.")
    private boolean skipBroken;

    @Option(names = "--embedding", paramLabel = "D", description = "Length of an embedding.")
    private int embeddingSize = 64;

    @Option(
        names = "--loss",
        description =
            "facility_location, or a rival: contrastive, triplet_semihard, lifted_structure, n_pairs, "
                + "multi_similarity, proxy_nca, proxy_anchor, normalized_softmax, deep_clustering or "
                + "spectral_clustering.")
    private String loss = "facility_location";

    @Option(names = "--gamma", description = "Margin multiplier γ at step 0.")
    private double gamma = 1;

    @Option(
        names = "--gamma-decay",
        description = "Factor by which γ falls every --gamma-decay-steps; 1 keeps it constant.")
    private double gammaDecay = 0.94;

    @Option(
        names = "--gamma-decay-steps",
        paramLabel = "N",
        description = "Steps in which γ falls by the factor; 0: an epoch.")
    private long gammaDecaySteps;

    @Option(
        names = "--margin",
        description = "nmi, nmi_arithmetic, ami, ari, v_measure or identical.")
    private String margin = "nmi";

    @Option(names = "--local-search", description = "exact, reference or none.")
    private String localSearch = "exact";

    @Option(
        names = "--max-sweeps",
        paramLabel = "N",
        description = "Most sweeps of the local search; 0: the op's default.")
    private long maxSweeps;

    @Option(names = "--start", description = "Where the local search starts: greedy or random.")
    private String start = "greedy";

    @Option(names = "--distance", description = "euclidean, squared_euclidean or cosine.")
    private String distance = "euclidean";

    @Option(names = "--batch", paramLabel = "M", description = "Images a step.")
    private int batch = 128;

    @Option(
        names = "--classes-per-batch",
        paramLabel = "C",
        description = "Distinct classes a step; 0: a quarter of the batch.")
    private int classesPerBatch;

    @Option(
        names = "--chunk",
        paramLabel = "N",
        description =
            "Images that go through the network at once, for batches larger than the memory; "
                + "a divisor of --batch; 0: all.")
    private int chunk;

    @Option(
        names = "--weights",
        paramLabel = "FILE",
        description =
            "A TensorFlow checkpoint (TF-Slim's inception_v2.ckpt; V1 or V2 format) to take "
                + "the backbone's weights from, by variable name.")
    private String weights;

    @Option(
        names = "--freeze-backbone",
        description = "Trains the embedding layer alone; the backbone keeps its weights.")
    private boolean freezeBackbone;

    @Option(
        names = "--frozen-features",
        description =
            "As --freeze-backbone, but computes the backbone's features only once, of the "
                + "centre of each image, and keeps them in RUN.")
    private boolean frozenFeatures;

    @Option(
        names = "--batch-norm",
        description =
            "train: by the statistics of the batch; frozen: by the averages that the network "
                + "came with. Default: frozen with --weights or savedmodel:, else train.")
    private String batchNorm;

    @Option(names = "--learning-rate", paramLabel = "R", description = "Of RMSProp at step 0.")
    private double learningRate = 0.001;

    @Option(
        names = "--learning-rate-decay",
        description =
            "Factor by which the learning rate falls every --learning-rate-decay-steps; 1 "
                + "keeps it constant.")
    private double learningRateDecay = 1;

    @Option(
        names = "--learning-rate-decay-steps",
        paramLabel = "N",
        description = "Steps in which the learning rate falls by the factor; 0: an epoch.")
    private long learningRateDecaySteps;

    @Option(
        names = "--backbone-rate-multiplier",
        description = "The backbone's learning rate over that of the embedding layer.")
    private double backboneRateMultiplier = 1;

    @Option(
        names = "--clip-norm",
        description =
            "Scales the gradients down to this global norm where it is larger; 0: no limit.")
    private double clipNorm;

    @Option(
        names = "--weight-decay",
        description = "This times each weight (not biases) is added to its gradient.")
    private double weightDecay;

    @Option(
        names = "--steps",
        paramLabel = "N",
        description = "In all; 0: only scores the untrained network.")
    private long steps = 500;

    @Option(
        names = "--eval-every",
        paramLabel = "N",
        description = "Steps between evaluations and checkpoints; 0: only at the end.")
    private long evalEvery = 100;

    @Option(
        names = "--early-stop",
        paramLabel = "N",
        description = "Ends after this many evaluations without a better Recall@1; 0: never.")
    private int earlyStop;

    @Option(names = "--seed", paramLabel = "S", description = "Of everything.")
    private long seed = 1;

    /** Starts from the defaults. */
    Builder() {}

    /**
     * Sets {@link TrainingSettings#data}.
     *
     * @param data the data set, as on the command line
     * @return this
     */
    public Builder data(String data) {
      this.data = data;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#model}.
     *
     * @param model the network, as on the command line; a SavedModel by its absolute path
     * @return this
     */
    public Builder model(String model) {
      this.model = model;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#imageSize}.
     *
     * @param imageSize height and width of the network's input in pixels
     * @return this
     */
    public Builder imageSize(int imageSize) {
      this.imageSize = imageSize;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#resize}.
     *
     * @param resize height and width to which an image is scaled before the crop of imageSize
     * @return this
     */
    public Builder resize(int resize) {
      this.resize = resize;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#mirror}.
     *
     * @param mirror whether half of the crops in training are mirrored
     * @return this
     */
    public Builder mirror(boolean mirror) {
      this.mirror = mirror;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#skipBroken}.
     *
     * @param skipBroken whether images that cannot be read are left out
     * @return this
     */
    public Builder skipBroken(boolean skipBroken) {
      this.skipBroken = skipBroken;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#embeddingSize}.
     *
     * @param embeddingSize d
     * @return this
     */
    public Builder embeddingSize(int embeddingSize) {
      this.embeddingSize = embeddingSize;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#loss}.
     *
     * @param loss the name of the loss
     * @return this
     */
    public Builder loss(String loss) {
      this.loss = loss;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#gamma}.
     *
     * @param gamma the margin multiplier γ at step 0
     * @return this
     */
    public Builder gamma(double gamma) {
      this.gamma = gamma;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#gammaDecay}.
     *
     * @param gammaDecay the factor by which γ falls every gammaDecaySteps
     * @return this
     */
    public Builder gammaDecay(double gammaDecay) {
      this.gammaDecay = gammaDecay;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#gammaDecaySteps}.
     *
     * @param gammaDecaySteps steps; 0 means an epoch (training images over the batch size, rounded
     *     up)
     * @return this
     */
    public Builder gammaDecaySteps(long gammaDecaySteps) {
      this.gammaDecaySteps = gammaDecaySteps;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#margin}.
     *
     * @param margin the agreement measure of the margin
     * @return this
     */
    public Builder margin(String margin) {
      this.margin = margin;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#localSearch}.
     *
     * @param localSearch exact, reference or none
     * @return this
     */
    public Builder localSearch(String localSearch) {
      this.localSearch = localSearch;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#maxSweeps}.
     *
     * @param maxSweeps most sweeps of the local search; 0 for the op's default
     * @return this
     */
    public Builder maxSweeps(long maxSweeps) {
      this.maxSweeps = maxSweeps;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#start}.
     *
     * @param start where the local search starts, greedy or random
     * @return this
     */
    public Builder start(String start) {
      this.start = start;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#distance}.
     *
     * @param distance euclidean, squared_euclidean or cosine
     * @return this
     */
    public Builder distance(String distance) {
      this.distance = distance;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#batch}.
     *
     * @param batch m, images per step
     * @return this
     */
    public Builder batch(int batch) {
      this.batch = batch;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#classesPerBatch}.
     *
     * @param classesPerBatch C, distinct classes per step
     * @return this
     */
    public Builder classesPerBatch(int classesPerBatch) {
      this.classesPerBatch = classesPerBatch;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#chunk}.
     *
     * @param chunk images that go through the network at once, a divisor of batch; 0 for all
     * @return this
     */
    public Builder chunk(int chunk) {
      this.chunk = chunk;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#weights}.
     *
     * @param weights the checkpoint that the backbone's weights come from, by its absolute path;
     *     null for none
     * @return this
     */
    public Builder weights(String weights) {
      this.weights = weights;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#freezeBackbone}.
     *
     * @param freezeBackbone whether the backbone keeps its weights
     * @return this
     */
    public Builder freezeBackbone(boolean freezeBackbone) {
      this.freezeBackbone = freezeBackbone;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#frozenFeatures}.
     *
     * @param frozenFeatures whether the backbone keeps its weights and its features are computed
     *     only once, of the centre crop of each image
     * @return this
     */
    public Builder frozenFeatures(boolean frozenFeatures) {
      this.frozenFeatures = frozenFeatures;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#batchNorm}.
     *
     * @param batchNorm train: by the statistics of the batch; frozen: by the moving averages, which
     *     stay
     * @return this
     */
    public Builder batchNorm(String batchNorm) {
      this.batchNorm = batchNorm;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#learningRate}.
     *
     * @param learningRate of RMSProp at step 0
     * @return this
     */
    public Builder learningRate(double learningRate) {
      this.learningRate = learningRate;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#learningRateDecay}.
     *
     * @param learningRateDecay the factor by which the learning rate falls every
     *     learningRateDecaySteps
     * @return this
     */
    public Builder learningRateDecay(double learningRateDecay) {
      this.learningRateDecay = learningRateDecay;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#learningRateDecaySteps}.
     *
     * @param learningRateDecaySteps steps; 0 means an epoch
     * @return this
     */
    public Builder learningRateDecaySteps(long learningRateDecaySteps) {
      this.learningRateDecaySteps = learningRateDecaySteps;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#backboneRateMultiplier}.
     *
     * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
     * @return this
     */
    public Builder backboneRateMultiplier(double backboneRateMultiplier) {
      this.backboneRateMultiplier = backboneRateMultiplier;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#clipNorm}.
     *
     * @param clipNorm the largest global norm of the gradients; 0 for no limit
     * @return this
     */
    public Builder clipNorm(double clipNorm) {
      this.clipNorm = clipNorm;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#weightDecay}.
     *
     * @param weightDecay this times each weight (not biases) is added to its gradient
     * @return this
     */
    public Builder weightDecay(double weightDecay) {
      this.weightDecay = weightDecay;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#steps}.
     *
     * @param steps training steps in all; 0 only scores the untrained network
     * @return this
     */
    public Builder steps(long steps) {
      this.steps = steps;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#evalEvery}.
     *
     * @param evalEvery steps between evaluations; 0 for only at the end
     * @return this
     */
    public Builder evalEvery(long evalEvery) {
      this.evalEvery = evalEvery;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#earlyStop}.
     *
     * @param earlyStop evaluations without a better Recall@1 after which training ends early; 0 for
     *     never
     * @return this
     */
    public Builder earlyStop(int earlyStop) {
      this.earlyStop = earlyStop;
      return this;
    }

    /**
     * Sets {@link TrainingSettings#seed}.
     *
     * @param seed of the weights, the batches and the crops
     * @return this
     */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /**
     * Fills in what follows from the rest (sizes, classes per batch, batch normalisation) and
     * checks that the settings fit together.
     *
     * @return the settings
     * @throws IllegalArgumentException if they do not fit together, naming the option
     * @throws IOException if the model cannot be read
     */
    public TrainingSettings build() throws IOException {
      if (data == null || model == null) {
        throw new IllegalArgumentException(
            "A new run needs --data and --model (or --resume an earlier one)");
      }
      boolean saved = model.startsWith(SAVED_MODEL);
      String absolute =
          saved
              ? SAVED_MODEL + Path.of(model.substring(SAVED_MODEL.length())).toAbsolutePath()
              : model;
      String norm = batchNorm != null ? batchNorm : weights != null || saved ? "frozen" : "train";
      check(saved, norm);
      int size = imageSize == 0 ? Networks.of(absolute).defaultImageSize() : imageSize;
      return new TrainingSettings(
          data,
          absolute,
          size,
          resize == 0 ? Math.round(size * 256f / 227) : resize,
          mirror,
          skipBroken,
          embeddingSize,
          loss,
          gamma,
          gammaDecay,
          gammaDecaySteps,
          margin,
          localSearch,
          maxSweeps,
          start,
          distance,
          batch,
          classesPerBatch == 0 ? Math.max(2, batch / 4) : classesPerBatch,
          chunk,
          weights == null ? null : Path.of(weights).toAbsolutePath().toString(),
          freezeBackbone,
          frozenFeatures,
          norm,
          learningRate,
          learningRateDecay,
          learningRateDecaySteps,
          backboneRateMultiplier,
          clipNorm,
          weightDecay,
          steps,
          evalEvery,
          earlyStop,
          seed);
    }

    private void check(boolean saved, String norm) {
      if (!List.of("train", "frozen").contains(norm)) {
        throw new IllegalArgumentException("--batch-norm " + norm + ": must be train or frozen");
      }
      if (freezeBackbone && frozenFeatures) {
        throw new IllegalArgumentException(
            "--freeze-backbone and --frozen-features exclude each other: the second freezes too");
      }
      boolean frozen = freezeBackbone || frozenFeatures;
      if (saved && norm.equals("train") && !frozen) {
        throw new IllegalArgumentException(
            "--batch-norm train: batch normalisation of a SavedModel stays frozen");
      }
      if (saved && weights != null) {
        throw new IllegalArgumentException(
            "--weights: a SavedModel comes with its own weights; use medoid init --weights to put"
                + " others into a network");
      }
      if (chunk < 0 || (chunk > 0 && batch % chunk != 0)) {
        throw new IllegalArgumentException(
            "--chunk " + chunk + ": must divide --batch " + batch + " without a remainder");
      }
      if (chunk > 0 && frozenFeatures) {
        throw new IllegalArgumentException(
            "--chunk: with --frozen-features no image goes through the network in a step; leave it"
                + " out");
      }
      if (chunk > 0 && chunk < batch && norm.equals("train") && !frozen) {
        throw new IllegalArgumentException(
            "--chunk needs --batch-norm frozen: the statistics of a chunk are not those of the"
                + " batch");
      }
      if (steps < 0) {
        throw new IllegalArgumentException("--steps " + steps + ": must not be negative");
      }
      if (evalEvery < 0 || earlyStop < 0) {
        throw new IllegalArgumentException("--eval-every and --early-stop must not be negative");
      }
      if (earlyStop > 0 && evalEvery == 0) {
        throw new IllegalArgumentException("--early-stop needs --eval-every of 1 or more");
      }
    }
  }
}
