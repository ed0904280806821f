package org.medoid.export.savedmodel;

import java.io.IOException;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * What becomes of the number of pictures that a network was written for.
 *
 * @param written that number; not above 0 where it is open
 * @param freed whether the graph takes any other number as well, once {@link FreeBatch} has changed
 *     it
 * @param coupled whether the features of one picture depend on the others, so that no graph gives
 *     them for a picture alone
 */
record FixedBatch(long written, boolean freed, boolean coupled) {
  private static final FixedBatch OPEN = new FixedBatch(-1, false, false);

  /**
   * Finds out; where a number is fixed the network is run a few times.
   *
   * @param graph the network with so many pictures, or any number for -1
   * @param values of its variables
   * @param height of the images, -1 for any
   * @param width of the images, -1 for any
   */
  static FixedBatch of(
      long written, LongFunction<FlatGraph> graph, SeenRange.Values values, int height, int width)
      throws IOException {
    if (written <= 0) {
      return OPEN;
    }
    FlatGraph free = FreeBatch.of(graph.apply(-1), written);
    // Freed, a mean over everything that was one picture's own is that of all pictures.
    if (free != null && !CoupledPictures.in(free, values.of(free), 1, 3, height, width)) {
      return new FixedBatch(written, true, false);
    }
    int batch = Math.toIntExact(written);
    FlatGraph fixed = graph.apply(batch);
    return new FixedBatch(
        batch,
        false,
        batch > 1 && CoupledPictures.in(fixed, values.of(fixed), batch, batch, height, width));
  }

  /** The number of pictures that fits the graph; -1 for any. */
  long size() {
    return freed ? -1 : written;
  }

  /**
   * The network for any number of pictures.
   *
   * @param flat that takes {@link #size}
   * @throws IllegalArgumentException if there is none
   */
  FlatGraph served(FlatGraph flat) {
    if (coupled) {
      throw new IllegalArgumentException(
          "the network takes %d pictures at a time, and the features of one depend on the others"
              .formatted(written));
    }
    return size() > 0 ? BatchLoop.of(flat, Math.toIntExact(written)) : flat;
  }

  /** What a user should be told where a number was fixed. */
  Optional<String> note() {
    if (written <= 0) {
      return Optional.empty();
    }
    if (freed) {
      return Optional.of("batch: freed, the model was written for " + written);
    }
    String so =
        coupled
            ? ", and the features of one picture depend on the others"
            : "; an export takes so many at a time, in a loop";
    return Optional.of("batch: fixed at " + written + so);
  }
}
