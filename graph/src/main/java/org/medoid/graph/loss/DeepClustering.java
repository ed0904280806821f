package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Deep clustering: the inner products of all embeddings should be those of the labels' indicators,
 * 1 within a class and 0 across.
 *
 * <p>J. R. Hershey, Z. Chen, J. Le Roux, S. Watanabe: "Deep clustering: Discriminative embeddings
 * for segmentation and separation", ICASSP 2016. With V [m, d] the embeddings, of length 1, and Y
 * [m, C] the indicators of the classes in the batch:
 *
 * <pre>
 *   ‖V Vᵀ - Y Yᵀ‖²_F  =  ‖Vᵀ V‖²_F - 2 ‖Vᵀ Y‖²_F + ‖Yᵀ Y‖²_F
 *   gradient          =  4 V (Vᵀ V) - 4 Y (Yᵀ V)
 * </pre>
 *
 * <p>The right side needs no m x m matrix, and not Y either: Vᵀ Y are the sums of each class, Yᵀ Y
 * its sizes. The value is a sum over m² pairs, as in the paper, and grows with the square of the
 * batch. Not in pytorch-metric-learning.
 *
 * <p>Cost: O(m d²) time and O((m + d) d) memory. The three terms are of the size of m² and cancel
 * near the optimum, in double precision to about m² 1e-15.
 */
public record DeepClustering() implements EmbeddingLoss {
  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Batches.Classes classes = Batches.Classes.of(tf, labels);
    Operand<TFloat64> vv = tf.linalg.matMul(embeddings, embeddings, MatMul.transposeA(true));
    return tf.math.add(
        tf.math.sub(
            squares(tf, vv),
            tf.math.mul(tf.constant(2.0), squares(tf, classes.sums(tf, embeddings)))),
        squares(tf, classes.sizes(tf)));
  }

  private static Operand<TFloat64> squares(Ops tf, Operand<TFloat64> matrix) {
    return Batches.sum(tf, tf.math.square(matrix));
  }
}
