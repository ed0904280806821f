package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A network with a loss and an optimizer, in a graph. One run of {@link #step()} computes the loss
 * of a batch, the gradients of the trainable variables alone, and moves them by RMSProp, moves the
 * averages of batch normalisation, and counts {@link #globalStep()}.
 *
 * <p>Every variable, optimizer slots included, is a VariableV2, so {@code Session.save} writes all
 * of a run's state.
 */
public final class TrainingGraph {
  private final Layers layers;
  private final Placeholder<TFloat32> learningRate;
  private final Placeholder<TFloat32> marginMultiplier;
  private final Operand<TFloat32> embeddings;
  private final BatchLoss loss;
  private final Variable<TInt64> globalStep;
  private final Op step;

  /**
   * Builds the training part of a graph.
   *
   * @param tf the ops of a graph
   * @param network the backbone
   * @param head the embedding layer
   * @param images float [m, h, w, 3], RGB in [0, 1]
   * @param labels int64 [m]
   * @param loss the loss on the embeddings
   * @param optimizer the optimizer
   * @param options of the layers
   */
  public TrainingGraph(
      Ops tf,
      Network network,
      EmbeddingHead head,
      Operand<TFloat32> images,
      Operand<TInt64> labels,
      BatchLoss.Builder loss,
      RmsProp optimizer,
      Layers.Options options) {
    layers = new Layers(tf, Layers.Mode.TRAINING, options);
    learningRate =
        tf.withName("learning_rate").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    marginMultiplier =
        tf.withName("margin_multiplier")
            .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    embeddings = head.embed(layers, network.features(layers, images));
    this.loss = loss.build(layers, labels, embeddings, marginMultiplier);

    List<Op> updates =
        new ArrayList<>(
            optimizer.apply(
                tf, layers.trainables(), layers.gradients(this.loss.value()), learningRate));
    updates.addAll(layers.updates());
    globalStep = tf.withName("global_step").variable(Shape.scalar(), TInt64.class);
    Ops init = tf.withInitScope();
    init.assign(globalStep, init.constant(0L));
    updates.add(tf.assignAdd(globalStep, tf.constant(1L)));
    step = tf.withControlDependencies(updates).withName("train_step").noOp();
  }

  /**
   * The learning rate, to be fed.
   *
   * @return float scalar
   */
  public Placeholder<TFloat32> learningRate() {
    return learningRate;
  }

  /**
   * The margin multiplier γ, to be fed.
   *
   * @return float scalar
   */
  public Placeholder<TFloat32> marginMultiplier() {
    return marginMultiplier;
  }

  /**
   * The embeddings of the batch, before the step.
   *
   * @return float [m, d], L2-normalised
   */
  public Operand<TFloat32> embeddings() {
    return embeddings;
  }

  /**
   * The loss of the batch, before the step.
   *
   * @return float scalar
   */
  public Operand<TFloat32> loss() {
    return loss.value();
  }

  /**
   * What the loss has to tell beside its value.
   *
   * @return float scalars by name
   */
  public Map<String, Operand<TFloat32>> scores() {
    return loss.scores();
  }

  /**
   * The number of steps done.
   *
   * @return int64 scalar
   */
  public Variable<TInt64> globalStep() {
    return globalStep;
  }

  /**
   * One training step.
   *
   * @return the operation to run
   */
  public Op step() {
    return step;
  }

  /**
   * The variables of network, head and loss.
   *
   * @return all of them, moving averages included, optimizer slots not
   */
  public List<LayerVariable> variables() {
    return layers.variables();
  }
}
