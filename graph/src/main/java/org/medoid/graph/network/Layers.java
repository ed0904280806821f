package org.medoid.graph.network;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.Scope;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.proto.DataType;
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
public final class Layers {

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

  /** Slim's epsilon; the operation's own default is 1e-4. */
  private static final float BATCH_NORM_EPSILON = 0.001f;

  /** Below this squared length a vector counts as zero and is not stretched to length 1. */
  private static final float L2_EPSILON = 1e-12f;

  private final Mode mode;
  private final Options options;
  private final Map<String, LayerVariable> variables = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> endPoints = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  /**
   * The Ops of each scope path. TensorFlow Java lists the whole graph at every withSubScope and
   * numbers a name that returns ("Block1_1"), so a scope is opened once and kept.
   */
  private final Map<String, Ops> scopes = new HashMap<>();

  private Ops tf;
  private String path = "";
  private LayerVariable.Group group = LayerVariable.Group.BACKBONE;

  /**
   * Starts with no layers.
   *
   * @param tf of a graph; eager mode has no place for these variables
   * @param mode what the graph is for
   * @param options the settings
   * @throws IllegalArgumentException if {@code tf} belongs to an eager session
   */
  public Layers(Ops tf, Mode mode, Options options) {
    if (!tf.scope().env().isGraph()) {
      throw new IllegalArgumentException("layers are built in a graph, not in an eager session");
    }
    this.tf = tf;
    this.mode = mode;
    this.options = options;
  }

  /**
   * Returns the operations of the current scope, for what the methods here do not offer.
   *
   * @return operations that are named inside the current scope
   */
  public Ops tf() {
    return tf;
  }

  /**
   * Returns what this graph is for.
   *
   * @return the mode
   */
  public Mode mode() {
    return mode;
  }

  /**
   * Returns the settings.
   *
   * @return the settings
   */
  public Options options() {
    return options;
  }

  /**
   * Returns every variable in the order of creation.
   *
   * @return an unmodifiable view
   */
  public List<LayerVariable> variables() {
    return List.copyOf(variables.values());
  }

  /**
   * Returns the variables that gradient descent changes.
   *
   * @return those of {@link #variables} with {@code trainable}
   */
  public List<LayerVariable> trainables() {
    return variables.values().stream().filter(LayerVariable::trainable).toList();
  }

  /**
   * Adds the gradients of a scalar with respect to {@link #trainables}.
   *
   * <p>None of them is available before all are computed. Variables are references: an optimizer
   * that changed one layer's weights while the gradient of the layer below still reads them would
   * make the step depend on the order in which threads arrive.
   *
   * @param loss scalar, built on the variables of these layers
   * @return in the order of {@link #trainables}, each of its variable's shape
   * @throws IllegalStateException if nothing is trainable
   */
  public List<Operand<TFloat32>> gradients(Operand<TFloat32> loss) {
    return gradients(loss, null);
  }

  /**
   * Adds the gradients of sum(y * dy) with respect to {@link #trainables}: the way back from a
   * gradient that was computed elsewhere, such as that of a loss over more embeddings than {@code
   * y} holds. As with {@link #gradients(Operand)} none is available before all are.
   *
   * @param y any shape, built on the variables of these layers
   * @param dy the shape of {@code y}
   * @return in the order of {@link #trainables}, each of its variable's shape
   * @throws IllegalStateException if nothing is trainable
   */
  public List<Operand<TFloat32>> gradients(Operand<TFloat32> y, Operand<TFloat32> dy) {
    List<LayerVariable> trainables = trainables();
    if (trainables.isEmpty()) {
      throw new IllegalStateException("nothing to train: the layers have no trainable variable");
    }
    Output<?>[] x = trainables.stream().map(v -> v.variable().asOutput()).toArray(Output<?>[]::new);
    Output<?>[] gradients =
        ((Graph) tf.scope().env())
            .addGradients(
                null,
                new Output<?>[] {y.asOutput()},
                x,
                dy == null ? null : new Output<?>[] {dy.asOutput()});
    Ops whenAll = tf.withControlDependencies(List.<Op>of(gradients));
    List<Operand<TFloat32>> gated = new ArrayList<>();
    for (Output<?> gradient : gradients) {
      gated.add(whenAll.identity(gradient.expect(TFloat32.class)));
    }
    return gated;
  }

  /**
   * Returns the operations that move the averages of batch normalisation; run all of them once with
   * every training step.
   *
   * @return empty in inference and where batch normalisation is frozen
   */
  public List<Op> updates() {
    return Collections.unmodifiableList(updates);
  }

  /**
   * Returns the outputs that {@link #endPoint} marked.
   *
   * @return by name, in the order of marking
   */
  public Map<String, Operand<TFloat32>> endPoints() {
    return Collections.unmodifiableMap(endPoints);
  }

  /**
   * Marks the output of a layer, so that others find it in {@link #endPoints}.
   *
   * @param name as the network's authors call it
   * @param x the output
   * @return {@code x}
   */
  public Operand<TFloat32> endPoint(String name, Operand<TFloat32> x) {
    endPoints.put(name, x);
    return x;
  }

  /**
   * Runs {@code body} inside a scope: its operations and variables are named {@code
   * outer/name/...}. A scope may be entered again.
   *
   * @param name one component of the path, letters, digits, {@code . _ -}
   * @param body builds layers
   * @param <R> what it returns
   * @return what {@code body} returns
   */
  public <R> R scope(String name, Supplier<R> body) {
    Ops outerTf = tf;
    String outerPath = path;
    path = path.isEmpty() ? name : path + "/" + name;
    Ops inner = scopes.get(path);
    if (inner == null) {
      inner = outerTf.withSubScope(name);
      scopes.put(path, inner);
    }
    tf = inner;
    try {
      return body.get();
    } finally {
      tf = outerTf;
      path = outerPath;
    }
  }

  /**
   * Runs {@code body} with its variables counted as {@link LayerVariable.Group#HEAD}.
   *
   * @param body builds layers
   * @param <R> what it returns
   * @return what {@code body} returns
   */
  public <R> R head(Supplier<R> body) {
    return group(LayerVariable.Group.HEAD, body);
  }

  private <R> R group(LayerVariable.Group inner, Supplier<R> body) {
    LayerVariable.Group outer = group;
    group = inner;
    try {
      return body.get();
    } finally {
      group = outer;
    }
  }

  /**
   * Ends the backbone: with {@link Options#freezeBackbone} no gradient flows back through here.
   *
   * @param features what the backbone gives
   * @return the same values
   */
  public Operand<TFloat32> endOfBackbone(Operand<TFloat32> features) {
    return options.freezeBackbone() && mode == Mode.TRAINING ? tf.stopGradient(features) : features;
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
    return convolve(x, variable("weights", shape, true, heUniform(shape)), stride);
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
        tf.nn.depthwiseConv2dNative(
            x,
            variable("depthwise_weights", depthwise, true, uniform(bound)),
            square(stride),
            "SAME");
    return convolve(
        perChannel, variable("pointwise_weights", pointwise, true, heUniform(pointwise)), 1);
  }

  /**
   * Adds a value per channel; variable {@code biases} [channels], zero at first.
   *
   * @param x [..., channels], channels known
   * @return the shape of {@code x}
   */
  public Operand<TFloat32> bias(Operand<TFloat32> x) {
    return tf.nn.biasAdd(x, variable("biases", Shape.of(channels(x)), true, constant(0)));
  }

  /**
   * Batch normalisation as the class comment defines it; variables {@code BatchNorm/beta}, {@code
   * BatchNorm/moving_mean}, {@code BatchNorm/moving_variance}, all [channels].
   *
   * @param x [batch, height, width, channels], channels known
   * @return the shape of {@code x}
   */
  public Operand<TFloat32> batchNorm(Operand<TFloat32> x) {
    return scope(
        "BatchNorm",
        () -> {
          Shape shape = Shape.of(channels(x));
          Variable<TFloat32> beta = variable("beta", shape, true, constant(0));
          Variable<TFloat32> mean = variable("moving_mean", shape, false, constant(0));
          Variable<TFloat32> variance = variable("moving_variance", shape, false, constant(1));
          Operand<TFloat32> one = tf.fill(tf.constant(shape), tf.constant(1f));
          boolean frozen =
              mode == Mode.INFERENCE
                  || options.batchNormalization() == BatchNormalization.FROZEN
                  || frozen(group);
          // In training the operation wants the averages empty: it would mix them in otherwise.
          Operand<TFloat32> empty = tf.constant(new float[0]);
          FusedBatchNorm<TFloat32, TFloat32> norm =
              tf.nn.fusedBatchNorm(
                  x,
                  one,
                  beta,
                  frozen ? mean : empty,
                  frozen ? variance : empty,
                  FusedBatchNorm.epsilon(BATCH_NORM_EPSILON),
                  FusedBatchNorm.isTraining(!frozen));
          if (!frozen) {
            move(mean, norm.batchMean());
            move(variance, norm.batchVariance());
          }
          return norm.y();
        });
  }

  private void move(Variable<TFloat32> average, Operand<TFloat32> batch) {
    Operand<TFloat32> share = tf.constant((float) (1 - options.movingAverageDecay()));
    updates.add(tf.assignSub(average, tf.math.mul(tf.math.sub(average, batch), share)));
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
    return tf.nn.relu(x);
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
    return tf.math.add(tf.math.mul(x, tf.constant(scale)), tf.constant(shift));
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
    return tf.nn.maxPool(
        x,
        tf.constant(new int[] {1, kernel, kernel, 1}),
        tf.constant(new int[] {1, stride, stride, 1}),
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
    return tf.nn.avgPool(x, square(kernel), square(stride), "SAME");
  }

  /**
   * Joins maps along the channels.
   *
   * @param maps all [batch, height, width, *] with the same batch, height and width
   * @return [batch, height, width, sum of channels], in the order given
   */
  public Operand<TFloat32> concat(List<Operand<TFloat32>> maps) {
    return tf.concat(maps, tf.constant(3));
  }

  /**
   * Mean over all places of a map.
   *
   * @param x [batch, height, width, channels]
   * @return [batch, channels]
   */
  public Operand<TFloat32> globalMean(Operand<TFloat32> x) {
    return tf.math.mean(x, tf.constant(new int[] {1, 2}));
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
    return bias(tf.linalg.matMul(x, variable("weights", shape, true, uniform(bound))));
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
        tf.reduceSum(tf.math.square(x), tf.constant(1), ReduceSum.keepDims(true));
    return tf.math.mul(x, tf.math.rsqrt(tf.math.maximum(squares, tf.constant(L2_EPSILON))));
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
                        "weights", Shape.of(classes, size), true, uniform(Math.sqrt(3.0 / size)))));
  }

  private Operand<TFloat32> convolve(Operand<TFloat32> x, Operand<TFloat32> weights, int stride) {
    return tf.nn.conv2d(x, weights, square(stride), "SAME");
  }

  private boolean frozen(LayerVariable.Group of) {
    return options.freezeBackbone() && of == LayerVariable.Group.BACKBONE;
  }

  /** Gives the initial value of a variable from its full name. */
  private interface Initializer {
    Operand<TFloat32> value(String name, Shape shape);
  }

  private Variable<TFloat32> variable(
      String role, Shape shape, boolean trainable, Initializer initializer) {
    String name = path.isEmpty() ? role : path + "/" + role;
    return variable(name, shape, trainable, () -> initializer.value(name, shape));
  }

  /**
   * Creates a variable of the current group.
   *
   * @param name the whole name, whatever the current scope
   * @param shape known in full
   * @param trainable whether it would train if its group does
   * @param initial builds its initial value
   * @return the variable
   * @throws IllegalArgumentException if there is a variable of this name
   */
  Variable<TFloat32> variable(
      String name, Shape shape, boolean trainable, Supplier<Operand<TFloat32>> initial) {
    if (variables.containsKey(name)) {
      throw new IllegalArgumentException(
          "variable " + name + " exists already: give the layer a scope of its own");
    }
    Scope scope = tf.scope();
    // Built by hand because the endpoint would put the Ops' own scope before the name.
    Variable<TFloat32> variable =
        new Variable<>(
            scope
                .env()
                .opBuilder(Variable.OP_NAME, name, scope)
                .setAttr("shape", shape)
                .setAttr("dtype", DataType.DT_FLOAT)
                .build());
    tf.withInitScope().assign(variable, initial.get());
    variables.put(
        name, new LayerVariable(name, shape, trainable && !frozen(group), group, variable));
    return variable;
  }

  private Initializer constant(float value) {
    return (name, shape) -> tf.fill(tf.constant(shape), tf.constant(value));
  }

  /** Uniform within sqrt(6 / inputs): keeps the variance of what a ReLU passes on. */
  private Initializer heUniform(Shape shape) {
    double inputs = (double) shape.size() / shape.get(shape.numDimensions() - 1);
    return uniform(Math.sqrt(6 / inputs));
  }

  private Initializer uniform(double bound) {
    return (name, shape) ->
        tf.math.add(
            tf.math.mul(
                tf.random.statelessRandomUniform(
                    tf.constant(shape), tf.constant(new long[] {options.seed(), hash(name)})),
                tf.constant((float) (2 * bound))),
            tf.constant((float) -bound));
  }

  /** FNV-1a, 64 bits: unlike String.hashCode wide enough that no two variables share a stream. */
  private static long hash(String name) {
    long h = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return h;
  }

  private long channels(Operand<TFloat32> x) {
    Shape shape = x.asOutput().shape();
    long channels = shape.isUnknown() ? Shape.UNKNOWN_SIZE : shape.get(shape.numDimensions() - 1);
    if (channels == Shape.UNKNOWN_SIZE) {
      throw new IllegalArgumentException(
          "the input of " + path + " has shape " + shape + ": its last dimension must be known");
    }
    return channels;
  }

  private static List<Long> square(int side) {
    return List.of(1L, (long) side, (long) side, 1L);
  }

  /**
   * Checks the static shape of images.
   *
   * @param network name for the message
   * @param images what a network was given
   * @param smallest side in pixels below which the network does not work
   * @throws IllegalArgumentException unless they are [*, h, w, 3] with h, w unknown or at least
   *     {@code smallest}
   */
  static void checkImages(String network, Operand<TFloat32> images, int smallest) {
    Shape shape = images.asOutput().shape();
    if (shape.isUnknown() || shape.numDimensions() != 4 || shape.get(3) != 3) {
      throw new IllegalArgumentException(
          network + " wants images [batch, height, width, 3], got shape " + shape);
    }
    for (int axis = 1; axis <= 2; axis++) {
      if (shape.get(axis) != Shape.UNKNOWN_SIZE && shape.get(axis) < smallest) {
        throw new IllegalArgumentException(
            network
                + " wants images of at least "
                + smallest
                + "x"
                + smallest
                + " pixels, got "
                + shape.get(1)
                + "x"
                + shape.get(2));
      }
    }
  }
}
