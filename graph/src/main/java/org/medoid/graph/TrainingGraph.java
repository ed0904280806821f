package org.medoid.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
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
 * of a batch, the gradients of the trainable variables alone, and moves them by the optimizer,
 * moves the averages of batch normalisation, and counts {@link #globalStep()}.
 *
 * <p>Every variable, optimizer slots included, is a VariableV2, so {@code Session.save} writes all
 * of a run's state.
 *
 * <p>Of several workers each builds the graph with its share of the batch and its {@link Exchange}:
 * the loss is that of the whole batch, computed by all, and the gradients are summed before the
 * optimizer sees them. The loss may depend on the network by the embeddings alone.
 */
public final class TrainingGraph {
  /** The name under which a step tells the sum of the workers' flags. */
  public static final String FLAGS = "flags";

  /** The name of the loss among what a step tells. */
  public static final String LOSS = "loss";

  private final Layers layers;
  private final Operand<TFloat32> images;
  private final Operand<TInt64> labels;
  private final Placeholder<TFloat32> learningRate;
  private final Placeholder<TFloat32> marginMultiplier;
  private final Operand<TFloat32> backboneFactor;
  private final Operand<TFloat32> proxyFactor;
  private final Operand<TFloat32> features;
  private final Operand<TFloat32> embeddings;
  private final BatchLoss loss;
  private final Map<String, Operand<TFloat32>> scores;
  private final TrainStep step;
  private final Op synchronize;
  private final Chunks chunks;
  private final Exchange exchange;
  private final Operand<TFloat32> ownFlags;
  private final Operand<TFloat32> flags;

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
   * @throws IllegalArgumentException if network, loss or optimizer do not give what their
   *     interfaces say, or no gradient of the loss reaches the embeddings
   */
  public TrainingGraph(
      Ops tf,
      Network network,
      EmbeddingHead head,
      Operand<TFloat32> images,
      Operand<TInt64> labels,
      BatchLoss.Builder loss,
      Optimizer optimizer,
      Layers.Options options) {
    this(tf, network, head, images, labels, loss, optimizer, options, Exchange.ALONE, false);
  }

  /**
   * Builds the training part of a worker's graph, or of one whose batches are larger than what goes
   * through the network at once: its steps are those of {@link ChunkedStep}. Batch normalisation
   * that is not frozen goes by the statistics of the whole batch.
   *
   * @param tf the ops of a graph
   * @param network the backbone
   * @param head the embedding layer
   * @param images float [m, h, w, 3], RGB in [0, 1]: this worker's share, as large as the others';
   *     of chunks [chunk, h, w, 3], to be fed
   * @param labels int64 [m] of the share; of chunks to be fed
   * @param loss the loss on the embeddings of the whole batch, that of all workers
   * @param optimizer the optimizer
   * @param options of the layers
   * @param exchange with the other workers; {@link Exchange#ALONE} without
   * @param inChunks whether the batch goes through the network in chunks
   * @throws IllegalArgumentException if it does, and batch normalisation is neither frozen itself
   *     nor part of a frozen backbone: statistics of a chunk are not those of the batch; if
   *     network, loss or optimizer do not give what their interfaces say, or no gradient of the
   *     loss reaches the embeddings
   */
  public TrainingGraph(
      Ops tf,
      Network network,
      EmbeddingHead head,
      Operand<TFloat32> images,
      Operand<TInt64> labels,
      BatchLoss.Builder loss,
      Optimizer optimizer,
      Layers.Options options,
      Exchange exchange,
      boolean inChunks) {
    if (inChunks
        && options.batchNormalization() != Layers.BatchNormalization.FROZEN
        && !options.freezeBackbone()) {
      throw new IllegalArgumentException(
          "a batch in chunks needs frozen batch normalisation: the statistics of a chunk are not"
              + " those of the batch");
    }
    this.images = images;
    this.labels = labels;
    this.exchange = exchange;
    layers = new Layers(tf, Layers.Mode.TRAINING, options, exchange);
    learningRate = scalar(tf.withName("learning_rate"));
    marginMultiplier = scalar(tf.withName("margin_multiplier"));
    backboneFactor = factor(tf.withName("backbone_factor"));
    proxyFactor = factor(tf.withName("proxy_factor"));
    features = Given.features(network, layers, images);
    embeddings = head.embed(layers, features);

    ownFlags = tf.placeholderWithDefault(tf.constant(0f), Shape.scalar());

    BackwardPass back =
        new BackwardPass(
            tf,
            layers,
            exchange,
            embeddings,
            head.size(),
            labels,
            loss,
            marginMultiplier,
            ownFlags,
            inChunks);
    this.loss = back.loss();
    chunks = back.chunks();
    flags = back.flags();

    scores = new LinkedHashMap<>(this.loss.scores());
    scores.putAll(Spread.of(tf, back.batch()));
    Set<String> taken = new TreeSet<>(List.of(LOSS, FLAGS));
    taken.addAll(Spread.NAMES);
    taken.retainAll(this.loss.scores().keySet());
    if (!taken.isEmpty()) {
      throw new IllegalArgumentException(
          "the loss has scores of the names %s, which the training graph has itself"
              .formatted(taken));
    }
    Optimizer.Rates rates = Optimizer.Rates.of(tf, learningRate, backboneFactor, proxyFactor);
    step = TrainStep.of(tf, layers, back.gradients(), optimizer, rates);
    synchronize = Synchronization.of(tf, exchange);
  }

  private static Placeholder<TFloat32> scalar(Ops tf) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  private static Operand<TFloat32> factor(Ops tf) {
    return tf.placeholderWithDefault(tf.constant(1f), Shape.scalar());
  }

  /**
   * The graph that holds it.
   *
   * @return owned by whoever made it
   */
  public Graph graph() {
    return (Graph) layers.tf().scope().env();
  }

  /**
   * What goes between the workers.
   *
   * @return as given; {@link Exchange#ALONE} without
   */
  public Exchange exchange() {
    return exchange;
  }

  /**
   * What this worker tells the others with a step; may be fed.
   *
   * @return float scalar, 0 unless fed
   */
  public Operand<TFloat32> ownFlags() {
    return ownFlags;
  }

  /**
   * The sum of {@link #ownFlags} over all workers; part of a step.
   *
   * @return float scalar
   */
  public Operand<TFloat32> flags() {
    return flags;
  }

  /**
   * Gives each worker's variables, the optimizer's and the global step too, the values that the
   * first one has. All run it once after the first has initialised its variables or restored a
   * checkpoint.
   *
   * @return the operation to run
   */
  public Op synchronize() {
    return synchronize;
  }

  /** The way back through a chunk, or null if the batch goes through the network whole. */
  Chunks chunks() {
    return chunks;
  }

  /**
   * The images, as given.
   *
   * @return float [m or chunk, h, w, 3]
   */
  public Operand<TFloat32> images() {
    return images;
  }

  /**
   * The labels, as given.
   *
   * @return int64 [m]
   */
  public Operand<TInt64> labels() {
    return labels;
  }

  /**
   * What the backbone gives; with a frozen backbone it may be fed in place of the images.
   *
   * @return float [m or chunk, features]
   */
  public Operand<TFloat32> features() {
    return features;
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
   * The factor on the learning rate of the backbone, which may be fed.
   *
   * @return float scalar, 1 unless fed
   */
  public Operand<TFloat32> backboneFactor() {
    return backboneFactor;
  }

  /**
   * The factor on the learning rate of the loss's own variables, which may be fed. Optimizers move
   * every value by about the learning rate, and a proxy has to turn by a right angle where the
   * network is tuned finely: the papers use factors from 10 to 100.
   *
   * @return float scalar, 1 unless fed
   */
  public Operand<TFloat32> proxyFactor() {
    return proxyFactor;
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
   * The embeddings of the batch, or of a chunk, before the step.
   *
   * @return float [m or chunk, d], L2-normalised
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
   * What the loss has to tell beside its value, and how far the embeddings of the batch are spread:
   * {@code mean_distance}, the mean Euclidean distance of two of them, and {@code effective_rank},
   * (Σλ)² / Σλ² over the eigenvalues λ of their covariance. Both fall where a network collapses. Of
   * a larger batch the first 256 rows count for them.
   *
   * @return float scalars by name
   */
  public Map<String, Operand<TFloat32>> scores() {
    return Collections.unmodifiableMap(scores);
  }

  /**
   * The number of steps done.
   *
   * @return int64 scalar
   */
  public Variable<TInt64> globalStep() {
    return step.counter();
  }

  /**
   * One training step.
   *
   * @return the operation to run
   */
  public Op step() {
    return step.run();
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
