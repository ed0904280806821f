package org.medoid.ops;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.medoid.ops.host.MatrixProducts;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.op.RawOp;
import org.tensorflow.op.RawOpInputs;
import org.tensorflow.op.Scope;
import org.tensorflow.op.annotation.OpInputsMetadata;
import org.tensorflow.op.annotation.OpMetadata;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TFloating;
import org.tensorflow.types.family.TIntegral;

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
 * backprop. Memory: as {@link org.medoid.ops.clustering.StructuredClustering} says. The op is
 * registered when this class is first used; call {@link #register()} before importing a GraphDef
 * that contains it. Registering it also tries {@link MatrixProducts} and logs a fault.
 *
 * @param <T> the type of the embeddings, TFloat32 or TFloat64
 */
@OpMetadata(opType = FacilityLocationLoss.OP_NAME, inputsClass = FacilityLocationLoss.Inputs.class)
public final class FacilityLocationLoss<T extends TFloating> extends RawOp implements Operand<T> {
  /** The name of this op, as known to TensorFlow. */
  public static final String OP_NAME = "FacilityLocationLoss";

  static {
    FacilityLocationKernel.definition(OP_NAME).register();
    MatrixProducts.warnIfWrong(); // before a network's wrong numbers reach the loss
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
   *     what only the values can tell, a result beyond the type too, is a
   *     TFInvalidArgumentException when the graph runs
   */
  public static <T extends TFloating> FacilityLocationLoss<T> create(
      Scope scope,
      Operand<T> embeddings,
      Operand<? extends TIntegral> labels,
      Operand<TFloat32> marginMultiplier,
      Options... options) {
    OperationBuilder builder = scope.opBuilder(OP_NAME, OP_NAME);
    builder.addInput(embeddings.asOutput());
    builder.addInput(labels.asOutput());
    builder.addInput(marginMultiplier.asOutput());
    for (Options each : options) {
      each.attributes.forEach(attribute -> attribute.accept(builder));
    }
    return new FacilityLocationLoss<>(builder.build());
  }

  /**
   * Registers the op with TensorFlow, once per process; {@link #create} does so too, {@link
   * #OP_NAME} does not: the compiler copies it.
   *
   * @throws ExceptionInInitializerError if another class loader of the process has registered it: a
   *     loader that all share, such as a web server's own, must load this class
   */
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
   * @param localSearch exact (default), reference, swap or none
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
   * Sets the largest number of sweeps of the local search. {@code swap}'s swaps, which follow its
   * sweeps, end of themselves; 0 searches nothing.
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

  /** Optional attributes of {@link FacilityLocationLoss}. */
  public static final class Options {
    private final List<Consumer<OperationBuilder>> attributes = new ArrayList<>();

    private Options() {}

    private Options with(Consumer<OperationBuilder> attribute) {
      attributes.add(attribute);
      return this;
    }

    /**
     * Sets the agreement measure, see {@link FacilityLocationLoss#margin(String)}.
     *
     * @param margin its name
     * @return this
     */
    public Options margin(String margin) {
      return with(builder -> builder.setAttr("margin", margin));
    }

    /**
     * Sets the local search, see {@link FacilityLocationLoss#localSearch(String)}.
     *
     * @param localSearch its name
     * @return this
     */
    public Options localSearch(String localSearch) {
      return with(builder -> builder.setAttr("local_search", localSearch));
    }

    /**
     * Sets the distance, see {@link FacilityLocationLoss#distance(String)}.
     *
     * @param distance its name
     * @return this
     */
    public Options distance(String distance) {
      return with(builder -> builder.setAttr("distance", distance));
    }

    /**
     * Sets the largest number of sweeps, see {@link FacilityLocationLoss#maxSweeps(long)}.
     *
     * @param maxSweeps not negative
     * @return this
     */
    public Options maxSweeps(long maxSweeps) {
      return with(builder -> builder.setAttr("max_sweeps", maxSweeps));
    }

    /**
     * Sets where the search starts, see {@link FacilityLocationLoss#start(String)}.
     *
     * @param start its name
     * @return this
     */
    public Options start(String start) {
      return with(builder -> builder.setAttr("start", start));
    }

    /**
     * Sets the seed of a random start, see {@link FacilityLocationLoss#seed(long)}.
     *
     * @param seed any value
     * @return this
     */
    public Options seed(long seed) {
      return with(builder -> builder.setAttr("seed", seed));
    }
  }

  /**
   * The inputs and attributes of a {@link FacilityLocationLoss} in a graph.
   *
   * @param <T> the type of the embeddings
   */
  @OpInputsMetadata(outputsClass = FacilityLocationLoss.class)
  public static final class Inputs<T extends TFloating>
      extends RawOpInputs<FacilityLocationLoss<T>> {
    /** float or double [m, d]. */
    public final Operand<T> embeddings;

    /** int32 or int64 [m]. */
    public final Operand<? extends TIntegral> labels;

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
      labels = (Operand<? extends TIntegral>) op.input(1);
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
