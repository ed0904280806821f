package org.medoid.training.cli;

import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.OptimizerSettings.Precision;
import picocli.CommandLine.Option;

/** The options of {@link TrainingOptions} that are settings of the optimizer and its rates. */
final class OptimizerOptions {
  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description =
          "rmsprop (TensorFlow 1's, whose mean square starts at 1: with small gradients its first"
              + " tens of steps are short) or adamw. Default: rmsprop.")
  String optimizer;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description =
          "float32, or bf16 for convolutions and products in bfloat16, on processors with"
              + " AVX512_BF16 or AMX. Default: float32.")
  Precision precision;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description =
          "Of the embedding layer at step 0. Default: 0.0003 with --weights or savedmodel:, else"
              + " 0.001.")
  Double learningRate;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description =
          "Steps in which the backbone stands still. Default: 100, or a fifth of --steps, with"
              + " --weights or savedmodel:, else 0.")
  Long warmUp;

  @Option(
      names = "--learning-rate-schedule",
      paramLabel = "NAME",
      description =
          "How the learning rate falls: exponential (by the factor, a little with each step), step"
              + " (by the factor at once), or cosine (towards 0 after the last step). Default:"
              + " exponential.")
  Fall learningRateSchedule;

  @Option(
      names = "--learning-rate-decay",
      paramLabel = "F",
      description =
          "Factor by which the learning rate falls every --learning-rate-decay-steps; 1 keeps it"
              + " constant. Default: 1.")
  Double learningRateDecay;

  @Option(
      names = "--learning-rate-decay-steps",
      paramLabel = "N",
      description =
          "Steps in which the learning rate falls by the factor; 0: an epoch. Default: 0.")
  Long learningRateDecaySteps;

  @Option(
      names = "--backbone-rate-multiplier",
      paramLabel = "F",
      description =
          "The backbone's learning rate over that of the embedding layer. Default: 0.1 with"
              + " --weights or savedmodel:, else 1.")
  Double backboneRateMultiplier;

  @Option(
      names = "--proxy-rate-multiplier",
      paramLabel = "F",
      description =
          "The learning rate of a loss's own variables (proxies) over that of the embedding layer."
              + " Default: 10.")
  Double proxyRateMultiplier;

  @Option(
      names = "--clip-norm",
      paramLabel = "N",
      description =
          "Scales the gradients down to this global norm where it is larger; 0: no limit. Default:"
              + " 0.")
  Double clipNorm;

  @Option(
      names = "--weight-decay",
      paramLabel = "F",
      description =
          "This times each weight (not biases) is added to its gradient (rmsprop), or, times the"
              + " learning rate, taken from the weight (adamw). Default: 0.01 for adamw, else 0.")
  Double weightDecay;
}
