package org.medoid.training.cli;

import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.medoid.training.settings.SettingsDraft;
import picocli.CommandLine.Option;

/** The options of {@link TrainingOptions} that are settings of the optimizer and its rates. */
final class OptimizerOptions {
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

  /** Puts what was told into a draft. */
  void tell(SettingsDraft draft) {
    draft.optimizer = optimizer;
    draft.precision = precision;
    draft.learningRate = learningRate;
    draft.warmUp = warmUp;
    draft.learningRateSchedule = learningRateSchedule;
    draft.learningRateDecay = learningRateDecay;
    draft.learningRateDecaySteps = learningRateDecaySteps;
    draft.backboneRateMultiplier = backboneRateMultiplier;
    draft.proxyRateMultiplier = proxyRateMultiplier;
    draft.clipNorm = clipNorm;
    draft.weightDecay = weightDecay;
  }
}
