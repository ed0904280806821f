package org.medoid.training;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.medoid.graph.TrainingGraph;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.FileNames;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.format.Fingerprint;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.TensorFlow;

/** What workers must have in common to train or to embed together. */
final class WorkerFacts {
  /** Settings that name files, which may lie elsewhere on another machine. */
  private static final Set<String> PLACES = Set.of("data", "model", "weights");

  /** Of each image so much is looked at, beside its name and length. */
  private static final int HEAD = 4096;

  /** Of a file of a model so much is read at once. */
  private static final int PART = 1 << 20;

  private WorkerFacts() {}

  /**
   * The facts by the names that a difference is told by.
   *
   * @throws IOException if an image cannot be read
   */
  static Map<String, String> of(TrainingSettings settings, DataSplit data, TrainingGraph graph)
      throws IOException {
    Map<String, String> facts = versions();
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

  /**
   * The facts of workers that embed pictures together.
   *
   * @param weights a SavedModel, or the prefix of a checkpoint; null for an untrained network
   * @param how what else decides the rows
   * @throws IOException if a file cannot be read
   */
  static Map<String, String> of(Path weights, String how, ImageDataSet pictures)
      throws IOException {
    Map<String, String> facts = versions();
    Fingerprint print = new Fingerprint();
    print.add(how);
    for (Path file : weights == null ? List.<Path>of() : files(weights)) {
      print.add(file.getFileName() + " " + Files.size(file));
      try (InputStream in = Files.newInputStream(file)) {
        for (byte[] some = in.readNBytes(PART); some.length > 0; some = in.readNBytes(PART)) {
          print.add(some);
        }
      }
    }
    facts.put("model (hash of its files)", print.hex(6));
    facts.put("images (hash of the pictures)", images(pictures));
    return facts;
  }

  /** The files of a SavedModel, or of a checkpoint, sorted. */
  private static List<Path> files(Path place) throws IOException {
    boolean folder = Files.isDirectory(place);
    String prefix = place.getFileName() + ".";
    try (Stream<Path> all = Files.walk(folder ? place : place.toAbsolutePath().getParent())) {
      return all.filter(Files::isRegularFile)
          .filter(
              file ->
                  folder
                      ? file.endsWith("saved_model.pb")
                          || file.getParent().endsWith("variables")
                          || file.getParent().endsWith("assets")
                      : file.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList();
    }
  }

  private static Map<String, String> versions() {
    Map<String, String> facts = new LinkedHashMap<>();
    String own = WorkerFacts.class.getPackage().getImplementationVersion();
    facts.put("version of medoid", own == null ? "development" : own);
    facts.put("version of tensorflow", TensorFlow.version());
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
      print.add(labels[i] + " " + FileNames.name(file) + " " + Files.size(file));
      try (InputStream in = Files.newInputStream(file)) {
        print.add(in.readNBytes(HEAD));
      }
    }
    return print.hex(6);
  }
}
