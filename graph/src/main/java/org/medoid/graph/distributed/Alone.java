package org.medoid.graph.distributed;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/** {@link Exchange#ALONE}: gives back what it is given. */
final class Alone implements Exchange {
  @Override
  public int workers() {
    return 1;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public <T extends TNumber> Operand<T> gather(Ops tf, Operand<T> rows) {
    return rows;
  }

  @Override
  public Operand<TFloat32> own(Ops tf, Operand<TFloat32> all) {
    return all;
  }

  @Override
  public List<Operand<TFloat32>> sum(Ops tf, List<Operand<TFloat32>> values) {
    return values;
  }

  @Override
  public <T extends TNumber> List<Operand<T>> fromFirst(
      Ops tf, List<Operand<T>> values, Class<T> type) {
    return values;
  }

  @Override
  public Operand<TFloat32> differentiableSum(Ops tf, Operand<TFloat32> x) {
    return x;
  }

  @Override
  public Session.Runner timed(Session.Runner runner) {
    return runner;
  }
}
