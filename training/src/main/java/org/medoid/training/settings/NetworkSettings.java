package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;

import java.util.Arrays;
import java.util.Locale;
import org.medoid.export.savedmodel.PixelRange;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Layers.BatchNormalization;

/**
 * What is trained.
 *
 * @param model the network, as {@link Networks#of} takes it, a SavedModel by its absolute path; or
 *     {@code own:} and a name for a network that a program brings itself
 * @param signature which signature of a SavedModel; null for the one that fits
 * @param output which output of it; null for the one that fits
 * @param range the pixels that a SavedModel takes, as {@link PixelRange#of} reads it; null for what
 *     its graph shows
 * @param pool how the last map of inception_v2 becomes features; null for its mean, and for every
 *     other network
 * @param weights the checkpoint that the backbone's weights come from, by its absolute path; null
 *     for none
 * @param embedding d, values of an embedding
 * @param freezeBackbone whether the backbone keeps its weights
 * @param frozenFeatures whether the backbone keeps its weights and its features are computed only
 *     once, of the centre crop of each image
 * @param batchNorm whether batch normalisation goes by the statistics of the batch or by the moving
 *     averages, which then stay
 */
public record NetworkSettings(
    String model,
    String signature,
    String output,
    String range,
    Pooling pool,
    String weights,
    int embedding,
    boolean freezeBackbone,
    boolean frozenFeatures,
    BatchNormalization batchNorm) {
  /** More than the features of any network have values. */
  private static final int LONGEST = 65_536;

  /**
   * Checks the values.
   *
   * @param model the network
   * @param signature which signature of a SavedModel; null for the one that fits
   * @param output which output of it; null for the one that fits
   * @param range the pixels that a SavedModel takes; null for what its graph shows
   * @param pool how the last map of inception_v2 becomes features; null for its mean
   * @param weights the checkpoint that the backbone's weights come from; null for none
   * @param embedding d, values of an embedding
   * @param freezeBackbone whether the backbone keeps its weights
   * @param frozenFeatures whether the backbone's features are computed only once
   * @param batchNorm what batch normalisation goes by
   * @throws SettingException if there is no such network, or the values do not fit together
   */
  public NetworkSettings {
    Networks.check(model);
    require(
        pool == null || model.equals(Networks.INCEPTION_V2),
        "pool",
        pool == null ? null : pool.name().toLowerCase(Locale.ROOT),
        "is for inception_v2; leave it out");
    require(
        embedding >= 1 && embedding <= LONGEST, "embedding", embedding, "must be 1 to " + LONGEST);
    require(
        !freezeBackbone || !frozenFeatures,
        "freeze_backbone",
        freezeBackbone,
        "frozen features freeze the backbone too; leave one out");
    require(batchNorm != null, "batch_norm", null, "must be train or frozen");
    if (!Networks.isSavedModel(model)) {
      requireNone("signature", signature);
      requireNone("output", output);
      requireNone("range", range);
    } else {
      require(
          range == null
              || Arrays.stream(PixelRange.values()).anyMatch(each -> each.toString().equals(range)),
          "range",
          range,
          "must be one of " + PixelRange.all());
      require(
          weights == null,
          "weights",
          weights,
          "a SavedModel comes with its own weights; make one of others with medoid init");
      require(
          batchNorm == BatchNormalization.FROZEN || freezeBackbone || frozenFeatures,
          "batch_norm",
          "train",
          "batch normalisation of a SavedModel stays frozen");
    }
  }

  private static void requireNone(String setting, String value) {
    require(value == null, setting, value, "is for a SavedModel; leave it out");
  }

  /**
   * What of a SavedModel is taken.
   *
   * @return signature, output and range as far as they are told
   */
  public SignatureChoice choice() {
    return new SignatureChoice(signature, output, range == null ? null : PixelRange.of(range));
  }

  /**
   * Whether the backbone keeps its weights.
   *
   * @return true if only the embedding layer trains
   */
  public boolean frozen() {
    return freezeBackbone || frozenFeatures;
  }
}
