package org.medoid.export.onnx.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.tensorflow.proto.DataType;

class ConstantTest {
  private static final List<DataType> TYPES =
      List.of(DataType.DT_FLOAT, DataType.DT_DOUBLE, DataType.DT_HALF, DataType.DT_INT8);

  /** Sizes of 1, of which several stand beside each other, and of 0 are among them. */
  @Property(seed = "1")
  void aTransposedTensorHasEachValueAtItsPermutedPlace(@ForAll long seed) {
    Random random = new Random(seed);
    int rank = random.nextInt(6);
    long[] shape = IntStream.range(0, rank).mapToLong(i -> (random.nextInt(40) + 1) % 5).toArray();
    List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.shuffle(order, random);
    int[] axes = order.stream().mapToInt(Integer::intValue).toArray();
    double[] values = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(values, i -> i % 100);
    DataType type = TYPES.get(random.nextInt(TYPES.size()));

    Constant after = Constant.of(type, shape, values).transposed(axes);

    long[] to = Arrays.stream(axes).mapToLong(axis -> shape[axis]).toArray();
    assertThat(after.shape()).containsExactly(to);
    double[] expected = new double[values.length];
    for (int at = 0; at < expected.length; at++) {
      long[] place = new long[rank];
      for (int i = rank - 1, rest = at; i >= 0; i--) {
        place[axes[i]] = rest % to[i];
        rest /= (int) to[i];
      }
      int from = 0;
      for (int i = 0; i < rank; i++) {
        from = (int) (from * shape[i] + place[i]);
      }
      expected[at] = values[from];
    }
    assertThat(after.doubles()).containsExactly(expected);
  }
}
