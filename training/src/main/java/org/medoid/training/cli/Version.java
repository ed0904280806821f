package org.medoid.training.cli;

import org.tensorflow.TensorFlow;
import picocli.CommandLine.IVersionProvider;

/** The versions that {@code --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "medoid " + own(), "tensorflow " + TensorFlow.version(), "java " + Runtime.version()
    };
  }

  /** The version of Medoid itself. */
  static String own() {
    String own = Medoid.class.getPackage().getImplementationVersion();
    return own == null ? "(development build)" : own;
  }
}
