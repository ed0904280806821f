package org.medoid.graph.network;

import java.util.List;
import org.medoid.graph.distributed.Exchange;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.types.TFloat32;

/**
 * Builds the layers of a network into a graph and collects their variables.
 *
 * <p>The same description runs through a {@link Mode#TRAINING} and a {@link Mode#INFERENCE}
 * instance and gives two graphs with the same variables. All images and maps are float32 [batch,
 * height, width, channels], all padding is SAME, with the odd pixel at the end.
 *
 * <h2>Variables</h2>
 *
 * <p>A variable is called by the path of the scopes around it ({@link #scope}) and its role: {@code
 * weights}, {@code biases}, {@code beta}, {@code moving_mean}, {@code moving_variance}. That name
 * is absolute: a sub-scope of the {@link Ops} given to the constructor does not change it, so it is
 * the name in every checkpoint. Its initial value is assigned by {@code Session.initialize()} and
 * depends on its name and {@link Options#seed} alone: uniform random numbers from a counter-based
 * generator, exact arithmetic, the same bits on every machine and in every graph.
 *
 * <h2>Batch normalisation</h2>
 *
 * <p>y = (x - mean) / sqrt(variance + 0.001) + beta, without a scale, which the weights after it
 * can express. In training mean and variance are the batch's own, and {@link #updates} moves the
 * averages towards them: average += (1 - decay) (batch - average). The variance that enters the
 * average is the unbiased one (Bessel's correction n/(n-1), n = batch * height * width; none for n
 * = 1), the one that normalises the batch is not. For inference, and when frozen, the averages
 * normalise.
 *
 * <h2>Cost</h2>
 *
 * <p>Building costs some microseconds per node and scope; Inception-v2 with its 276 variables takes
 * well under a second. Not thread-safe, as a graph under construction is not.
 */
public final class Layers extends LayerContext {

  /** What a graph is built for. */
  public enum Mode {
    /** Batch statistics, updates of the moving averages. */
    TRAINING,
    /** Moving averages only; the output for an image does not depend on the rest of the batch. */
    INFERENCE
  }

  /** What batch normalisation does in a training graph. */
  public enum BatchNormalization {
    /** Normalises by the batch's statistics and moves the averages towards them. */
    TRAIN,
    /**
     * Normalises by the moving averages and leaves them; beta still trains. For fine-tuning, where
     * the averages come with the weights, and for batches computed in chunks.
     */
    FROZEN
  }

  /**
   * Settings that a description of layers does not have to know.
   *
   * @param batchNormalization what batch normalisation does in training; of no effect in inference
   * @param movingAverageDecay share of a moving average that a step keeps, in [0, 1)
   * @param freezeBackbone whether the variables of {@link LayerVariable.Group#BACKBONE} stay as
   *     they are: not trainable, no gradient flows into them, batch normalisation frozen
   * @param seed of the initial values
   */
  public record Options(
      BatchNormalization batchNormalization,
      double movingAverageDecay,
      boolean freezeBackbone,
      long seed) {

    /**
     * Checks the decay.
     *
     * @param batchNormalization what batch normalisation does in training
     * @param movingAverageDecay share of a moving average that a step keeps
     * @param freezeBackbone whether the backbone stays as it is
     * @param seed of the initial values
     * @throws IllegalArgumentException if {@code movingAverageDecay} is outside [0, 1)
     */
    public Options {
      if (!(movingAverageDecay >= 0 && movingAverageDecay < 1)) {
        throw new IllegalArgumentException(
            "the decay of moving averages must be in [0, 1), got " + movingAverageDecay);
      }
    }

    /**
     * Returns the settings for a network trained from scratch: batch normalisation by batch
     * statistics, a decay of 0.95 (after 100 steps 0.6 % of the initial value is left), everything
     * trainable, seed 0.
     *
     * @return the default settings
     */
    public static Options defaults() {
      return new Options(BatchNormalization.TRAIN, 0.95, false, 0);
    }

    /**
     * Returns these settings with another kind of batch normalisation.
     *
     * @param batchNormalization the kind
     * @return new settings
     */
    public Options withBatchNormalization(BatchNormalization batchNormalization) {
      return new Options(batchNormalization, movingAverageDecay, freezeBackbone, seed);
    }

    /**
     * Returns these settings with the backbone frozen or not.
     *
     * @param freezeBackbone whether it is frozen
     * @return new settings
     */
    public Options withFreezeBackbone(boolean freezeBackbone) {
      return new Options(batchNormalization, movingAverageDecay, freezeBackbone, seed);
    }

    /**
     * Returns these settings with another seed.
     *
     * @param seed of the initial values
     * @return new settings
     */
    public Options withSeed(long seed) {
      return new Options(batchNormalization, movingAverageDecay, freezeBackbone, seed);
    }
  }

  /** Below this squared length a vector counts as zero and is not stretched to length 1. */
  private static final float L2_EPSILON = 1e-12f;

  /**
   * Starts with no layers.
   *
   * @param tf of a graph; eager mode has no place for these variables
   * @param mode what the graph is for
   * @param options the settings
   * @throws IllegalArgumentException if {@code tf} belongs to an eager session
   */
  public Layers(Ops tf, Mode mode, Options options) {
    this(tf, mode, options, Exchange.ALONE);
  }

  /**
   * Starts with no layers, for a worker of several: in training, batch normalisation goes by the
   * statistics of all workers' images.
   *
   * @param tf of a graph; eager mode has no place for these variables
   * @param mode what the graph is for
   * @param options the settings
   * @param exchange with the other workers
   * @throws IllegalArgumentException if {@code tf} belongs to an eager session
   */
  public Layers(Ops tf, Mode mode, Options options, Exchange exchange) {
    super(tf, mode, options, exchange);
  }

  /**
   * Convolution without bias; variable {@code weights} [kernel, kernel, channels, filters].
   *
   * @param x [batch, height, width, channels], channels known
   * @param filters number of output channels
   * @param kernel side of the kernel
   * @param stride step in both directions
   * @return [batch, ceil(height/stride), ceil(width/stride), filters]
   */
  public Operand<TFloat32> conv2d(Operand<TFloat32> x, int filters, int kernel, int stride) {
    Shape shape = Shape.of(kernel, kernel, channels(x), filters);
    return convolve(x, variable("weights", shape, true, Initializer.heUniform(shape)), stride);
  }

  /**
   * Separable convolution without bias and with nothing between its halves: one {@code
   * depthwise_weights} kernel [kernel, kernel, channels, multiplier] per channel, then 1x1 {@code
   * pointwise_weights} [1, 1, channels * multiplier, filters].
   *
   * @param x [batch, height, width, channels], channels known
   * @param filters number of output channels
   * @param kernel side of the depthwise kernel
   * @param stride step of the depthwise kernel
   * @param multiplier depthwise outputs per channel
   * @return [batch, ceil(height/stride), ceil(width/stride), filters]
   */
  public Operand<TFloat32> separableConv2d(
      Operand<TFloat32> x, int filters, int kernel, int stride, int multiplier) {
    long channels = channels(x);
    Shape depthwise = Shape.of(kernel, kernel, channels, multiplier);
    Shape pointwise = Shape.of(1, 1, channels * multiplier, filters);
    // The depthwise kernel sees kernel * kernel values of one channel, not all of them.
    double bound = Math.sqrt(3.0 / ((double) kernel * kernel));
    Operand<TFloat32> perChannel =
        tf().nn
            .depthwiseConv2dNative(
                x,
                variable("depthwise_weights", depthwise, true, Initializer.uniform(bound)),
                square(stride),
                "SAME");
    return convolve(
        perChannel,
        variable("pointwise_weights", pointwise, true, Initializer.heUniform(pointwise)),
        1);
  }

  /**
   * Adds a value per channel; variable {@code biases} [channels], zero at first.
   *
   * @param x [..., channels], channels known
   * @return the shape of {@code x}
   */
  public Operand<TFloat32> bias(Operand<TFloat32> x) {
    return tf().nn
        .biasAdd(x, variable("biases", Shape.of(channels(x)), true, Initializer.constant(0)));
  }

  /**
   * Batch normalisation as the class comment defines it; variables {@code BatchNorm/beta}, {@code
   * BatchNorm/moving_mean}, {@code BatchNorm/moving_variance}, all [channels].
   *
   * @param x [batch, height, width, channels], channels known
   * @return the shape of {@code x}
   */
  public Operand<TFloat32> batchNorm(Operand<TFloat32> x) {
    return scope("BatchNorm", () -> BatchNorm.of(this, x));
  }

  /**
   * Convolution, batch normalisation and ReLU in a scope of their own.
   *
   * @param name of the scope
   * @param x as in {@link #conv2d}
   * @param filters number of output channels
   * @param kernel side of the kernel
   * @param stride step in both directions
   * @return as {@link #conv2d}, no negative value
   */
  public Operand<TFloat32> convBatchNormRelu(
      String name, Operand<TFloat32> x, int filters, int kernel, int stride) {
    return scope(name, () -> relu(batchNorm(conv2d(x, filters, kernel, stride))));
  }

  /**
   * Rectifies.
   *
   * @param x any shape
   * @return max(x, 0)
   */
  public Operand<TFloat32> relu(Operand<TFloat32> x) {
    return tf().nn.relu(x);
  }

  /**
   * Scales and shifts every value by constants.
   *
   * @param x any shape
   * @param scale factor
   * @param shift summand
   * @return x * scale + shift
   */
  public Operand<TFloat32> affine(Operand<TFloat32> x, float scale, float shift) {
    return tf().math.add(tf().math.mul(x, tf().constant(scale)), tf().constant(shift));
  }

  /**
   * Maximum over windows; cells outside the image do not take part.
   *
   * @param x [batch, height, width, channels]
   * @param kernel side of the window
   * @param stride step in both directions
   * @return [batch, ceil(height/stride), ceil(width/stride), channels]
   */
  public Operand<TFloat32> maxPool(Operand<TFloat32> x, int kernel, int stride) {
    return tf().nn
        .maxPool(
            x,
            tf().constant(new int[] {1, kernel, kernel, 1}),
            tf().constant(new int[] {1, stride, stride, 1}),
            "SAME");
  }

  /**
   * Mean over windows, divided by the number of cells inside the image.
   *
   * @param x [batch, height, width, channels]
   * @param kernel side of the window
   * @param stride step in both directions
   * @return [batch, ceil(height/stride), ceil(width/stride), channels]
   */
  public Operand<TFloat32> avgPool(Operand<TFloat32> x, int kernel, int stride) {
    return tf().nn.avgPool(x, square(kernel), square(stride), "SAME");
  }

  /**
   * Joins maps along the channels.
   *
   * @param maps all [batch, height, width, *] with the same batch, height and width
   * @return [batch, height, width, sum of channels], in the order given
   */
  public Operand<TFloat32> concat(List<Operand<TFloat32>> maps) {
    return tf().concat(maps, tf().constant(3));
  }

  /**
   * Mean over all places of a map.
   *
   * @param x [batch, height, width, channels]
   * @return [batch, channels]
   */
  public Operand<TFloat32> globalMean(Operand<TFloat32> x) {
    return tf().math.mean(x, tf().constant(new int[] {1, 2}));
  }

  /**
   * Maximum over all places of a map.
   *
   * @param x [batch, height, width, channels]
   * @return [batch, channels]
   */
  public Operand<TFloat32> globalMax(Operand<TFloat32> x) {
    return tf().max(x, tf().constant(new int[] {1, 2}));
  }

  /**
   * Fully connected layer with bias; variables {@code weights} [features, size], {@code biases}
   * [size]. Xavier initialisation: uniform within sqrt(6 / (features + size)).
   *
   * @param x [batch, features], features known
   * @param size number of outputs
   * @return [batch, size]
   */
  public Operand<TFloat32> dense(Operand<TFloat32> x, int size) {
    long features = channels(x);
    Shape shape = Shape.of(features, size);
    double bound = Math.sqrt(6.0 / (features + size));
    return bias(
        tf().linalg.matMul(x, variable("weights", shape, true, Initializer.uniform(bound))));
  }

  /**
   * Scales every row to Euclidean length 1: x / sqrt(max(sum of squares, 1e-12)), so that a row of
   * zeros stays zero and has a gradient.
   *
   * @param x [batch, size]
   * @return [batch, size]
   */
  public Operand<TFloat32> l2Normalize(Operand<TFloat32> x) {
    Operand<TFloat32> squares =
        tf().reduceSum(tf().math.square(x), tf().constant(1), ReduceSum.keepDims(true));
    return tf().math.mul(x, tf().math.rsqrt(tf().math.maximum(squares, tf().constant(L2_EPSILON))));
  }

  /**
   * A trainable vector per class, for a loss; variable {@code Proxies/weights} [classes, size] of
   * {@link LayerVariable.Group#PROXY}. Uniform within sqrt(3 / size), so that their length is about
   * 1.
   *
   * @param classes how many
   * @param embeddings [batch, size], size known
   * @return [classes, size]
   */
  public Operand<TFloat32> proxies(int classes, Operand<TFloat32> embeddings) {
    long size = channels(embeddings);
    return group(
        LayerVariable.Group.PROXY,
        () ->
            scope(
                "Proxies",
                () ->
                    variable(
                        "weights",
                        Shape.of(classes, size),
                        true,
                        Initializer.uniform(Math.sqrt(3.0 / size)))));
  }

  private Operand<TFloat32> convolve(Operand<TFloat32> x, Operand<TFloat32> weights, int stride) {
    return tf().nn.conv2d(x, weights, square(stride), "SAME");
  }

  private static List<Long> square(int side) {
    return List.of(1L, (long) side, (long) side, 1L);
  }
}
