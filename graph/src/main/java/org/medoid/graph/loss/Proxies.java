package org.medoid.graph.loss;

import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** What the losses with one trainable vector per class have in common. */
final class Proxies {
  private Proxies() {}

  /**
   * A loss whose proxies are variables of the training graph.
   *
   * @throws IllegalArgumentException if there are fewer than two classes
   */
  static BatchLoss.Builder builder(int classes, Function<Operand<TFloat32>, EmbeddingLoss> loss) {
    Batches.check(classes >= 2, "the number of training classes", "2 or more", classes);
    return (layers, labels, embeddings, marginMultiplier) ->
        loss.apply(layers.proxies(classes, embeddings))
            .builder()
            .build(layers, labels, embeddings, marginMultiplier);
  }

  /** Cosines [m, classes] of embeddings and proxies. */
  static Operand<TFloat64> cosines(
      Ops tf, Operand<TFloat64> embeddings, Operand<? extends TNumber> proxies) {
    return Batches.products(
        tf,
        Batches.normalized(tf, embeddings),
        Batches.normalized(tf, tf.dtypes.cast(proxies, TFloat64.class)));
  }

  /** The value [m] of each point's own class; a label that is no class is an error on a CPU. */
  static Operand<TFloat64> own(Ops tf, Operand<TFloat64> ofClasses, Operand<TInt64> labels) {
    return tf.gatherNd(ofClasses, Batches.places(tf, labels));
  }

  /** Which class [m, classes] is each point's own; a label that is no class is an error. */
  static Operand<TBool> isOwn(Ops tf, Operand<TFloat64> ofClasses, Operand<TInt64> labels) {
    Operand<TFloat64> ones = tf.onesLike(tf.dtypes.cast(labels, TFloat64.class));
    return tf.math.greater(
        tf.scatterNd(Batches.places(tf, labels), ones, tf.shape(ofClasses, TInt64.class)),
        tf.constant(0.0));
  }
}
