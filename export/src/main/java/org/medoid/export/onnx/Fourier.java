package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.Source.Node;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * A discrete Fourier transform as products with matrices, one for each axis, in the order in which
 * they are taken.
 *
 * @param axes the last one, the one before it, or both
 * @param isReal whether only the real part of the result is wanted
 */
record Fourier(List<Axis> axes, boolean isReal) {
  /** The matrix of so many values has 8 MB in both of its parts. */
  private static final int LONGEST = 1024;

  private static final Map<String, Integer> AXES =
      Map.of(
          "FFT", 1, "IFFT", 1, "RFFT", 1, "IRFFT", 1, "FFT2D", 2, "IFFT2D", 2, "RFFT2D", 2,
          "IRFFT2D", 2);

  /**
   * The transform along an axis. Its matrix is symmetric where it is not the last one: it may stand
   * on the left.
   *
   * @param isLast whether it is the last axis
   * @param length of the period
   * @param from how many values there are; beyond those that count they are left out
   * @param to how many values come out
   * @param inverse whether the sign of the exponent is positive, and the sum a mean
   * @param half whether only the first half of the values is given, the rest being their conjugates
   */
  record Axis(boolean isLast, int length, int from, int to, boolean inverse, boolean half) {

    /** The real part of the matrix [from, to]. */
    Constant cosines(DataType type) {
      return matrix(type, 0);
    }

    /** The imaginary part. */
    Constant sines(DataType type) {
      return matrix(type, inverse ? -0.25 : 0.25);
    }

    /** cos(2π (i j / length + shift)): a shift of -1/4 makes it the sine, of 1/4 its negative. */
    private Constant matrix(DataType type, double shift) {
      double[] values = new double[from * to];
      int given = half ? length / 2 + 1 : length;
      for (int i = 0; i < Math.min(from, given); i++) {
        boolean twice = half && i > 0 && 2 * i < length;
        double factor = (inverse ? 1.0 / length : 1) * (twice ? 2 : 1);
        for (int j = 0; j < to; j++) {
          double turns = (double) ((long) i * j % length) / length + shift;
          values[i * to + j] = factor * Math.cos(2 * Math.PI * turns);
        }
      }
      return Constant.of(type, new long[] {from, to}, values);
    }
  }

  /** Whether an operation is one of these. */
  static boolean knows(String op) {
    return AXES.containsKey(op);
  }

  /**
   * The matrices of a node.
   *
   * @param shape of what it transforms
   * @param lengths the node that gives the lengths of a real transform, or null
   * @throws IllegalArgumentException if a length is unknown or too large
   */
  static Fourier of(Node node, long[] shape, NodeDef lengths) {
    String op = node.op();
    int count = AXES.get(op);
    boolean inverse = op.startsWith("I");
    boolean real = op.contains("R");
    int[] sizes = new int[count];
    for (int i = 0; i < count; i++) {
      long size = shape == null ? -1 : shape[shape.length - count + i];
      if (size < 0) {
        throw refuse("a Fourier transform of unknown length; fix the size of the images");
      }
      sizes[i] = Math.toIntExact(size);
    }
    int[] periods = real ? periods(lengths, count) : sizes.clone();
    for (int i = 0; i < count; i++) {
      if (Math.max(sizes[i], periods[i]) > LONGEST) {
        throw refuse("a Fourier transform of more than %d values".formatted(LONGEST));
      }
      boolean last = i == count - 1;
      int needed = real && inverse && last ? periods[i] / 2 + 1 : periods[i];
      if (sizes[i] < needed || (!last && sizes[i] != needed)) {
        throw refuse(
            "a Fourier transform of length %d over %d values".formatted(periods[i], sizes[i]));
      }
    }
    List<Axis> axes = new ArrayList<>();
    int end = count - 1;
    int to = real && !inverse ? periods[end] / 2 + 1 : periods[end];
    axes.add(new Axis(true, periods[end], sizes[end], to, inverse, real && inverse));
    if (count == 2) {
      // The rest of a real inverse transform wants whole columns first.
      axes.add(inverse ? 0 : 1, new Axis(false, periods[0], sizes[0], periods[0], inverse, false));
    }
    return new Fourier(axes, real && inverse);
  }

  private static int[] periods(NodeDef lengths, int count) {
    if (lengths == null || !lengths.getOp().equals("Const")) {
      throw refuse("a Fourier transform of computed length");
    }
    long[] given = Numbers.integers(lengths);
    int[] periods = new int[count];
    for (int i = 0; i < count; i++) {
      periods[i] = Math.toIntExact(given[i]);
    }
    return periods;
  }

  private static NodeFacts.UnsupportedException refuse(String why) {
    return new NodeFacts.UnsupportedException(why);
  }
}
