package org.medoid.export;

/** What an export consists of. */
public enum ExportFormat {
  /** {@code saved_model.pb}. */
  SAVEDMODEL,
  /** {@code model.onnx}. */
  ONNX;

  /**
   * The format that a name means.
   *
   * @param name as in {@code savedmodel}
   * @return the format
   * @throws IllegalArgumentException if there is none
   */
  public static ExportFormat of(String name) {
    return ExportLayout.byName(values(), "format", name);
  }
}
