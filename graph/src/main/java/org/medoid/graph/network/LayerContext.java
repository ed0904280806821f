package org.medoid.graph.network;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.medoid.graph.distributed.Exchange;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.Scope;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/**
 * Where layers are built: the current scope and group of variables, and what has been collected so
 * far, variables, updates and end points. {@link Layers} has the layers themselves.
 */
abstract class LayerContext {
  private final Layers.Mode mode;
  private final Layers.Options options;
  private final Exchange exchange;
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

  LayerContext(Ops tf, Layers.Mode mode, Layers.Options options, Exchange exchange) {
    if (!tf.scope().env().isGraph()) {
      throw new IllegalArgumentException("layers are built in a graph, not in an eager session");
    }
    this.tf = tf;
    this.mode = mode;
    this.options = options;
    this.exchange = exchange;
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
  public Layers.Mode mode() {
    return mode;
  }

  /**
   * Returns the settings.
   *
   * @return the settings
   */
  public Layers.Options options() {
    return options;
  }

  /** What goes between the workers. */
  final Exchange exchange() {
    return exchange;
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
    return gradients(y, dy, trainables());
  }

  /**
   * As {@link #gradients(Operand, Operand)} with respect to some of {@link #trainables}, for what a
   * loss trains beside them does not stand behind {@code y}.
   *
   * @param y any shape, built on the variables
   * @param dy the shape of {@code y}
   * @param trainables the variables
   * @return in their order, each of its variable's shape
   * @throws IllegalStateException if there are none, or no gradient reaches one, naming it
   */
  public List<Operand<TFloat32>> gradients(
      Operand<TFloat32> y, Operand<TFloat32> dy, List<LayerVariable> trainables) {
    if (trainables.isEmpty()) {
      throw new IllegalStateException("nothing to train: the layers have no trainable variable");
    }
    Output<?>[] x = trainables.stream().map(v -> v.variable().asOutput()).toArray(Output<?>[]::new);
    Output<?>[] given = dy == null ? null : new Output<?>[] {dy.asOutput()};
    Graph graph = (Graph) tf.scope().env();
    List<Operand<TFloat32>> all = new ArrayList<>();
    try {
      for (Output<?> each : graph.addGradients(null, new Output<?>[] {y.asOutput()}, x, given)) {
        if (isNone(each)) {
          throw unreached(trainables.get(all.size()));
        }
        all.add(each.expect(TFloat32.class));
      }
    } catch (TFInvalidArgumentException e) {
      // Its message is of some node, if a variable is read by nothing on the way to y.
      Set<GraphOperation> read = graph.subgraphTo(Set.of(y));
      for (LayerVariable each : trainables) {
        if (!read.contains(each.variable().op())) {
          throw unreached(each);
        }
      }
      throw e;
    }
    return whenAll(all);
  }

  private static IllegalStateException unreached(LayerVariable variable) {
    return new IllegalStateException(
        "no gradient reaches the trainable variable " + variable.name());
  }

  /**
   * Whether TensorFlow found no way back: it gives the output of no operation, without a word.
   *
   * @param gradient of {@link Graph#addGradients}
   * @return true where there is no gradient
   */
  public static boolean isNone(Output<?> gradient) {
    try {
      gradient.dataType();
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /**
   * The same values, of which none is available before all are, as {@link #gradients} has it.
   *
   * @param values any
   * @return in the same order
   */
  public List<Operand<TFloat32>> whenAll(List<Operand<TFloat32>> values) {
    Ops whenAll = tf.withControlDependencies(List.<Op>copyOf(values));
    List<Operand<TFloat32>> gated = new ArrayList<>();
    values.forEach(value -> gated.add(whenAll.identity(value)));
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

  final <R> R group(LayerVariable.Group inner, Supplier<R> body) {
    LayerVariable.Group outer = group;
    group = inner;
    try {
      return body.get();
    } finally {
      group = outer;
    }
  }

  /**
   * Ends the backbone: with {@link Layers.Options#freezeBackbone} no gradient flows back through
   * here.
   *
   * @param features what the backbone gives
   * @return the same values
   */
  public Operand<TFloat32> endOfBackbone(Operand<TFloat32> features) {
    return options.freezeBackbone() && mode == Layers.Mode.TRAINING
        ? tf.stopGradient(features)
        : features;
  }

  /** Whether the variables of the current group keep their values. */
  final boolean frozen() {
    return options.freezeBackbone() && group == LayerVariable.Group.BACKBONE;
  }

  /** Adds an operation to {@link #updates}. */
  final void update(Op op) {
    updates.add(op);
  }

  /** Creates a variable of the current scope and group. */
  final Variable<TFloat32> variable(
      String role, Shape shape, boolean trainable, Initializer initializer) {
    String name = path.isEmpty() ? role : path + "/" + role;
    return variable(
        name, shape, trainable, () -> initializer.value(tf, options.seed(), name, shape));
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
  final Variable<TFloat32> variable(
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
    variables.put(name, new LayerVariable(name, shape, trainable && !frozen(), group, variable));
    return variable;
  }

  /** The size of the last dimension, which must be known. */
  final long channels(Operand<TFloat32> x) {
    Shape shape = x.asOutput().shape();
    long channels = shape.isUnknown() ? Shape.UNKNOWN_SIZE : shape.get(shape.numDimensions() - 1);
    if (channels == Shape.UNKNOWN_SIZE) {
      throw new IllegalArgumentException(
          "the input of " + path + " has shape " + shape + ": its last dimension must be known");
    }
    return channels;
  }
}
