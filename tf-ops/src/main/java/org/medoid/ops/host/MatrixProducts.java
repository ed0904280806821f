package org.medoid.ops.host;

import java.util.Locale;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Whether TensorFlow multiplies batches of matrices rightly on this processor.
 *
 * <p>On processors with AVX-512 the oneDNN of TensorFlow 2.18 computes some products wrong: a
 * {@code BatchMatMulV2} of [2, 3, 4, 1, 3], of known shape, with a constant [3, 2] is off by 1.7
 * times its largest value, without a word. It is right when oneDNN is limited to AVX2 or off. Every
 * network with such a product trains and exports wrong numbers, so the product is tried.
 */
public final class MatrixProducts {
  /** What to do about a wrong product, to be shown to a user. */
  public static final String MEND =
      "set the environment variable ONEDNN_MAX_CPU_ISA=AVX2 (or TF_ENABLE_ONEDNN_OPTS=0, slower)"
          + " before the program starts";

  private static final Shape LEFT = Shape.of(2, 3, 4, 1, 3);
  private static final Shape RIGHT = Shape.of(3, 2);
  private static final int ROWS = 24;
  private static final int INNER = 3;
  private static final int COLUMNS = 2;

  /** Three products and sums in float round by 3e-7 of the largest value at most. */
  private static final double TOLERANCE = 1e-5;

  private MatrixProducts() {}

  /**
   * Tries the product in a TensorFlow session. Cost: some ten milliseconds.
   *
   * @return what is wrong, in one line with the mend; empty if nothing is
   */
  public static Optional<String> fault() {
    return fault(trial());
  }

  /**
   * Judges a product of the trial's matrices.
   *
   * @param product 48 values, row-major, as {@link #trial()} gives them
   * @return what is wrong, in one line with the mend; empty if nothing is
   * @throws IllegalArgumentException if it has another number of values
   */
  public static Optional<String> fault(float[] product) {
    if (product.length != ROWS * COLUMNS) {
      throw new IllegalArgumentException(
          "the product has " + ROWS * COLUMNS + " values, not " + product.length);
    }
    double off = 0;
    double largest = 0;
    for (int i = 0; i < product.length; i++) {
      double right = 0;
      for (int k = 0; k < INNER; k++) {
        right += (double) left(i / COLUMNS * INNER + k) * (double) right(k * COLUMNS + i % COLUMNS);
      }
      double difference = Math.abs(product[i] - right);
      off = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(off, difference);
      largest = Math.max(largest, Math.abs(right));
    }
    if (off <= TOLERANCE * largest) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "TensorFlow computes products of batches of matrices wrong on this processor (off by"
                + " %.2g of the largest value; a fault of its oneDNN with AVX-512): %s",
            off / largest,
            MEND));
  }

  /**
   * Multiplies the trial's matrices in a TensorFlow session.
   *
   * @return 48 values, row-major, right or wrong
   */
  public static float[] trial() {
    float[] left = new float[ROWS * INNER];
    float[] right = new float[INNER * COLUMNS];
    for (int i = 0; i < left.length; i++) {
      left[i] = left(i);
    }
    for (int i = 0; i < right.length; i++) {
      right[i] = right(i);
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 x = TFloat32.tensorOf(LEFT, DataBuffers.of(left))) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> placeholder = tf.placeholder(TFloat32.class, Placeholder.shape(LEFT));
      Operand<TFloat32> constant = tf.constant(RIGHT, DataBuffers.of(right));
      Output<TFloat32> product =
          graph
              .opBuilder("BatchMatMulV2", "product", tf.scope())
              .addInput(placeholder.asOutput())
              .addInput(constant.asOutput())
              .build()
              .output(0);
      float[] values = new float[ROWS * COLUMNS];
      try (Result result = session.runner().feed(placeholder, x).fetch(product).run()) {
        ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(values);
      }
      return values;
    }
  }

  /** Values without a pattern, in (-1, 1). */
  private static float left(int i) {
    return (float) Math.sin(1.7 * i + 0.3);
  }

  private static float right(int i) {
    return (float) Math.cos(2.3 * i + 0.9);
  }

  /** Logs a fault, if there is one, as a warning. */
  static void warn(Optional<String> fault, System.Logger log) {
    fault.ifPresent(text -> log.log(System.Logger.Level.WARNING, text));
  }

  /** Tries the product and logs a fault as a warning; for the registration of an op. */
  public static void warnIfWrong() {
    warn(fault(), System.getLogger(MatrixProducts.class.getName()));
  }
}
