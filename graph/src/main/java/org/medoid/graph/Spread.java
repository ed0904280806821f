package org.medoid.graph;

import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * How far the embeddings of a batch are spread: what falls when a network collapses.
 *
 * <ul>
 *   <li>{@code mean_distance}: the mean Euclidean distance of two of them, in [0, 2] for embeddings
 *       of length 1; about √2 where they point everywhere.
 *   <li>{@code effective_rank}: (Σλ)² / Σλ² with λ the eigenvalues of their covariance, in [0, d]:
 *       d where they spread alike in all directions, k where in k of them; 0 where all are equal.
 * </ul>
 *
 * <p>Of a batch of more than {@value #ROWS} the first {@value #ROWS} count. Computed in double, so
 * that distances of nearly equal embeddings are right; about a millisecond.
 */
final class Spread {
  /** Rows that count, so that the cost does not grow with the square of the batch. */
  static final int ROWS = 256;

  private static final String MEAN_DISTANCE = "mean_distance";
  private static final String EFFECTIVE_RANK = "effective_rank";

  static final List<String> NAMES = List.of(MEAN_DISTANCE, EFFECTIVE_RANK);

  private Spread() {}

  /**
   * Adds the two to a graph.
   *
   * @param tf the ops of the graph
   * @param embeddings float [m, d]
   * @return float scalars by name
   */
  static Map<String, Operand<TFloat32>> of(Ops tf, Operand<TFloat32> embeddings) {
    Operand<TFloat64> x =
        tf.dtypes.cast(tf.stridedSlice(embeddings, Indices.sliceTo(ROWS)), TFloat64.class);
    Operand<TFloat64> n =
        tf.dtypes.cast(tf.stridedSlice(tf.shape(x), Indices.at(0)), TFloat64.class);
    Operand<TFloat64> centred =
        tf.math.sub(x, tf.math.mean(x, tf.constant(0), org.tensorflow.op.math.Mean.keepDims(true)));
    // Distances do not change with the centre, and come out more exactly from it.
    Operand<TFloat64> products =
        tf.linalg.matMul(centred, centred, MatMul.transposeB(true)); // [n, n]
    Operand<TFloat64> squares = tf.sum(tf.math.square(centred), tf.constant(1)); // [n]
    Operand<TFloat64> distances =
        tf.math.sqrt(
            tf.math.maximum(
                tf.constant(0.0),
                tf.math.sub(
                    tf.math.add(
                        tf.expandDims(squares, tf.constant(0)),
                        tf.expandDims(squares, tf.constant(1))),
                    tf.math.mul(tf.constant(2.0), products))));
    Operand<TFloat64> pairs = tf.math.mul(n, tf.math.sub(n, tf.constant(1.0)));
    Operand<TFloat64> mean =
        tf.math.divNoNan(tf.sum(distances, tf.constant(new int[] {0, 1})), pairs);
    // The eigenvalues of XXᵀ are those of XᵀX: their sum is the trace, the sum of their squares
    // that of all entries.
    Operand<TFloat64> trace = tf.sum(squares, tf.constant(0));
    Operand<TFloat64> rank =
        tf.math.divNoNan(
            tf.math.square(trace), tf.sum(tf.math.square(products), tf.constant(new int[] {0, 1})));
    return Map.of(
        MEAN_DISTANCE, tf.dtypes.cast(mean, TFloat32.class),
        EFFECTIVE_RANK, tf.dtypes.cast(rank, TFloat32.class));
  }
}
