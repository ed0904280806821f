package org.medoid.export;

import org.medoid.export.image.ImageSize;

/** The file that tells Triton of a model, in the text format of its {@code ModelConfig}. */
final class TritonConfiguration {
  /** Where Triton looks for it, in the model's folder. */
  static final String FILE = "config.pbtxt";

  private TritonConfiguration() {}

  /**
   * The content of the file: the batch is not among the dimensions. With %s, for %d writes the
   * locale's digits.
   */
  static String of(String name, ImageSize image, int embeddingSize) {
    return """
    name: "%s"
    platform: "onnxruntime_onnx"
    max_batch_size: 64
    input [
      {
        name: "%s"
        data_type: TYPE_FP32
        dims: [ %s, %s, 3 ]
      }
    ]
    output [
      {
        name: "%s"
        data_type: TYPE_FP32
        dims: [ %s ]
      }
    ]
    dynamic_batching { }
    """
        .formatted(
            name,
            ModelExporter.IMAGES,
            image.height(),
            image.width(),
            ModelExporter.EMBEDDING,
            embeddingSize);
  }
}
