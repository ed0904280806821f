package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The values that the pixels of an image have where a network takes them. */
public enum PixelRange {
  /** From 0 to 1, as TensorFlow Hub asks for and as everything here passes images on. */
  ZERO_TO_ONE("0,1", 1, 0),
  /** From 0 to 255, as image files have them; Keras networks that begin with a Rescaling. */
  ZERO_TO_255("0,255", 255, 0),
  /** From -1 to 1. */
  MINUS_ONE_TO_ONE("-1,1", 2, -1),
  /** From 0 to 65535, as image files of 16 bits have them. */
  ZERO_TO_65535("0,65535", 65535, 0);

  private final String text;
  private final float scale;
  private final float shift;

  PixelRange(String text, float scale, float shift) {
    this.text = text;
    this.scale = scale;
    this.shift = shift;
  }

  /**
   * The range that a text means.
   *
   * @param text {@code 0,1}, {@code 0,255}, {@code -1,1} or {@code 0,65535}
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
                    "pixel range '%s' is none of %s"
                        .formatted(
                            text,
                            Arrays.stream(values())
                                .map(PixelRange::toString)
                                .collect(Collectors.joining(" | ")))));
  }

  /**
   * Returns what a pixel in [0, 1] is multiplied by to lie in this range.
   *
   * @return 1, 255, 2 or 65535
   */
  public float scale() {
    return scale;
  }

  /**
   * Returns what is added after {@link #scale}.
   *
   * @return 0 or -1
   */
  public float shift() {
    return shift;
  }

  /**
   * Returns the text that {@link #of} reads.
   *
   * @return {@code 0,1}, {@code 0,255}, {@code -1,1} or {@code 0,65535}
   */
  @Override
  public String toString() {
    return text;
  }
}
