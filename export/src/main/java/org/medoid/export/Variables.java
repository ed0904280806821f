package org.medoid.export;

import org.medoid.export.savedmodel.VariableValues;

/** What TensorFlow says. */
final class Variables {
  private Variables() {}

  /** What TensorFlow says in its first line, with the node that it names in a later one. */
  static String firstLine(Exception e) {
    return VariableValues.firstLine(e);
  }
}
