package org.medoid.graph.distributed;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * What workers that share a batch tell each other within a step, as operations of a graph. Each
 * call adds operations; all workers must make the same calls in the same order, and run what came
 * of them equally often. What each computes from what it is told is the same on all, to the bit.
 */
public interface Exchange {
  /** Of a worker that is alone: it has all rows, and each sum has one summand. */
  Exchange ALONE = new Alone();

  /**
   * How many share the batch.
   *
   * @return 1 or more
   */
  int workers();

  /**
   * Which of them this is.
   *
   * @return from 0
   */
  int rank();

  /**
   * The rows of all workers, those of the first worker first.
   *
   * @param <T> the type
   * @param tf the ops of the graph
   * @param rows [n, ...], n the same on each worker
   * @return [workers · n, ...]
   */
  <T extends TNumber> Operand<T> gather(Ops tf, Operand<T> rows);

  /**
   * This worker's rows of what {@link #gather} gave, or of a gradient in that.
   *
   * @param tf the ops of the graph
   * @param all float [workers · n, ...]
   * @return float [n, ...]
   */
  Operand<TFloat32> own(Ops tf, Operand<TFloat32> all);

  /**
   * The sums over all workers, in one message.
   *
   * @param tf the ops of the graph
   * @param values of known shapes, the same on each worker
   * @return in the same order and shapes
   */
  List<Operand<TFloat32>> sum(Ops tf, List<Operand<TFloat32>> values);

  /**
   * What the first worker has, on each, in one message.
   *
   * @param <T> the type
   * @param tf the ops of the graph
   * @param values of known shapes, the same on each worker
   * @param type their type
   * @return in the same order and shapes
   */
  <T extends TNumber> List<Operand<T>> fromFirst(Ops tf, List<Operand<T>> values, Class<T> type);

  /**
   * The sum over all workers of a tensor inside a network, with its gradient: the sum of theirs.
   *
   * @param tf the ops of the graph
   * @param x float, any shape, the same on each worker
   * @return the shape of {@code x}
   */
  Operand<TFloat32> differentiableSum(Ops tf, Operand<TFloat32> x);

  /**
   * Gives a run that holds any of these operations the time that workers wait for each other.
   *
   * @param runner the run
   * @return the runner
   */
  Session.Runner timed(Session.Runner runner);
}
