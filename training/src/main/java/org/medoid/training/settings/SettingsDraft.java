package org.medoid.training.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.medoid.graph.image.Crop;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.training.data.BatchShape;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.HeldOutClasses;
import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.medoid.training.settings.ScheduleSettings.Choice;

/**
 * Settings as somebody tells them: what is null takes the default that fits the rest. The fields
 * are those of the groups, which say what each means.
 *
 * <pre>{@code
 * SettingsDraft draft = new SettingsDraft();
 * draft.data = "icons";
 * draft.model = "convnet";
 * draft.steps = 300L;
 * TrainingSettings settings = draft.complete();
 * }</pre>
 */
public final class SettingsDraft {
  private static final long STEPS = 500;

  /** {@link DataSettings#data}; required. */
  public String data;

  /** {@link DataSettings#skipBroken}; false. */
  public Boolean skipBroken;

  /** {@link DataSettings#imageSize}; the network's own. */
  public Integer imageSize;

  /** {@link DataSettings#resize}; 256/227 of the image size, as the paper has it. */
  public Integer resize;

  /** {@link DataSettings#crop}; random. */
  public Crop crop;

  /** {@link DataSettings#mirror}; false. */
  public Boolean mirror;

  /** {@link DataSettings#batch}; 128, or as many as the data has. */
  public Integer batch;

  /** {@link DataSettings#classesPerBatch}; a quarter of the batch, or what the data has. */
  public Integer classesPerBatch;

  /** {@link DataSettings#chunk}; 0. */
  public Integer chunk;

  /** {@link NetworkSettings#model}; required. A SavedModel by any path. */
  public String model;

  /** {@link NetworkSettings#signature}; the one that fits. */
  public String signature;

  /** {@link NetworkSettings#output}; the one that fits. */
  public String output;

  /** {@link NetworkSettings#range}; what the graph shows, else 0,1. */
  public String range;

  /** {@link NetworkSettings#pool}; the network's own. */
  public Pooling pool;

  /** {@link NetworkSettings#weights}; none. By any path. */
  public String weights;

  /** {@link NetworkSettings#embedding}; 64. */
  public Integer embedding;

  /** {@link NetworkSettings#freezeBackbone}; false. */
  public Boolean freezeBackbone;

  /** {@link NetworkSettings#frozenFeatures}; false. */
  public Boolean frozenFeatures;

  /** {@link NetworkSettings#batchNorm}; frozen for a pretrained network, else train. */
  public BatchNormalization batchNorm;

  /** {@link LossSettings#loss}; facility_location. */
  public String loss;

  /** {@link LossSettings#lossParameter}; that of the loss's paper. */
  public Double lossParameter;

  /**
   * {@link LossSettings#gamma}; a quarter of the batch. The distances that a loss of m points sums
   * grow and shrink with the embeddings; γ does not. A network that draws all its embeddings
   * together has no distances left, and γ is the most that this can cost: so a γ that is small
   * beside m · distance buys a collapse. On Cars196 with frozen MobileNet features (m 128, C 32, 64
   * values), Recall@1 on the test classes was 0.511, 0.555, 0.559, 0.545 and 0.529 with γ 1, 10,
   * 32, 64 and 128; fine-tuned, γ 1 fell below the untrained head, γ 32 rose.
   */
  public Double gamma;

  /** {@link LossSettings#gammaDecay}; 1: the reason for γ holds to the end. */
  public Double gammaDecay;

  /** {@link LossSettings#gammaDecaySteps}; 0. */
  public Long gammaDecaySteps;

  /** {@link LossSettings#margin}; NMI. */
  public Margin margin;

  /** {@link LossSettings#localSearch}; exact. */
  public LocalSearch localSearch;

  /** {@link LossSettings#maxSweeps}; 0. */
  public Long maxSweeps;

  /** {@link LossSettings#start}; greedy. */
  public Start start;

  /** {@link LossSettings#distance}; Euclidean. */
  public Distance distance;

  /**
   * {@link OptimizerSettings#optimizer}; rmsprop. On Cars196 with frozen MobileNet features (400
   * steps, the same four learning rates and parameters for each) the best Recall@1 on validation
   * classes was 0.646 with rmsprop and 0.638 with adamw for the facility location loss, 0.694 and
   * 0.693 for Proxy-Anchor: no reason to leave what the paper trains with.
   */
  public String optimizer;

  /**
   * {@link OptimizerSettings#warmUp}; for a pretrained network 100, or a fifth of the steps if that
   * is less; else 0.
   */
  public Long warmUp;

  /** {@link OptimizerSettings#proxyRateMultiplier}; 10. */
  public Double proxyRateMultiplier;

  /** {@link OptimizerSettings#learningRate}; 0.0003 for a pretrained network, else 0.001. */
  public Double learningRate;

  /** {@link OptimizerSettings#learningRateSchedule}; exponential. */
  public Fall learningRateSchedule;

  /** {@link OptimizerSettings#learningRateDecay}; 1. */
  public Double learningRateDecay;

  /** {@link OptimizerSettings#learningRateDecaySteps}; 0. */
  public Long learningRateDecaySteps;

  /** {@link OptimizerSettings#backboneRateMultiplier}; 0.1 for a pretrained network, else 1. */
  public Double backboneRateMultiplier;

  /** {@link OptimizerSettings#clipNorm}; 0. */
  public Double clipNorm;

  /** {@link OptimizerSettings#weightDecay}; 0.01 for adamw, else 0. */
  public Double weightDecay;

  /** {@link OptimizerSettings#precision}; float32. */
  public Precision precision;

  /** {@link ScheduleSettings#steps}; 500. */
  public Long steps;

  /** {@link ScheduleSettings#evalEvery}; 100. */
  public Long evalEvery;

  /** {@link ScheduleSettings#earlyStop}; 0. */
  public Integer earlyStop;

  /** {@link ScheduleSettings#validationClasses}; 0.2 if they choose the checkpoint, else 0. */
  public Double validationClasses;

  /** {@link ScheduleSettings#chooseOn}; validation, or last where validationClasses is 0. */
  public Choice chooseOn;

  /** {@link ScheduleSettings#seed}; 1. */
  public Long seed;

  /** Starts with nothing told. */
  public SettingsDraft() {}

  /**
   * Fills in what was not told and checks the whole. Reads no data: the usual batch is taken to fit
   * it.
   *
   * @return the settings
   * @throws SettingException if a setting cannot be, alone or beside the others
   * @throws IOException if the image size is not told and the SavedModel cannot be read
   */
  public TrainingSettings complete() throws IOException {
    int m = or(batch, BatchShape.usual(classesPerBatch, Math.max(1, or(chunk, 0))));
    return complete(m, or(classesPerBatch, Math.max(2, m / 4)));
  }

  /**
   * Fills in what was not told so that it fits the data, and checks the whole.
   *
   * @param split the data set
   * @return the settings
   * @throws SettingException if a setting cannot be, alone or beside the others
   * @throws IllegalArgumentException if what was told asks for more than the data has
   * @throws IOException if the image size is not told and the SavedModel cannot be read
   */
  public TrainingSettings complete(DataSplit split) throws IOException {
    return complete(split, 1);
  }

  /**
   * The same for several workers, among whom a batch that was not told can be shared evenly.
   *
   * @param split the data set
   * @param workers how many train together
   * @return the settings
   * @throws SettingException if a setting cannot be, alone or beside the others
   * @throws IllegalArgumentException if what was told asks for more than the data has
   * @throws IOException if the image size is not told and the SavedModel cannot be read
   */
  public TrainingSettings complete(DataSplit split, int workers) throws IOException {
    TrainingSettings usual = complete(); // what is wrong in itself comes before what does not fit
    ScheduleSettings schedule = usual.schedule();
    long rows = (long) workers * Math.max(1, usual.data().chunk());
    int divisor = (int) Math.min(Integer.MAX_VALUE, rows); // more than any batch has, either
    if (schedule.chooseOn() != Choice.TEST) {
      Optional<HeldOutClasses> parts =
          HeldOutClasses.of(split.train(), schedule.validationClasses(), schedule.seed());
      try {
        if (parts.isPresent()) {
          return complete(BatchShape.fitting(parts.get().rest(), batch, classesPerBatch, divisor));
        }
      } catch (IllegalArgumentException tooFew) {
        // Then all classes train, which the trainer tells.
      }
    }
    return complete(BatchShape.fitting(split.train(), batch, classesPerBatch, divisor));
  }

  private TrainingSettings complete(BatchShape fitting) throws IOException {
    return complete(fitting.images(), fitting.classes());
  }

  private TrainingSettings complete(int m, int classes) throws IOException {
    NetworkSettings network = network();
    return new TrainingSettings(
        data(network, m, classes), network, loss(m), optimizer(), schedule());
  }

  private LossSettings loss(int m) {
    return new LossSettings(
        or(loss, LossSettings.FACILITY_LOCATION),
        lossParameter,
        or(gamma, m / 4.0),
        or(gammaDecay, 1.0),
        or(gammaDecaySteps, 0L),
        or(margin, Margin.NMI),
        or(localSearch, LocalSearch.EXACT),
        or(maxSweeps, 0L),
        or(start, Start.GREEDY),
        or(distance, Distance.EUCLIDEAN));
  }

  private OptimizerSettings optimizer() {
    String name = or(optimizer, OptimizerSettings.RMSPROP);
    long warm = Math.min(100, Math.max(0, or(steps, STEPS)) / 5);
    return new OptimizerSettings(
        name,
        or(learningRate, pretrained() ? 0.0003 : 0.001),
        or(warmUp, pretrained() ? warm : 0L),
        or(learningRateSchedule, Fall.EXPONENTIAL),
        or(learningRateDecay, 1.0),
        or(learningRateDecaySteps, 0L),
        or(backboneRateMultiplier, pretrained() ? 0.1 : 1.0),
        or(proxyRateMultiplier, 10.0),
        or(clipNorm, 0.0),
        or(weightDecay, name.equals(OptimizerSettings.ADAMW) ? 0.01 : 0.0),
        or(precision, Precision.FLOAT32));
  }

  /** Whether the backbone comes with weights that somebody trained. */
  private boolean pretrained() {
    return weights != null || Networks.isSavedModel(model);
  }

  private ScheduleSettings schedule() {
    boolean held = validationClasses == null || validationClasses != 0;
    Choice choice = or(chooseOn, held ? Choice.VALIDATION : Choice.LAST);
    return new ScheduleSettings(
        or(steps, STEPS),
        or(evalEvery, 100L),
        or(earlyStop, 0),
        or(
            validationClasses,
            choice == Choice.VALIDATION ? ScheduleSettings.VALIDATION_CLASSES : 0.0),
        choice,
        or(seed, 1L));
  }

  private NetworkSettings network() {
    Networks.check(model);
    return new NetworkSettings(
        Networks.absolute(model),
        signature,
        output,
        range,
        pool,
        weights == null ? null : Path.of(weights).toAbsolutePath().normalize().toString(),
        or(embedding, 64),
        or(freezeBackbone, false),
        or(frozenFeatures, false),
        or(batchNorm, pretrained() ? BatchNormalization.FROZEN : BatchNormalization.TRAIN));
  }

  private DataSettings data(NetworkSettings network, int m, int classes) throws IOException {
    int size = imageSize != null ? imageSize : Networks.imageSize(network);
    return new DataSettings(
        data == null ? null : DataSets.absolute(data),
        or(skipBroken, false),
        size,
        resize != null ? resize : Math.round(size * 256f / 227),
        or(crop, Crop.RANDOM),
        or(mirror, false),
        m,
        classes,
        or(chunk, 0));
  }

  private static <T> T or(T told, T otherwise) {
    return told == null ? otherwise : told;
  }
}
