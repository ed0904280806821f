package org.medoid.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.medoid.graph.distributed.Exchange;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Gives the variables of a graph, optimizer slots included, the values that the first worker has.
 */
final class Synchronization {
  private Synchronization() {}

  /** Adds it to a graph that is complete. */
  static Op of(Ops tf, Exchange exchange) {
    List<Op> assigned = new ArrayList<>();
    if (exchange.workers() > 1) {
      List<Output<?>> variables = new ArrayList<>();
      ((Graph) tf.scope().env())
          .operations()
          .forEachRemaining(
              each -> {
                if (each.type().equals(Variable.OP_NAME)) {
                  variables.add(each.output(0));
                }
              });
      variables.sort(Comparator.comparing(each -> each.op().name()));
      assigned.addAll(fromFirst(tf, exchange, variables, DataType.DT_FLOAT, TFloat32.class));
      assigned.addAll(fromFirst(tf, exchange, variables, DataType.DT_INT64, TInt64.class));
    }
    return tf.withControlDependencies(assigned).withName("synchronize").noOp();
  }

  private static <T extends TNumber> List<Op> fromFirst(
      Ops tf, Exchange exchange, List<Output<?>> variables, DataType type, Class<T> java) {
    List<Operand<T>> own = new ArrayList<>();
    for (Output<?> each : variables) {
      // A variable's output is a reference, whose type is that of the value and 100.
      if (each.dataType() == type || each.dataType().getNumber() == type.getNumber() + 100) {
        own.add(each.expect(java));
      }
    }
    List<Operand<T>> values = new ArrayList<>();
    own.forEach(each -> values.add(tf.identity(each)));
    List<Operand<T>> first = exchange.fromFirst(tf, values, java);
    List<Op> assigned = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      assigned.add(tf.assign(own.get(i), first.get(i)));
    }
    return assigned;
  }
}
