package org.medoid.ops;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.medoid.ops.clustering.Clustering;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.ops.clustering.StructuredClustering;
import org.medoid.ops.host.HostKernel;
import org.medoid.ops.host.HostOp;
import org.medoid.ops.host.HostTensor;
import org.medoid.ops.host.KernelAttributes;
import org.medoid.ops.host.KernelContext;
import org.medoid.ops.host.ShapeContext;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.RawOp;
import org.tensorflow.op.RawOpInputs;
import org.tensorflow.op.Scope;
import org.tensorflow.op.annotation.OpInputsMetadata;
import org.tensorflow.op.annotation.OpMetadata;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * Structured clustering (facility location) loss of a batch of embeddings.
 *
 * <p>With embeddings f_1..f_m, labels y*, margin multiplier γ and C distinct labels in the batch:
 *
 * <pre>
 *   F(S)   = - sum_i min_{j in S} d(f_i, f_j)                         facility_score
 *   F~     =   sum_c max_{j: y*_j=c} - sum_{i: y*_i=c} d(f_i, f_j)     oracle_score
 *   A(S)   = F(S) + γ (1 - agreement(g(S), y*))
 *   loss   = max(0, max_{|S|=C} A(S) - F~)
 * </pre>
 *
 * <p>where g(S) assigns every point to its nearest medoid. The maximum over S is sought by greedy
 * selection and a local search (paper, algorithms 1 and 2). The loss is a sum over the batch.
 *
 * <p>Gradient: only {@code loss} is differentiable, and only in {@code embeddings}: 1[loss &gt; 0]
 * (∂F(S*) - ∂F~), medoids and agreement held fixed, as in the paper. It is computed with the value
 * and returned as {@code backprop}. The other outputs pass no gradient on, nor is the margin
 * multiplier a parameter to learn: its gradient is zero. In TensorFlow Java gradients exist in
 * graph mode.
 *
 * <p>The kernel is Java and runs on the host; on a GPU build TensorFlow copies embeddings and
 * backprop. Memory: m² doubles. The op is registered when this class is first used; call {@link
 * #register()} before importing a GraphDef that contains it.
 *
 * @param <T> the type of the embeddings, TFloat32 or TFloat64
 */
@OpMetadata(opType = FacilityLocationLoss.OP_NAME, inputsClass = FacilityLocationLoss.Inputs.class)
public final class FacilityLocationLoss<T extends TNumber> extends RawOp implements Operand<T> {
  /** The name of this op, as known to TensorFlow. */
  public static final String OP_NAME = "FacilityLocationLoss";

  static {
    ClusteringOptions defaults = ClusteringOptions.defaults();
    HostOp.define(OP_NAME)
        .attribute("T: {float, double} = DT_FLOAT")
        .attribute("Tlabels: {int32, int64} = DT_INT64")
        .attribute(choice("margin", defaults.margin(), Margin.values(), Margin::attribute))
        .attribute(
            choice(
                "local_search",
                defaults.localSearch(),
                LocalSearch.values(),
                LocalSearch::attribute))
        .attribute(choice("distance", defaults.distance(), Distance.values(), Distance::attribute))
        .attribute("max_sweeps: int >= 0 = " + defaults.maxSweeps())
        .attribute(choice("start", defaults.start(), Start.values(), Start::attribute))
        .attribute("seed: int = " + defaults.seed())
        .input("embeddings: T")
        .input("labels: Tlabels")
        .input("margin_multiplier: float")
        .output("loss: T")
        .output("backprop: T")
        .output("medoids: int32")
        .output("assignments: int32")
        .output("facility_score: T")
        .output("oracle_score: T")
        .output("agreement: float")
        .shapes(FacilityLocationLoss::inferShapes)
        .kernel(FacilityLocationLoss::kernel)
        .gradient(FacilityLocationLoss::gradient)
        .register();
  }

  private final Output<T> loss;
  private final Output<T> backprop;
  private final Output<TInt32> medoids;
  private final Output<TInt32> assignments;
  private final Output<T> facilityScore;
  private final Output<T> oracleScore;
  private final Output<TFloat32> agreement;

  /**
   * Wraps an operation of this type.
   *
   * @param operation the operation
   */
  public FacilityLocationLoss(Operation operation) {
    super(operation, OP_NAME);
    loss = operation.output(0);
    backprop = operation.output(1);
    medoids = operation.output(2);
    assignments = operation.output(3);
    facilityScore = operation.output(4);
    oracleScore = operation.output(5);
    agreement = operation.output(6);
  }

  /**
   * Adds a FacilityLocationLoss operation.
   *
   * @param <T> the type of the embeddings
   * @param scope current scope, of a graph or an eager session
   * @param embeddings float or double [m, d], m and d at least 1, finite; L2-normalised in the
   *     paper
   * @param labels int32 or int64 [m], any values; equal values are one class
   * @param marginMultiplier float scalar, finite, not negative: γ
   * @param options optional attribute values
   * @return the operation
   * @throws IllegalArgumentException (from TensorFlow) if shapes or attributes cannot be right;
   *     what only the values can tell is a TFInvalidArgumentException when the graph runs
   */
  public static <T extends TNumber> FacilityLocationLoss<T> create(
      Scope scope,
      Operand<T> embeddings,
      Operand<? extends TNumber> labels,
      Operand<TFloat32> marginMultiplier,
      Options... options) {
    OperationBuilder builder = scope.opBuilder(OP_NAME, OP_NAME);
    builder.addInput(embeddings.asOutput());
    builder.addInput(labels.asOutput());
    builder.addInput(marginMultiplier.asOutput());
    for (Options each : options) {
      each.apply(builder);
    }
    return new FacilityLocationLoss<>(builder.build());
  }

  /** Registers the op with TensorFlow, once per process; any use of this class does so too. */
  public static void register() {
    // The static initialiser has done it.
  }

  /**
   * Sets the agreement measure of the structured margin 1 - agreement.
   *
   * @param margin nmi (default), nmi_arithmetic, ami, ari, v_measure or identical
   * @return new options
   */
  public static Options margin(String margin) {
    return new Options().margin(margin);
  }

  /**
   * Sets the local search that follows the start.
   *
   * @param localSearch exact (default), reference or none
   * @return new options
   */
  public static Options localSearch(String localSearch) {
    return new Options().localSearch(localSearch);
  }

  /**
   * Sets the distance between embeddings.
   *
   * @param distance euclidean (default), squared_euclidean or cosine
   * @return new options
   */
  public static Options distance(String distance) {
    return new Options().distance(distance);
  }

  /**
   * Sets the largest number of sweeps of the local search.
   *
   * @param maxSweeps not negative; default 5
   * @return new options
   */
  public static Options maxSweeps(long maxSweeps) {
    return new Options().maxSweeps(maxSweeps);
  }

  /**
   * Sets where the local search starts.
   *
   * @param start greedy (default) or random
   * @return new options
   */
  public static Options start(String start) {
    return new Options().start(start);
  }

  /**
   * Sets the seed of a random start.
   *
   * @param seed any value; default 0
   * @return new options
   */
  public static Options seed(long seed) {
    return new Options().seed(seed);
  }

  /**
   * The loss.
   *
   * @return T scalar, not negative
   */
  public Output<T> loss() {
    return loss;
  }

  /**
   * The subgradient of the loss.
   *
   * @return T [m, d]
   */
  public Output<T> backprop() {
    return backprop;
  }

  /**
   * The rows that were chosen as medoids, in the order of their choice.
   *
   * @return int32 [C]
   */
  public Output<TInt32> medoids() {
    return medoids;
  }

  /**
   * For each row the index of its medoid in {@link #medoids()}.
   *
   * @return int32 [m] in [0, C)
   */
  public Output<TInt32> assignments() {
    return assignments;
  }

  /**
   * F of the chosen medoids.
   *
   * @return T scalar, not positive
   */
  public Output<T> facilityScore() {
    return facilityScore;
  }

  /**
   * F~, the score of the best clustering that the labels allow.
   *
   * @return T scalar, not positive
   */
  public Output<T> oracleScore() {
    return oracleScore;
  }

  /**
   * How well the chosen clustering agrees with the labels, by the measure of the margin attribute.
   *
   * @return float scalar in [0, 1]; the margin is 1 minus it
   */
  public Output<TFloat32> agreement() {
    return agreement;
  }

  @Override
  public Output<T> asOutput() {
    return loss;
  }

  /** The specification of a string attribute with its allowed values and its default. */
  private static <E> String choice(
      String name, E preset, E[] values, Function<E, String> attribute) {
    return Arrays.stream(values)
        .map(value -> "'" + attribute.apply(value) + "'")
        .collect(Collectors.joining(", ", name + ": {", "} = '" + attribute.apply(preset) + "'"));
  }

  private static void inferShapes(ShapeContext context) {
    Shape embeddings = context.input(0, "embeddings", 2);
    Shape labels = context.input(1, "labels", 1);
    context.input(2, "margin_multiplier", 0);
    long m = embeddings.get(0);
    long labelCount = labels.get(0);
    if (m != Shape.UNKNOWN_SIZE && labelCount != Shape.UNKNOWN_SIZE && m != labelCount) {
      throw new IllegalArgumentException(
          "embeddings has " + m + " rows but labels has " + labelCount + " values");
    }
    if (m == Shape.UNKNOWN_SIZE) {
      m = labelCount;
    }
    context.output(0, Shape.scalar());
    context.output(1, Shape.of(m, embeddings.get(1)));
    context.output(2, Shape.of(Shape.UNKNOWN_SIZE));
    context.output(3, Shape.of(m));
    context.output(4, Shape.scalar());
    context.output(5, Shape.scalar());
    context.output(6, Shape.scalar());
  }

  private static HostKernel kernel(KernelAttributes attributes) {
    StructuredClustering method =
        new StructuredClustering(
            new ClusteringOptions(
                Margin.of(attributes.string("margin")),
                LocalSearch.of(attributes.string("local_search")),
                Distance.of(attributes.string("distance")),
                Math.toIntExact(Math.min(attributes.integer("max_sweeps"), Integer.MAX_VALUE)),
                Start.of(attributes.string("start")),
                attributes.integer("seed")));
    return context -> compute(method, context);
  }

  private static void compute(StructuredClustering method, KernelContext context) {
    HostTensor embeddings = context.input(0);
    HostTensor labels = context.input(1);
    HostTensor multiplier = context.input(2);
    requireRank("embeddings", embeddings.shape(), 2);
    requireRank("labels", labels.shape(), 1);
    requireRank("margin_multiplier", multiplier.shape(), 0);
    int m = Math.toIntExact(embeddings.shape().get(0));
    int d = Math.toIntExact(embeddings.shape().get(1));

    Clustering result =
        method.solve(
            doubles(embeddings), m, d, longs(labels), multiplier.data().asFloatBuffer().get(0));

    DataType type = embeddings.type();
    writeScalar(context, 0, type, result.loss());
    double[] gradient = new double[m * d];
    result.gradient(gradient);
    ByteBuffer backprop = context.output(1, type, embeddings.shape());
    if (type == DataType.DT_DOUBLE) {
      backprop.asDoubleBuffer().put(gradient);
    } else {
      float[] narrow = new float[gradient.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (float) gradient[i];
      }
      backprop.asFloatBuffer().put(narrow);
    }
    writeInts(context, 2, result.medoids());
    writeInts(context, 3, result.assignments());
    writeScalar(context, 4, type, result.facilityScore());
    writeScalar(context, 5, type, result.oracleScore());
    writeScalar(context, 6, DataType.DT_FLOAT, result.agreement());
  }

  private static void requireRank(String name, Shape shape, int rank) {
    if (shape.numDimensions() != rank) {
      throw new IllegalArgumentException(
          name + " must have rank " + rank + " but its shape is " + shape);
    }
  }

  private static double[] doubles(HostTensor tensor) {
    if (tensor.type() == DataType.DT_DOUBLE) {
      DoubleBuffer source = tensor.data().asDoubleBuffer();
      double[] values = new double[source.remaining()];
      source.get(values);
      return values;
    }
    FloatBuffer source = tensor.data().asFloatBuffer();
    float[] narrow = new float[source.remaining()];
    source.get(narrow);
    double[] values = new double[narrow.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = narrow[i];
    }
    return values;
  }

  private static long[] longs(HostTensor tensor) {
    if (tensor.type() == DataType.DT_INT64) {
      LongBuffer source = tensor.data().asLongBuffer();
      long[] values = new long[source.remaining()];
      source.get(values);
      return values;
    }
    IntBuffer source = tensor.data().asIntBuffer();
    int[] narrow = new int[source.remaining()];
    source.get(narrow);
    return Arrays.stream(narrow).asLongStream().toArray();
  }

  private static void writeScalar(KernelContext context, int index, DataType type, double value) {
    ByteBuffer target = context.output(index, type, Shape.scalar());
    if (type == DataType.DT_DOUBLE) {
      target.putDouble(0, value);
    } else {
      target.putFloat(0, (float) value);
    }
  }

  private static void writeInts(KernelContext context, int index, int[] values) {
    context.output(index, DataType.DT_INT32, Shape.of(values.length)).asIntBuffer().put(values);
  }

  private static List<Operand<?>> gradient(
      Ops tf, GraphOperation operation, List<Output<?>> gradients) {
    Operand<TNumber> ofLoss = cast(gradients.get(0));
    Operand<TNumber> backprop = cast(operation.output(1));
    return List.of(
        tf.math.mul(ofLoss, backprop),
        tf.zerosLike(operation.input(1)),
        tf.zerosLike(operation.input(2)));
  }

  @SuppressWarnings("unchecked") // both are of the op's type T, which only the graph knows
  private static Operand<TNumber> cast(Output<?> output) {
    return (Operand<TNumber>) output;
  }

  /** Optional attributes of {@link FacilityLocationLoss}. */
  public static final class Options {
    private String margin;
    private String localSearch;
    private String distance;
    private Long maxSweeps;
    private String start;
    private Long seed;

    private Options() {}

    private void apply(OperationBuilder builder) {
      if (margin != null) {
        builder.setAttr("margin", margin);
      }
      if (localSearch != null) {
        builder.setAttr("local_search", localSearch);
      }
      if (distance != null) {
        builder.setAttr("distance", distance);
      }
      if (maxSweeps != null) {
        builder.setAttr("max_sweeps", maxSweeps);
      }
      if (start != null) {
        builder.setAttr("start", start);
      }
      if (seed != null) {
        builder.setAttr("seed", seed);
      }
    }

    /**
     * Sets the agreement measure, see {@link FacilityLocationLoss#margin(String)}.
     *
     * @param margin its name
     * @return this
     */
    public Options margin(String margin) {
      this.margin = margin;
      return this;
    }

    /**
     * Sets the local search, see {@link FacilityLocationLoss#localSearch(String)}.
     *
     * @param localSearch its name
     * @return this
     */
    public Options localSearch(String localSearch) {
      this.localSearch = localSearch;
      return this;
    }

    /**
     * Sets the distance, see {@link FacilityLocationLoss#distance(String)}.
     *
     * @param distance its name
     * @return this
     */
    public Options distance(String distance) {
      this.distance = distance;
      return this;
    }

    /**
     * Sets the largest number of sweeps, see {@link FacilityLocationLoss#maxSweeps(long)}.
     *
     * @param maxSweeps not negative
     * @return this
     */
    public Options maxSweeps(long maxSweeps) {
      this.maxSweeps = maxSweeps;
      return this;
    }

    /**
     * Sets where the search starts, see {@link FacilityLocationLoss#start(String)}.
     *
     * @param start its name
     * @return this
     */
    public Options start(String start) {
      this.start = start;
      return this;
    }

    /**
     * Sets the seed of a random start, see {@link FacilityLocationLoss#seed(long)}.
     *
     * @param seed any value
     * @return this
     */
    public Options seed(long seed) {
      this.seed = seed;
      return this;
    }
  }

  /**
   * The inputs and attributes of a {@link FacilityLocationLoss} in a graph.
   *
   * @param <T> the type of the embeddings
   */
  @OpInputsMetadata(outputsClass = FacilityLocationLoss.class)
  public static final class Inputs<T extends TNumber> extends RawOpInputs<FacilityLocationLoss<T>> {
    /** float or double [m, d]. */
    public final Operand<T> embeddings;

    /** int32 or int64 [m]. */
    public final Operand<? extends TNumber> labels;

    /** float scalar. */
    public final Operand<TFloat32> marginMultiplier;

    /** The type of the embeddings. */
    public final DataType T;

    /** The type of the labels. */
    public final DataType Tlabels;

    /** The agreement measure. */
    public final String margin;

    /** The local search. */
    public final String localSearch;

    /** The distance. */
    public final String distance;

    /** The largest number of sweeps. */
    public final long maxSweeps;

    /** Where the local search starts. */
    public final String start;

    /** The seed of a random start. */
    public final long seed;

    /**
     * Reads the inputs and attributes of an operation of this type.
     *
     * @param op the operation
     */
    @SuppressWarnings("unchecked") // the op's definition gives the types
    public Inputs(GraphOperation op) {
      super(
          new FacilityLocationLoss<>(op),
          op,
          Arrays.asList(
              "T", "Tlabels", "margin", "local_search", "distance", "max_sweeps", "start", "seed"));
      embeddings = (Operand<T>) op.input(0);
      labels = (Operand<? extends TNumber>) op.input(1);
      marginMultiplier = (Operand<TFloat32>) op.input(2);
      T = op.attributes().getAttrType("T");
      Tlabels = op.attributes().getAttrType("Tlabels");
      margin = op.attributes().getAttrString("margin");
      localSearch = op.attributes().getAttrString("local_search");
      distance = op.attributes().getAttrString("distance");
      maxSweeps = op.attributes().getAttrInt("max_sweeps");
      start = op.attributes().getAttrString("start");
      seed = op.attributes().getAttrInt("seed");
    }
  }
}
