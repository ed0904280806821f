package org.medoid.training.settings;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
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
  /** {@link DataSettings#data}; required. */
  public String data;

  /** {@link DataSettings#skipBroken}; false. */
  public Boolean skipBroken;

  /** {@link DataSettings#imageSize}; the network's own. */
  public Integer imageSize;

  /** {@link DataSettings#resize}; 256/227 of the image size, as the paper has it. */
  public Integer resize;

  /** {@link DataSettings#mirror}; false. */
  public Boolean mirror;

  /** {@link DataSettings#batch}; 128. */
  public Integer batch;

  /** {@link DataSettings#classesPerBatch}; a quarter of the batch. */
  public Integer classesPerBatch;

  /** {@link DataSettings#chunk}; 0. */
  public Integer chunk;

  /** {@link NetworkSettings#model}; required. A SavedModel by any path. */
  public String model;

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

  /** {@link LossSettings#gamma}; 1. */
  public Double gamma;

  /** {@link LossSettings#gammaDecay}; 0.94. */
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

  /** {@link OptimizerSettings#optimizer}; rmsprop. */
  public String optimizer;

  /** {@link OptimizerSettings#warmUp}; 0. */
  public Long warmUp;

  /** {@link OptimizerSettings#proxyRateMultiplier}; 10. */
  public Double proxyRateMultiplier;

  /** {@link OptimizerSettings#learningRate}; 0.001. */
  public Double learningRate;

  /** {@link OptimizerSettings#learningRateDecay}; 1. */
  public Double learningRateDecay;

  /** {@link OptimizerSettings#learningRateDecaySteps}; 0. */
  public Long learningRateDecaySteps;

  /** {@link OptimizerSettings#backboneRateMultiplier}; 1. */
  public Double backboneRateMultiplier;

  /** {@link OptimizerSettings#clipNorm}; 0. */
  public Double clipNorm;

  /** {@link OptimizerSettings#weightDecay}; 0. */
  public Double weightDecay;

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
   * Fills in what was not told and checks the whole.
   *
   * @return the settings
   * @throws SettingException if a setting cannot be, alone or beside the others
   * @throws IOException if the image size is not told and the SavedModel cannot be read
   */
  public TrainingSettings complete() throws IOException {
    NetworkSettings network = network();
    return new TrainingSettings(
        data(network.model()),
        network,
        new LossSettings(
            or(loss, "facility_location"),
            or(gamma, 1.0),
            or(gammaDecay, 0.94),
            or(gammaDecaySteps, 0L),
            or(margin, Margin.NMI),
            or(localSearch, LocalSearch.EXACT),
            or(maxSweeps, 0L),
            or(start, Start.GREEDY),
            or(distance, Distance.EUCLIDEAN)),
        new OptimizerSettings(
            or(optimizer, "rmsprop"),
            or(learningRate, 0.001),
            or(warmUp, 0L),
            or(learningRateDecay, 1.0),
            or(learningRateDecaySteps, 0L),
            or(backboneRateMultiplier, 1.0),
            or(proxyRateMultiplier, 10.0),
            or(clipNorm, 0.0),
            or(weightDecay, 0.0)),
        schedule());
  }

  private ScheduleSettings schedule() {
    boolean held = validationClasses == null || validationClasses != 0;
    Choice choice = or(chooseOn, held ? Choice.VALIDATION : Choice.LAST);
    return new ScheduleSettings(
        or(steps, 500L),
        or(evalEvery, 100L),
        or(earlyStop, 0),
        or(validationClasses, choice == Choice.VALIDATION ? 0.2 : 0.0),
        choice,
        or(seed, 1L));
  }

  private NetworkSettings network() {
    Networks.check(model);
    boolean pretrained = weights != null || Networks.isSavedModel(model);
    return new NetworkSettings(
        Networks.absolute(model),
        weights == null ? null : Path.of(weights).toAbsolutePath().normalize().toString(),
        or(embedding, 64),
        or(freezeBackbone, false),
        or(frozenFeatures, false),
        or(batchNorm, pretrained ? BatchNormalization.FROZEN : BatchNormalization.TRAIN));
  }

  private DataSettings data(String absoluteModel) throws IOException {
    int size = imageSize != null ? imageSize : Networks.imageSize(absoluteModel);
    int m = or(batch, 128);
    return new DataSettings(
        data,
        or(skipBroken, false),
        size,
        resize != null ? resize : Math.round(size * 256f / 227),
        or(mirror, false),
        m,
        classesPerBatch != null ? classesPerBatch : Math.max(2, m / 4),
        or(chunk, 0));
  }

  private static <T> T or(T told, T otherwise) {
    return told == null ? otherwise : told;
  }
}
