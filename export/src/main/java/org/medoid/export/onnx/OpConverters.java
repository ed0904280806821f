package org.medoid.export.onnx;

import java.util.HashMap;
import java.util.Map;

/** The converters that are built in, by TensorFlow operation. */
final class OpConverters {
  static final Map<String, OpConverter> STANDARD = standard();

  private OpConverters() {}

  private static Map<String, OpConverter> standard() {
    Map<String, OpConverter> table = new HashMap<>();
    ElementwiseOps.register(table);
    ImageOps.register(table);
    MatrixOps.register(table);
    ReductionOps.register(table);
    ShapeOps.register(table);
    return Map.copyOf(table);
  }
}
