package org.medoid.export.savedmodel;

import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * Fourier transforms of one and two axes as products with their matrices, of which TensorFlow's C++
 * has gradients; the transforms themselves have none there. Lengths must be known, 1,024 at most.
 */
final class Spectra {
  private static final Map<String, Integer> AXES =
      Map.of(
          "FFT", 1, "IFFT", 1, "RFFT", 1, "IRFFT", 1, "FFT2D", 2, "IFFT2D", 2, "RFFT2D", 2,
          "IRFFT2D", 2);

  /** The matrix of so many values has 8 MB. */
  private static final int LONGEST = 1024;

  private static final DataType COMPLEX = DataType.DT_COMPLEX64;

  private final Anew node;
  private final boolean inverse;

  private Spectra(Anew node) {
    this.node = node;
    inverse = node.node().getOp().startsWith("I");
  }

  static void register(Map<String, Differentiable.Rule> table) {
    AXES.keySet().forEach(op -> table.put(op, node -> new Spectra(node).written()));
  }

  /** Null if its lengths are not known or too large. */
  private String written() {
    int axes = AXES.get(node.node().getOp());
    boolean real = node.node().getOp().contains("R");
    int[] sizes = new int[axes];
    for (int i = 0; i < axes; i++) {
      long size = node.fromLast(0, axes - 1 - i);
      if (size <= 0 || size > LONGEST || node.rank(0) < 2) {
        return null;
      }
      sizes[i] = Math.toIntExact(size);
    }
    int[] periods = real ? node.integers(1) : sizes;
    if (periods == null) {
      return null;
    }
    for (int period : periods) {
      if (period <= 0 || period > LONGEST) {
        return null;
      }
    }
    int last = axes - 1;
    String x = node.input(0);
    if (real && !inverse) {
      x = fromReal(x, sizes[last], periods[last]);
    } else if (!real) {
      x = node.product(COMPLEX, x, matrix(sizes[last], sizes[last], periods[last]), false, false);
    }
    if (axes == 2) {
      x = node.product(COMPLEX, matrix(periods[0], sizes[0], periods[0]), x, false, false);
    }
    return real && inverse ? toReal(x, sizes[last], periods[last]) : x;
  }

  private String fromReal(String x, int size, int period) {
    String even = node.product(x, waves(size, period / 2 + 1, period, 0, false));
    String odd = node.product(x, waves(size, period / 2 + 1, period, 0.25, false));
    return node.part(
        "complex",
        Nodes.typed("Complex", DataType.DT_FLOAT, even, odd).putAttr("Tout", Nodes.type(COMPLEX)));
  }

  private String toReal(String x, int size, int period) {
    String even = node.product(half("Real", x), waves(size, period, period, 0, true));
    String odd = node.product(half("Imag", x), waves(size, period, period, 0.25, true));
    return node.add("AddV2", even, odd);
  }

  private String half(String op, String x) {
    return node.part(
        op, Nodes.typed(op, COMPLEX, x).putAttr("Tout", Nodes.type(DataType.DT_FLOAT)));
  }

  /**
   * cos(2π (i j / period + shift)); of an inverse real one as often as the value stands for two.
   */
  private String waves(int rows, int columns, int period, double shift, boolean mirrored) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < Math.min(rows, mirrored ? period / 2 + 1 : period); i++) {
      boolean twice = mirrored && i > 0 && 2 * i < period;
      double factor = (mirrored ? 1.0 / period : 1) * (twice ? 2 : 1);
      for (int j = 0; j < columns; j++) {
        values[i * columns + j] = (float) (factor * wave(i, j, period, shift));
      }
    }
    return node.table(values, rows, columns);
  }

  private static double wave(int i, int j, int period, double shift) {
    return Math.cos(2 * Math.PI * ((double) ((long) i * j % period) / period + shift));
  }

  /** The complex matrix; values beyond the period are left out, missing ones are zero. */
  private String matrix(int rows, int columns, int period) {
    TensorProto.Builder matrix =
        TensorProto.newBuilder().setDtype(COMPLEX).setTensorShape(Nodes.shape(rows, columns));
    double factor = inverse ? 1.0 / period : 1;
    double shift = inverse ? -0.25 : 0.25;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        boolean counts = i < period && j < period;
        matrix.addScomplexVal(counts ? (float) (factor * wave(i, j, period, 0)) : 0);
        matrix.addScomplexVal(counts ? (float) (factor * wave(i, j, period, shift)) : 0);
      }
    }
    return node.constant(matrix.build());
  }
}
