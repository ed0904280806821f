package org.medoid.export.image;

import java.util.Locale;

/**
 * The images that a network takes, and what a picture is scaled to before they are cut out of it.
 *
 * @param height of the network's input in pixels
 * @param width of the network's input in pixels
 * @param resize pixels to which the longer of the two sides is scaled before the cut, the other in
 *     proportion, at least as many as the side has; 0 for no cut: scaled to height and width
 *     themselves
 */
public record ImageSize(int height, int width, int resize) {
  /**
   * Checks.
   *
   * @param height of the network's input, at least 1
   * @param width of the network's input, at least 1
   * @param resize 0, or at least the larger of the two
   * @throws IllegalArgumentException if a side is less than 1 or resize smaller than a side
   */
  public ImageSize {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "image size %dx%d: both must be at least 1", height, width));
    }
    if (resize != 0 && resize < Math.max(height, width)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "resize %d is smaller than the image size %dx%d",
              resize,
              height,
              width));
    }
  }

  /**
   * A square input.
   *
   * @param side height and width of the network's input in pixels
   * @param resize as {@link #resize()}
   * @return the size
   */
  public static ImageSize square(int side, int resize) {
    return new ImageSize(side, side, resize);
  }

  /**
   * The height that a picture is scaled to.
   *
   * @return pixels, at least {@link #height()}
   */
  public int scaledHeight() {
    return scaled(height);
  }

  /**
   * The width that a picture is scaled to.
   *
   * @return pixels, at least {@link #width()}
   */
  public int scaledWidth() {
    return scaled(width);
  }

  private int scaled(int side) {
    return resize == 0 ? side : (int) Math.round((double) resize * side / Math.max(height, width));
  }
}
