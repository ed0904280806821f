package org.medoid.training.data;

import java.nio.ByteBuffer;
import us.hebi.matlab.mat.format.BufferAllocator;

/**
 * The memory of what is read from a MATLAB file, no more than the file can fill: MFL asks for as
 * much as each header says, of a damaged one for 2 GB.
 */
final class MatBuffers implements BufferAllocator {
  /** Deflate packs no denser. */
  private static final long DENSEST = 1032;

  private final long most;

  /**
   * Allows what fits.
   *
   * @param size of the file, bytes
   */
  MatBuffers(long size) {
    most = DENSEST * size;
  }

  @Override
  public ByteBuffer allocate(int bytes) {
    if (bytes < 0 || bytes > most) {
      throw new IllegalArgumentException(
          "an array of " + bytes + " bytes is more than the file can hold");
    }
    return ByteBuffer.allocate(bytes);
  }

  @Override
  public void release(ByteBuffer buffer) {
    // The garbage collector's.
  }
}
