package org.medoid.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.medoid.graph.network.LayerVariable;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.Scope;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * An optimizer of TensorFlow's framework: Adam, Momentum, AdaGrad and the others.
 *
 * <pre>{@code
 * Optimizer momentum = new FrameworkOptimizer(graph -> new Momentum(graph, 1f, 0.9f));
 * }</pre>
 *
 * <p>These have one learning rate, baked into the graph as a constant, and all of them move a
 * variable in proportion to it. So they are made with a rate of 1, and the way that they go in a
 * step is then shortened by the learning rate of the variable's group: schedules, the backbone's
 * own rate and warm-up hold for them too. The cost is a copy of the variables in every step.
 *
 * <p>Adam and its kin change variables of their own at the end of a step (the powers of β), and the
 * framework does not say that this comes after their use: which of the two is first is left to
 * chance. Here it comes after.
 *
 * <p>Their slots are named after the variables, with {@code _} for {@code /}, which the framework
 * cannot have in a name.
 *
 * @param maker makes the optimizer for a graph, with a learning rate of 1
 */
public record FrameworkOptimizer(
    Function<Graph, org.tensorflow.framework.optimizers.Optimizer> maker) implements Optimizer {
  @Override
  public List<Op> apply(
      Ops tf,
      List<LayerVariable> variables,
      List<Operand<TFloat32>> gradients,
      Rates rates,
      Operand<TInt64> stepsDone) {
    Ops whenAll = tf.withControlDependencies(List.<Op>copyOf(gradients));
    List<Operand<TFloat32>> before = new ArrayList<>();
    // An identity would share the variable's memory and change with it.
    variables.forEach(each -> before.add(whenAll.deepCopy(each.variable())));
    Ops whenCopied = tf.withControlDependencies(List.<Op>copyOf(before));
    List<GradAndVar<?>> pairs = new ArrayList<>();
    Set<String> references = new HashSet<>();
    for (int i = 0; i < variables.size(); i++) {
      Output<TFloat32> reference = renamed(tf, variables.get(i));
      references.add(reference.op().name());
      pairs.add(new GradAndVar<>(whenCopied.identity(gradients.get(i)).asOutput(), reference));
    }
    Graph graph = (Graph) tf.scope().env();
    Op step = maker.apply(graph).applyGradients(pairs, "framework_step");
    List<Op> moved = inOrder(tf, graph, step.op().name(), references);
    Ops whenMoved = tf.withControlDependencies(moved);
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      LayerVariable each = variables.get(i);
      Operand<TFloat32> way = whenMoved.math.sub(each.variable(), before.get(i));
      updates.add(
          tf.assign(each.variable(), tf.math.add(before.get(i), tf.math.mul(way, rates.of(each)))));
    }
    return updates;
  }

  /** The same variable, as a reference, from an operation whose name has no slash. */
  private static Output<TFloat32> renamed(Ops tf, LayerVariable variable) {
    return tf.scope()
        .env()
        .opBuilder("RefIdentity", variable.name().replace('/', '_'), tf.scope())
        .addInput(variable.variable().asOutput())
        .build()
        .output(0);
  }

  /**
   * The operations of a step, of which those that assign to the optimizer's own variables come
   * last.
   *
   * @param step the operation that waits for all of them
   * @param references the operations that stand for the network's variables
   */
  private static List<Op> inOrder(Ops tf, Graph graph, String step, Set<String> references) {
    Map<String, NodeDef> nodes = new HashMap<>();
    graph.toGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    List<Op> first = new ArrayList<>();
    List<NodeDef> last = new ArrayList<>();
    for (String input : nodes.get(step).getInputList()) {
      NodeDef node = nodes.get(input.substring(1)); // "^name": it waits and takes no value
      if (node.getOp().startsWith("Assign") && !references.contains(node.getInput(0))) {
        last.add(node);
      } else {
        Operation operation = graph.operation(node.getName());
        first.add(() -> operation);
      }
    }
    List<Op> all = new ArrayList<>(first);
    Scope after = tf.withControlDependencies(first).scope();
    for (NodeDef node : last) {
      OperationBuilder again =
          after.env().opBuilder(node.getOp(), node.getName() + "_after", after);
      node.getInputList().forEach(input -> again.addInput(graph.output(input)));
      Operation operation = again.build();
      all.add(() -> operation);
    }
    return all;
  }
}
