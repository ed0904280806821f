package org.medoid.training.cli;

import org.tensorflow.TensorFlow;
import picocli.CommandLine.IVersionProvider;

/** The versions that {@code --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String own = Medoid.class.getPackage().getImplementationVersion();
    return new String[] {
      "medoid " + (own == null ? "(development build)" : own),
      "tensorflow " + TensorFlow.version(),
      "java " + Runtime.version()
    };
  }
}
