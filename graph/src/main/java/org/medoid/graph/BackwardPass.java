package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The loss of the whole batch and the way back from it: this worker's rows of its gradient go back
 * through the network, whole or chunk by chunk, and the gradients of all workers are summed.
 */
final class BackwardPass {
  private final Ops tf;
  private final Exchange exchange;
  private final Operand<TFloat32> batch;
  private final BatchLoss loss;
  private final Chunks chunks;
  private final List<Operand<TFloat32>> gradients;
  private final Operand<TFloat32> flags;

  /**
   * Adds them to a graph.
   *
   * @param tf the ops of the graph
   * @param layers with network and head, to which the loss adds variables of its own
   * @param exchange with the other workers
   * @param embeddings float [m or chunk, d] of this worker
   * @param width d
   * @param labels int64 [m] of this worker
   * @param builder makes the loss
   * @param marginMultiplier float scalar γ
   * @param ownFlags float scalar, summed over the workers with the gradients
   * @param inChunks whether the batch goes through the network in chunks
   */
  BackwardPass(
      Ops tf,
      Layers layers,
      Exchange exchange,
      Operand<TFloat32> embeddings,
      int width,
      Operand<TInt64> labels,
      BatchLoss.Builder builder,
      Operand<TFloat32> marginMultiplier,
      Operand<TFloat32> ownFlags,
      boolean inChunks) {
    this.tf = tf;
    this.exchange = exchange;
    List<LayerVariable> models = layers.trainables();
    Placeholder<TFloat32> fed = inChunks ? placeholder(Shape.of(-1, width)) : null;
    Operand<TInt64> classes = exchange.gather(tf, labels);
    batch = asMany(classes, exchange.gather(tf, inChunks ? fed : embeddings), width);
    loss = Given.loss(builder.build(layers, classes, batch, marginMultiplier));
    List<LayerVariable> trainables = layers.trainables();
    List<Operand<TFloat32>> ofLoss =
        gradientsOfLoss(trainables.subList(models.size(), trainables.size()));
    Operand<TFloat32> ownRows = exchange.own(tf, ofLoss.get(0));
    List<Operand<TFloat32>> lossOwn = ofLoss.subList(1, ofLoss.size());
    List<Operand<TFloat32>> summands = new ArrayList<>();
    if (inChunks) {
      Placeholder<TFloat32> gradient = placeholder(embeddings.asOutput().shape());
      List<Operand<TFloat32>> own = layers.gradients(embeddings, gradient, models);
      List<Placeholder<TFloat32>> carried = new ArrayList<>();
      trainables.forEach(each -> carried.add(placeholder(each.shape())));
      List<Operand<TFloat32>> sums = new ArrayList<>();
      for (int i = 0; i < models.size(); i++) {
        sums.add(tf.math.add(own.get(i), carried.get(i)));
      }
      chunks = new Chunks(fed, ownRows, gradient, own, carried, sums, lossOwn);
      summands.addAll(sums);
      summands.addAll(carried.subList(models.size(), carried.size()));
    } else {
      chunks = null;
      if (!models.isEmpty() || lossOwn.isEmpty()) {
        summands.addAll(layers.gradients(embeddings, ownRows, models));
      }
      summands.addAll(lossOwn);
    }
    summands.add(tf.identity(ownFlags));
    List<Operand<TFloat32>> summed =
        new ArrayList<>(exchange.sum(tf, onceEach(summands, models.size())));
    flags = summed.remove(summed.size() - 1);
    gradients = layers.whenAll(summed);
  }

  /** Rows of which a graph need not know how many are fed: a loss may ask, and labels tell. */
  private Operand<TFloat32> asMany(Operand<TInt64> classes, Operand<TFloat32> rows, int width) {
    Shape known = classes.asOutput().shape();
    return rows.asOutput().shape().hasUnknownDimension() && known.numDimensions() == 1
        ? tf.ensureShape(rows, known.append(width))
        : rows;
  }

  private Placeholder<TFloat32> placeholder(Shape shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  /** Of the loss in the embeddings of the batch, and in the variables that it brings itself. */
  private List<Operand<TFloat32>> gradientsOfLoss(List<LayerVariable> brought) {
    List<Output<?>> x = new ArrayList<>(List.of(batch.asOutput()));
    brought.forEach(each -> x.add(each.variable().asOutput()));
    Graph graph = (Graph) tf.scope().env();
    List<Operand<TFloat32>> found = new ArrayList<>();
    for (Output<?> each : gradients(graph, x)) {
      if (Layers.isNone(each)) {
        String behind = found.isEmpty() ? "the embeddings" : brought.get(found.size() - 1).name();
        throw new IllegalArgumentException("no gradient of the loss reaches " + behind);
      }
      found.add(each.expect(TFloat32.class));
    }
    return found;
  }

  private Output<?>[] gradients(Graph graph, List<Output<?>> x) {
    try {
      return graph.addGradients(loss.value().asOutput(), x.toArray(Output<?>[]::new));
    } catch (TFInvalidArgumentException e) {
      // TensorFlow's words for what the loss does not reach are nodes that nobody named.
      Set<GraphOperation> read = graph.subgraphTo(Set.of(loss.value()));
      for (Output<?> each : x) {
        if (!read.contains(each.op())) {
          throw new IllegalArgumentException(
              "the loss does not depend on "
                  + (each.equals(x.get(0)) ? "the embeddings" : "its variable " + each.op().name()),
              e);
        }
      }
      throw e;
    }
  }

  /**
   * Every worker computes the gradients of the loss's own variables whole. The first one's count,
   * so that they are the same on all to the bit and those of one process.
   */
  private List<Operand<TFloat32>> onceEach(List<Operand<TFloat32>> summands, int models) {
    List<Operand<TFloat32>> counted = new ArrayList<>(summands);
    for (int i = models; i < counted.size() - 1 && exchange.rank() > 0; i++) {
      counted.set(i, tf.zerosLike(counted.get(i)));
    }
    return counted;
  }

  /** Embeddings of the whole batch, float [m of all workers, d]. */
  Operand<TFloat32> batch() {
    return batch;
  }

  /** The loss of the whole batch. */
  BatchLoss loss() {
    return loss;
  }

  /** The way back through a chunk, or null if the batch goes through the network whole. */
  Chunks chunks() {
    return chunks;
  }

  /** Of all workers, one for each trainable variable; none is read before all are there. */
  List<Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** The sum of the workers' flags, float scalar. */
  Operand<TFloat32> flags() {
    return flags;
  }
}
