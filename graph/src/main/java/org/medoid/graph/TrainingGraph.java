package org.medoid.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
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
 */
public final class TrainingGraph {
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
  private final Variable<TInt64> globalStep;
  private final Op step;
  private final Chunks chunks;

  /**
   * The way back through one chunk of a batch, see {@link ChunkedStep}. Gradients are summed over
   * the chunks in tensors that go from run to run, not in variables: nothing of them is in a
   * checkpoint.
   *
   * @param batch float [m, d], to be fed: the embeddings of the whole batch
   * @param batchGradient float [m, d]: the gradient of the loss in them
   * @param gradient float [chunk, d], to be fed: the rows of batchGradient for the chunk
   * @param own the gradients of the chunk, one for each variable of network and head
   * @param carried to be fed: the gradients of all chunks before, then, of the last chunk alone,
   *     lossOwn
   * @param sums own + carried
   * @param lossOwn the gradients of the loss in the variables that it brings itself, if any
   */
  record Chunks(
      Placeholder<TFloat32> batch,
      Operand<TFloat32> batchGradient,
      Placeholder<TFloat32> gradient,
      List<Operand<TFloat32>> own,
      List<Placeholder<TFloat32>> carried,
      List<Operand<TFloat32>> sums,
      List<Operand<TFloat32>> lossOwn) {}

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
      Optimizer optimizer,
      Layers.Options options) {
    this(tf, network, head, images, labels, loss, optimizer, options, false);
  }

  private TrainingGraph(
      Ops tf,
      Network network,
      EmbeddingHead head,
      Operand<TFloat32> images,
      Operand<TInt64> labels,
      BatchLoss.Builder loss,
      Optimizer optimizer,
      Layers.Options options,
      boolean inChunks) {
    this.images = images;
    this.labels = labels;
    layers = new Layers(tf, Layers.Mode.TRAINING, options);
    learningRate =
        tf.withName("learning_rate").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    marginMultiplier =
        tf.withName("margin_multiplier")
            .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    backboneFactor = factor(tf.withName("backbone_factor"));
    proxyFactor = factor(tf.withName("proxy_factor"));
    features = network.features(layers, images);
    embeddings = head.embed(layers, features);

    List<Operand<TFloat32>> gradients;
    if (inChunks) {
      Placeholder<TFloat32> gradient = placeholder(tf, embeddings.asOutput().shape());
      List<Operand<TFloat32>> own = layers.gradients(embeddings, gradient);
      int models = own.size();
      Placeholder<TFloat32> batch = placeholder(tf, Shape.of(-1, head.size()));
      this.loss = loss.build(layers, labels, batch, marginMultiplier);

      List<LayerVariable> trainables = layers.trainables();
      List<Placeholder<TFloat32>> carried = new ArrayList<>();
      List<Operand<TFloat32>> sums = new ArrayList<>();
      List<Output<?>> x = new ArrayList<>(List.of(batch.asOutput()));
      for (int i = 0; i < trainables.size(); i++) {
        carried.add(placeholder(tf, trainables.get(i).shape()));
        if (i < models) {
          sums.add(tf.math.add(own.get(i), carried.get(i)));
        } else {
          x.add(trainables.get(i).variable().asOutput());
        }
      }
      List<Operand<TFloat32>> ofLoss = new ArrayList<>();
      Graph graph = (Graph) tf.scope().env();
      for (Output<?> each :
          graph.addGradients(this.loss.value().asOutput(), x.toArray(Output<?>[]::new))) {
        ofLoss.add(each.expect(TFloat32.class));
      }
      chunks =
          new Chunks(
              batch, ofLoss.get(0), gradient, own, carried, sums, ofLoss.subList(1, ofLoss.size()));
      gradients = new ArrayList<>(sums);
      gradients.addAll(carried.subList(models, carried.size()));
    } else {
      chunks = null;
      this.loss = loss.build(layers, labels, embeddings, marginMultiplier);
      gradients = layers.gradients(this.loss.value());
    }

    scores = new LinkedHashMap<>(this.loss.scores());
    scores.putAll(Spread.of(tf, chunks == null ? embeddings : chunks.batch()));
    globalStep = tf.withName("global_step").variable(Shape.scalar(), TInt64.class);
    Ops init = tf.withInitScope();
    init.assign(globalStep, init.constant(0L));
    Optimizer.Rates rates =
        new Optimizer.Rates(
            tf.math.mul(learningRate, backboneFactor),
            learningRate,
            tf.math.mul(learningRate, proxyFactor));
    List<Op> updates =
        new ArrayList<>(
            optimizer.apply(tf, layers.trainables(), gradients, rates, tf.identity(globalStep)));
    updates.addAll(layers.updates());
    // Counted when all else is done: an optimizer may read the number of steps before.
    updates.add(tf.withControlDependencies(updates).assignAdd(globalStep, tf.constant(1L)));
    step = tf.withControlDependencies(updates).withName("train_step").noOp();
  }

  private static Operand<TFloat32> factor(Ops tf) {
    return tf.placeholderWithDefault(tf.constant(1f), Shape.scalar());
  }

  private static Placeholder<TFloat32> placeholder(Ops tf, Shape shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  /**
   * Builds a graph whose batches are larger than what goes through the network at once: its steps
   * are those of {@link ChunkedStep}.
   *
   * @param tf the ops of a graph
   * @param network the backbone
   * @param head the embedding layer
   * @param images float [chunk, h, w, 3], RGB in [0, 1], to be fed
   * @param labels int64 [m], to be fed
   * @param loss the loss on the embeddings of a whole batch
   * @param optimizer the optimizer
   * @param options of the layers
   * @return the graph
   * @throws IllegalArgumentException if batch normalisation is neither frozen itself nor part of a
   *     frozen backbone: statistics of a chunk are not those of the batch
   */
  public static TrainingGraph inChunks(
      Ops tf,
      Network network,
      EmbeddingHead head,
      Operand<TFloat32> images,
      Operand<TInt64> labels,
      BatchLoss.Builder loss,
      Optimizer optimizer,
      Layers.Options options) {
    if (options.batchNormalization() != Layers.BatchNormalization.FROZEN
        && !options.freezeBackbone()) {
      throw new IllegalArgumentException(
          "a batch in chunks needs frozen batch normalisation: the statistics of a chunk are not"
              + " those of the batch");
    }
    return new TrainingGraph(tf, network, head, images, labels, loss, optimizer, options, true);
  }

  /**
   * The graph that holds it.
   *
   * @return owned by whoever made it
   */
  public Graph graph() {
    return (Graph) layers.tf().scope().env();
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
