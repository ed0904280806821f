package org.medoid.graph.distributed;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.collective.CollectiveGather;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * {@link Exchange} by TensorFlow's collective operations, all in one group. The operations' own
 * {@code timeout_seconds} is never set: each execution would leave a sleeping thread behind (2,523
 * of them after 400 steps). {@link #timed} limits the run instead.
 */
final class Collectives implements Exchange {
  private static final int GROUP = 1;
  private static final String REDUCE = "CollectiveReduceV2";

  /** The key of a gradient's sum is that of the sum and this. */
  private static final int BACKWARDS = 1 << 24;

  private static boolean registered;

  private final int workers;
  private final int rank;
  private final RunOptions options;
  private final AtomicInteger keys;

  /**
   * Prepares.
   *
   * @param timeout of a run
   * @param keys numbers the operations, over all graphs of the process
   */
  Collectives(int workers, int rank, Duration timeout, AtomicInteger keys) {
    this.workers = workers;
    this.rank = rank;
    this.options = RunOptions.newBuilder().setTimeoutInMs(timeout.toMillis()).build();
    this.keys = keys;
  }

  @Override
  public int workers() {
    return workers;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public <T extends TNumber> Operand<T> gather(Ops tf, Operand<T> rows) {
    Operand<T> all =
        tf.collective.collectiveGather(
            rows,
            tf.constant(workers),
            tf.constant(GROUP),
            tf.constant(keys.incrementAndGet()),
            List.of(),
            CollectiveGather.communicationHint("RING"));
    // The operation infers no number of rows.
    long[] shape = rows.asOutput().shape().asArray();
    if (shape[0] != Shape.UNKNOWN_SIZE) {
      shape[0] = Math.multiplyExact(shape[0], workers);
    }
    return tf.ensureShape(all, Shape.of(shape));
  }

  @Override
  public Operand<TFloat32> own(Ops tf, Operand<TFloat32> all) {
    return tf.split(tf.constant(0), all, (long) workers).output().get(rank);
  }

  @Override
  public List<Operand<TFloat32>> sum(Ops tf, List<Operand<TFloat32>> values) {
    return packed(tf, values, x -> reduce(tf, x, tf.constant(keys.incrementAndGet())));
  }

  @Override
  public <T extends TNumber> List<Operand<T>> fromFirst(
      Ops tf, List<Operand<T>> values, Class<T> type) {
    return packed(
        tf,
        values,
        x -> {
          Operand<TInt32> key = tf.constant(keys.incrementAndGet());
          return rank == 0
              ? tf.collective.collectiveBcastSend(x, tf.constant(workers), tf.constant(GROUP), key)
              : tf.collective.collectiveBcastRecv(
                  tf.constant(workers),
                  tf.constant(GROUP),
                  key,
                  tf.constant(x.asOutput().shape()),
                  type);
        });
  }

  /** One message for all: 45 MB in 276 tensors took as long one by one, but needs 276 keys. */
  private static <T extends TNumber> List<Operand<T>> packed(
      Ops tf, List<Operand<T>> values, UnaryOperator<Operand<T>> exchange) {
    if (values.isEmpty()) {
      return values;
    }
    List<Operand<T>> flat = new ArrayList<>();
    long[] sizes = new long[values.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = values.get(i).asOutput().shape().size();
      flat.add(tf.reshape(values.get(i), tf.constant(new int[] {-1})));
    }
    Operand<T> exchanged =
        exchange.apply(flat.size() == 1 ? flat.get(0) : tf.concat(flat, tf.constant(0)));
    List<Output<T>> parts =
        tf.splitV(exchanged, tf.constant(sizes), tf.constant(0), (long) sizes.length).output();
    List<Operand<T>> shaped = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      shaped.add(tf.reshape(parts.get(i), tf.constant(values.get(i).asOutput().shape())));
    }
    return shaped;
  }

  @Override
  public Operand<TFloat32> differentiableSum(Ops tf, Operand<TFloat32> x) {
    registerGradient();
    return reduce(tf, x, tf.constant(keys.incrementAndGet()));
  }

  /** Of y = sum over the workers of x: dx = sum over the workers of dy. */
  private static synchronized void registerGradient() {
    if (registered) {
      return;
    }
    registered =
        TensorFlow.registerCustomGradient(
            REDUCE,
            (tf, operation, gradients) -> {
              Operand<TInt32> zero = tf.constant(0);
              Operand<TInt32> key =
                  tf.math.add(operation.input(3).expect(TInt32.class), tf.constant(BACKWARDS));
              return List.of(
                  reduce(
                      tf,
                      gradients.get(0).expect(TFloat32.class),
                      operation.input(1).expect(TInt32.class),
                      key),
                  zero,
                  zero,
                  zero);
            });
    if (!registered) {
      throw new IllegalStateException("TensorFlow did not take the gradient of " + REDUCE);
    }
  }

  private Operand<TFloat32> reduce(Ops tf, Operand<TFloat32> x, Operand<TInt32> key) {
    return reduce(tf, x, tf.constant(workers), key);
  }

  /**
   * By hand: TensorFlow Java has no wrapper of it. {@code tf.collective.collectiveReduce} is
   * CollectiveReduceV3, which crashes the virtual machine.
   */
  private static Operand<TFloat32> reduce(
      Ops tf, Operand<TFloat32> x, Operand<TInt32> workers, Operand<TInt32> key) {
    return tf.scope()
        .opBuilder(REDUCE, REDUCE)
        .addInput(x.asOutput())
        .addInput(workers.asOutput())
        .addInput(tf.constant(GROUP).asOutput())
        .addInput(key.asOutput())
        .addInputList(new Output<?>[0])
        .setAttr("merge_op", "Add")
        .setAttr("final_op", "Id")
        .setAttr("communication_hint", "RING")
        .build()
        .output(0);
  }

  @Override
  public Session.Runner timed(Session.Runner runner) {
    return runner.setOptions(options);
  }
}
