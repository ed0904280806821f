package org.medoid.graph.loss;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.medoid.ops.FacilityLocationLoss;
import org.tensorflow.Operand;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TFloating;
import org.tensorflow.types.family.TIntegral;
import org.tensorflow.types.family.TNumber;

/**
 * The structured clustering (facility location) loss as a loss of TensorFlow's framework.
 *
 * <pre>{@code
 * Placeholder<TFloat32> gamma = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
 * Operand<TFloat32> loss =
 *     new FacilityLocation(gamma, FacilityLocationLoss.margin("nmi")).call(tf, labels, embeddings);
 * }</pre>
 *
 * <p>The value is a sum over the batch, as in the paper: it grows with the batch size. The margin
 * multiplier γ is an operand, so that it can decay while a graph trains. A loss object belongs to
 * the graph of its operand.
 *
 * @see FacilityLocationLoss the op, with the definition and the scores beside the value
 */
public final class FacilityLocation implements Loss {
  private final Operand<TFloat32> marginMultiplier;
  private final FacilityLocationLoss.Options[] options;

  /**
   * Makes the loss.
   *
   * @param marginMultiplier float scalar, finite, not negative: γ
   * @param options attributes of the op: margin, local search, distance...
   */
  public FacilityLocation(
      Operand<TFloat32> marginMultiplier, FacilityLocationLoss.Options... options) {
    this.marginMultiplier = Objects.requireNonNull(marginMultiplier, "marginMultiplier");
    this.options = options.clone();
  }

  /**
   * The loss for a training graph, with the scores {@code agreement}, {@code facility_score} and
   * {@code oracle_score}.
   *
   * @param options attributes of the op
   * @return adds the loss
   */
  public static BatchLoss.Builder builder(FacilityLocationLoss.Options... options) {
    return (layers, labels, embeddings, marginMultiplier) -> {
      FacilityLocationLoss<TFloat32> op =
          new FacilityLocation(marginMultiplier, options).op(layers.tf(), labels, embeddings);
      return new BatchLoss(
          op.loss(),
          Map.of(
              "agreement", op.agreement(),
              "facility_score", op.facilityScore(),
              "oracle_score", op.oracleScore()));
    };
  }

  /**
   * Adds the op to a graph or an eager session, for those who want its other outputs too.
   *
   * @param tf the ops of the graph that holds the margin multiplier
   * @param labels int32 or int64 [m]
   * @param embeddings float or double [m, d]; L2-normalised in the paper
   * @param <T> the type of the embeddings
   * @return the op
   * @throws IllegalArgumentException if labels or embeddings are of another type
   */
  public <T extends TFloating> FacilityLocationLoss<T> op(
      Ops tf, Operand<? extends TIntegral> labels, Operand<T> embeddings) {
    require(labels, "labels", List.of(TInt32.class, TInt64.class), "int32 or int64");
    require(embeddings, "predictions", List.of(TFloat32.class, TFloat64.class), "float or double");
    return FacilityLocationLoss.create(tf.scope(), embeddings, labels, marginMultiplier, options);
  }

  /**
   * The loss of a batch.
   *
   * @param tf the ops of the graph that holds the margin multiplier
   * @param labels int32 or int64 [m]
   * @param predictions the embeddings, float or double [m, d]
   * @param <T> the type of the embeddings
   * @return T scalar, not negative
   * @throws IllegalArgumentException if labels or predictions are of another type
   */
  public <T extends TFloating> Operand<T> call(
      Ops tf, Operand<? extends TIntegral> labels, Operand<T> predictions) {
    return op(tf, labels, predictions).loss();
  }

  /**
   * The loss of a batch, scaled.
   *
   * @param labels int32 or int64 [m]
   * @param predictions the embeddings, float or double [m, d]
   * @param sampleWeights a scalar that scales the loss, or null for 1. The loss compares whole
   *     clusterings: it has no terms that could be weighted one by one
   * @throws IllegalArgumentException if labels or predictions are of another type, or the weights
   *     not a scalar
   */
  @Override
  @SuppressWarnings("unchecked") // the framework says TNumber; what is behind it is checked
  public <T extends TNumber> Operand<T> call(
      Ops tf, Operand<? extends TNumber> labels, Operand<T> predictions, Operand<T> sampleWeights) {
    Operand<? extends TFloating> loss =
        call(tf, (Operand<? extends TIntegral>) labels, (Operand<? extends TFloating>) predictions);
    return Batches.scaled(tf, (Operand<T>) loss, sampleWeights);
  }

  private static void require(
      Operand<? extends TNumber> operand, String name, List<Class<?>> types, String spelled) {
    if (!types.contains(operand.type())) {
      throw new IllegalArgumentException(
          name + " must be " + spelled + ", not " + operand.type().getSimpleName());
    }
  }
}
