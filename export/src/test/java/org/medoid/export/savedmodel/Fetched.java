package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Values that a session gives. */
final class Fetched {
  private Fetched() {}

  /** The numbers of some tensors, float32, row-major. */
  static List<float[]> floats(Session.Runner runner, List<? extends Operand<?>> wanted) {
    wanted.forEach(runner::fetch);
    try (Result result = runner.run()) {
      List<float[]> values = new ArrayList<>();
      for (int i = 0; i < wanted.size(); i++) {
        TFloat32 each = (TFloat32) result.get(i);
        float[] some = new float[Math.toIntExact(each.size())];
        each.copyTo(DataBuffers.of(some, false, false));
        values.add(some);
      }
      return values;
    }
  }
}
