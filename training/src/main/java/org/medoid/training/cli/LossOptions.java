package org.medoid.training.cli;

import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import picocli.CommandLine.Option;

/** The options of {@link TrainingOptions} that are settings of the loss, by whose names they go. */
final class LossOptions {
  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description =
          "facility_location, or a rival: contrastive, triplet_semihard, lifted_structure, n_pairs,"
              + " multi_similarity, proxy_nca, proxy_anchor, normalized_softmax, deep_clustering,"
              + " spectral_clustering, arcface, supcon, soft_triple or smooth_ap. Default:"
              + " facility_location.")
  String loss;

  @Option(
      names = "--loss-parameter",
      paramLabel = "X",
      description =
          "The main number of a rival loss: a margin, scale or temperature. Default: its paper's.")
  Double lossParameter;

  @Option(
      names = "--gamma",
      paramLabel = "G",
      description = "Margin multiplier γ at step 0. Default: a quarter of the batch.")
  Double gamma;

  @Option(
      names = "--gamma-decay",
      paramLabel = "F",
      description =
          "Factor by which γ falls every --gamma-decay-steps; 1 keeps it constant. Default: 1.")
  Double gammaDecay;

  @Option(
      names = "--gamma-decay-steps",
      paramLabel = "N",
      description = "Steps in which γ falls by the factor; 0: an epoch. Default: 0.")
  Long gammaDecaySteps;

  @Option(
      names = "--margin",
      paramLabel = "NAME",
      description = "nmi, nmi_arithmetic, ami, ari, v_measure or identical. Default: nmi.")
  Margin margin;

  @Option(
      names = "--local-search",
      paramLabel = "NAME",
      description = "exact, reference, swap or none. Default: exact.")
  LocalSearch localSearch;

  @Option(
      names = "--max-sweeps",
      paramLabel = "N",
      description = "Most sweeps of the local search; 0: the op's default. Default: 0.")
  Long maxSweeps;

  @Option(
      names = "--start",
      paramLabel = "NAME",
      description = "Where the local search starts: greedy or random. Default: greedy.")
  Start start;

  @Option(
      names = "--distance",
      paramLabel = "NAME",
      description = "euclidean, squared_euclidean or cosine. Default: euclidean.")
  Distance distance;
}
