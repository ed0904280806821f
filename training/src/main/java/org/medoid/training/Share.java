package org.medoid.training;

import java.util.Arrays;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.SettingException;

/**
 * A worker's part of each batch.
 *
 * @param batch images of a whole batch
 * @param first the place of its first image in the batch
 * @param size its images, as many as every other's
 * @param rows images that go through its network at once
 */
record Share(int batch, int first, int size, int rows) {
  /**
   * Parts the batch.
   *
   * @throws SettingException if it cannot be shared evenly, or a share not be parted in chunks
   */
  static Share of(DataSettings settings, int workers, int rank) {
    settings.requireShared(workers);
    int size = settings.batch() / workers;
    int rows = Math.min(size, settings.rows());
    return new Share(settings.batch(), size * rank, size, rows);
  }

  boolean inChunks() {
    return rows < size;
  }

  /** This part of what a batch holds. */
  int[] of(int[] batch) {
    return Arrays.copyOfRange(batch, first, first + size);
  }
}
