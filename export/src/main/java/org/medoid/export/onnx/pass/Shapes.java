package org.medoid.export.onnx.pass;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;

/**
 * Shapes as arrays with -1 for an unknown size, null for an unknown rank, and the axes of the two
 * layouts: channels last (TensorFlow's) and channels first (ONNX's).
 */
public final class Shapes {
  private Shapes() {}

  /**
   * Returns a shape as an array.
   *
   * @param shape TensorFlow's shape
   * @return sizes, -1 where unknown; null if even the rank is
   */
  public static long[] of(Shape shape) {
    return shape.isUnknown() ? null : shape.asArray();
  }

  /**
   * Whether all sizes are known.
   *
   * @param shape sizes, or null
   * @return true if none is unknown
   */
  public static boolean isKnown(long[] shape) {
    return shape != null && Arrays.stream(shape).allMatch(size -> size >= 0);
  }

  /**
   * Returns the number of elements.
   *
   * @param shape known sizes
   * @return the product of the sizes
   */
  public static long size(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /**
   * Returns the permutation from channels last to channels first.
   *
   * @param rank the rank
   * @return axis i of channels first is axis {@code result[i]} of channels last
   */
  public static int[] toChannelsFirst(int rank) {
    return IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == 1 ? rank - 1 : i - 1).toArray();
  }

  /**
   * Returns the permutation from channels first to channels last.
   *
   * @param rank the rank
   * @return axis i of channels last is axis {@code result[i]} of channels first
   */
  public static int[] toChannelsLast(int rank) {
    return IntStream.range(0, rank).map(i -> channelsFirstAxis(i, rank)).toArray();
  }

  /**
   * Returns where an axis of channels last is in channels first.
   *
   * @param axis 0 to rank - 1
   * @param rank the rank
   * @return the axis
   */
  public static int channelsFirstAxis(int axis, int rank) {
    return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
  }

  /**
   * Returns values in another order.
   *
   * @param values one for each axis, or null
   * @param axes value i of the result is value {@code axes[i]}
   * @return a new array; null for null
   */
  public static long[] permuted(long[] values, int[] axes) {
    return values == null ? null : Arrays.stream(axes).mapToLong(i -> values[i]).toArray();
  }

  /**
   * Whether every size between the first and the last is one: the two layouts are the same.
   *
   * @param channelsLast sizes, or null
   * @return true if they are
   */
  public static boolean isPoint(long[] channelsLast) {
    return channelsLast != null
        && Arrays.stream(channelsLast, 1, channelsLast.length - 1).allMatch(size -> size == 1);
  }
}
