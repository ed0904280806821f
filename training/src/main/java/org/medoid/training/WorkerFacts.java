package org.medoid.training;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.medoid.graph.TrainingGraph;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.format.Fingerprint;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.TensorFlow;

/** What workers must have in common to train together. */
final class WorkerFacts {
  /** Settings that name files, which may lie elsewhere on another machine. */
  private static final Set<String> PLACES = Set.of("data", "model", "weights");

  /** Of each image so much is looked at, beside its name and length. */
  private static final int HEAD = 4096;

  private WorkerFacts() {}

  /**
   * The facts by the names that a difference is told by.
   *
   * @throws IOException if an image cannot be read
   */
  static Map<String, String> of(TrainingSettings settings, DataSplit data, TrainingGraph graph)
      throws IOException {
    Map<String, String> facts = new LinkedHashMap<>();
    String own = WorkerFacts.class.getPackage().getImplementationVersion();
    facts.put("version of medoid", own == null ? "development" : own);
    facts.put("version of tensorflow", TensorFlow.version());
    settings
        .asMap()
        .forEach(
            (name, value) -> {
              if (!PLACES.contains(name)) {
                facts.put(name, String.valueOf(value).replaceAll("\\s", " "));
              }
            });
    facts.put("model (hash of its variables)", variables(settings, graph));
    facts.put("data (hash of the images to train on)", images(data.train()));
    facts.put("data (hash of the test images)", images(data.test()));
    return facts;
  }

  private static String variables(TrainingSettings settings, TrainingGraph graph) {
    Fingerprint print = new Fingerprint();
    String model = settings.network().model();
    print.add(model.startsWith("savedmodel:") ? "savedmodel" : model);
    graph.variables().forEach(each -> print.add(each.name() + each.shape()));
    return print.hex(6);
  }

  private static String images(ImageDataSet images) throws IOException {
    Fingerprint print = new Fingerprint();
    images.classNames().forEach(each -> print.add(each));
    int[] labels = images.labels();
    for (int i = 0; i < labels.length; i++) {
      Path file = images.files().get(i);
      print.add(labels[i] + " " + file.getFileName() + " " + Files.size(file));
      try (InputStream in = Files.newInputStream(file)) {
        print.add(in.readNBytes(HEAD));
      }
    }
    return print.hex(6);
  }
}
