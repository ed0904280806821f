package org.medoid.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.medoid.graph.TrainingGraph;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
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
    MessageDigest digest = digest();
    String model = settings.network().model();
    update(digest, model.startsWith("savedmodel:") ? "savedmodel" : model);
    graph.variables().forEach(each -> update(digest, each.name() + each.shape()));
    return text(digest);
  }

  private static String images(ImageDataSet images) throws IOException {
    MessageDigest digest = digest();
    images.classNames().forEach(each -> update(digest, each));
    int[] labels = images.labels();
    for (int i = 0; i < labels.length; i++) {
      Path file = images.files().get(i);
      update(digest, labels[i] + " " + file.getFileName() + " " + Files.size(file));
      try (InputStream in = Files.newInputStream(file)) {
        digest.update(in.readNBytes(HEAD));
      }
    }
    return text(digest);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(UTF_8));
    digest.update((byte) '\n');
  }

  private static String text(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest()).substring(0, 12);
  }
}
