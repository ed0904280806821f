package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The values that the pixels of an image have where a network takes them: a scale and a shift of
 * red, green and blue in [0, 1], and their order.
 */
public enum PixelRange {
  /** From 0 to 1, as TensorFlow Hub asks for and as everything here passes images on. */
  ZERO_TO_ONE("0,1", 1, 0),
  /** From 0 to 255, as image files have them; Keras networks that begin with a Rescaling. */
  ZERO_TO_255("0,255", 255, 0),
  /** From -1 to 1: MobileNet, Inception, Xception and NASNet of keras.applications. */
  MINUS_ONE_TO_ONE("-1,1", 2, -1),
  /** From 0 to 65535, as image files of 16 bits have them. */
  ZERO_TO_65535("0,65535", 65535, 0),
  /**
   * Blue, green and red from 0 to 255, each less ImageNet's mean, as the networks of Caffe: ResNet
   * and VGG of keras.applications, whose {@code preprocess_input} calls it so.
   */
  CAFFE("caffe", true, new float[] {255}, -103.939f, -116.779f, -123.68f),
  /**
   * From 0 to 1, less ImageNet's mean, by its standard deviation, as the networks of torchvision:
   * DenseNet of keras.applications, whose {@code preprocess_input} calls it so.
   */
  TORCH(
      "torch",
      false,
      new float[] {1 / 0.229f, 1 / 0.224f, 1 / 0.225f},
      -0.485f / 0.229f,
      -0.456f / 0.224f,
      -0.406f / 0.225f);

  private final String text;
  private final boolean blueFirst;

  @SuppressWarnings("ImmutableEnumChecker") // handed out as a copy
  private final float[] scale;

  @SuppressWarnings("ImmutableEnumChecker")
  private final float[] shift;

  PixelRange(String text, float scale, float shift) {
    this(text, false, new float[] {scale}, shift);
  }

  PixelRange(String text, boolean blueFirst, float[] scale, float... shift) {
    this.text = text;
    this.blueFirst = blueFirst;
    this.scale = scale;
    this.shift = shift;
  }

  /**
   * All texts that {@link #of} reads.
   *
   * @return them, with a bar between each two
   */
  public static String all() {
    return Arrays.stream(values()).map(PixelRange::toString).collect(Collectors.joining(" | "));
  }

  /**
   * The range that a text means.
   *
   * @param text {@code 0,1}, {@code 0,255}, {@code -1,1}, {@code 0,65535}, {@code caffe} or {@code
   *     torch}
   * @return the range
   * @throws IllegalArgumentException if it is none of them
   */
  public static PixelRange of(String text) {
    String plain = text.replace(" ", "");
    return Arrays.stream(values())
        .filter(range -> range.text.equals(plain))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "pixel range '%s' is none of %s".formatted(text, all())));
  }

  /**
   * Whether blue comes before green and red, which images have the other way round.
   *
   * @return true for Caffe's networks
   */
  public boolean isBlueFirst() {
    return blueFirst;
  }

  /**
   * Returns what a pixel in [0, 1] is multiplied by to lie in this range.
   *
   * @return a number for all colours, or one for each in the network's order
   */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * Returns what is added after {@link #scale}.
   *
   * @return a number for all colours, or one for each in the network's order
   */
  public float[] shift() {
    return shift.clone();
  }

  /**
   * Whether whole numbers without a sign hold the range's steps.
   *
   * @return true for 0 to 255 and to 65535
   */
  boolean isWhole() {
    return this == ZERO_TO_255 || this == ZERO_TO_65535;
  }

  /**
   * Returns the text that {@link #of} reads.
   *
   * @return {@code 0,1}, {@code 0,255}, {@code -1,1}, {@code 0,65535}, {@code caffe} or {@code
   *     torch}
   */
  @Override
  public String toString() {
    return text;
  }
}
