package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;

/**
 * Shapes as arrays with -1 for an unknown size, null for an unknown rank, and the axes of the two
 * layouts: channels last (TensorFlow's) and channels first (ONNX's).
 */
final class Shapes {
  private Shapes() {}

  static long[] of(Shape shape) {
    return shape.isUnknown() ? null : shape.asArray();
  }

  static boolean isKnown(long[] shape) {
    return shape != null && Arrays.stream(shape).allMatch(size -> size >= 0);
  }

  /** The number of elements of a known shape. */
  static long size(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Axis i of channels first is axis {@code toChannelsFirst(rank)[i]} of channels last. */
  static int[] toChannelsFirst(int rank) {
    return IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == 1 ? rank - 1 : i - 1).toArray();
  }

  /** Axis i of channels last is axis {@code toChannelsLast(rank)[i]} of channels first. */
  static int[] toChannelsLast(int rank) {
    return IntStream.range(0, rank).map(i -> channelsFirstAxis(i, rank)).toArray();
  }

  /** Where an axis of channels last is in channels first. */
  static int channelsFirstAxis(int axis, int rank) {
    return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
  }

  static long[] permuted(long[] values, int[] axes) {
    return values == null ? null : Arrays.stream(axes).mapToLong(i -> values[i]).toArray();
  }

  /** Whether every size between the first and the last is one: the two layouts are the same. */
  static boolean isPoint(long[] channelsLast) {
    return channelsLast != null
        && Arrays.stream(channelsLast, 1, channelsLast.length - 1).allMatch(size -> size == 1);
  }
}
