package org.medoid.export.onnx;

import java.util.HashMap;
import java.util.Map;

/** The converters that are built in, by TensorFlow operation. */
final class OpConverters {
  static final Map<String, OpConverter> STANDARD = standard();

  private OpConverters() {}

  private static Map<String, OpConverter> standard() {
    Map<String, OpConverter> table = new HashMap<>();
    BitOps.register(table);
    BoxOps.register(table);
    ColourOps.register(table);
    ConvolutionOps.register(table);
    CropOps.register(table);
    DiagonalOps.register(table);
    ElementwiseOps.register(table);
    ImageOps.register(table);
    ImageTransforms.register(table);
    IndexOps.register(table);
    MatrixOps.register(table);
    PoolingOps.register(table);
    ReductionOps.register(table);
    ResizeOps.register(table);
    ScatterOps.register(table);
    SegmentOps.register(table);
    ShapeOps.register(table);
    SliceOps.register(table);
    WiderTypes.apply(table);
    return Map.copyOf(table);
  }
}
