package org.medoid.export.savedmodel;

/**
 * What somebody asks of a SavedModel that may hold several networks and does not say everything
 * about them. Whatever is null is found out, and told in {@link ModelSignature#notes}.
 *
 * @param signature the signature's name; null for the one that fits
 * @param output the name of one of its outputs; null for the one that fits
 * @param range the pixels that its images have; null for what the graph shows, or else [0, 1]
 */
public record SignatureChoice(String signature, String output, PixelRange range) {
  /** Leaves everything to be found out. */
  public static final SignatureChoice FITTING = new SignatureChoice(null, null, null);

  /**
   * Checks.
   *
   * @param signature the signature's name or null
   * @param output an output's name or null
   * @param range the pixels' range or null
   * @throws IllegalArgumentException if a name is empty
   */
  public SignatureChoice {
    if ((signature != null && signature.isBlank()) || (output != null && output.isBlank())) {
      throw new IllegalArgumentException(
          "the name of a signature or of an output must not be empty");
    }
  }

  /**
   * Asks for a signature.
   *
   * @param name its name; null for the one that fits
   * @return a choice that leaves the rest open
   */
  public static SignatureChoice of(String name) {
    return new SignatureChoice(name, null, null);
  }

  /**
   * Says the pixels' range.
   *
   * @param pixels their range; null for what the graph shows
   * @return the same choice with it
   */
  public SignatureChoice withRange(PixelRange pixels) {
    return new SignatureChoice(signature, output, pixels);
  }
}
