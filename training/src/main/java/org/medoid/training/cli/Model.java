package org.medoid.training.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.training.Checkpoints;
import org.medoid.training.Embedder;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.settings.Networks;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;

/** A trained model, out of a run folder or an export, that can embed images. */
final class Model implements AutoCloseable {
  private final Runnable owner;
  private final Session session;
  private final String input;
  private final String output;
  private final int imageSize;
  private final int resize;

  private Model(
      Runnable owner, Session session, String input, String output, int imageSize, int resize) {
    this.owner = owner;
    this.session = session;
    this.input = input;
    this.output = output;
    this.imageSize = imageSize;
    this.resize = resize;
  }

  /** The best checkpoint of a run. */
  static Model ofRun(Path run) throws IOException {
    RunFolder folder = RunFolder.open(run);
    TrainingSettings settings = folder.settings();
    InferenceGraph graph = restore(folder);
    return new Model(
        graph::close,
        graph.session(),
        InferenceGraph.INPUT,
        InferenceGraph.OUTPUT,
        settings.data().imageSize(),
        settings.data().resize());
  }

  /** The network of a run with the weights of its best checkpoint. */
  static InferenceGraph restore(RunFolder folder) throws IOException {
    TrainingSettings settings = folder.settings();
    return InferenceGraph.restored(
        Networks.of(settings.network().model()),
        new EmbeddingHead(settings.network().embedding()),
        settings.data().imageSize(),
        Checkpoints.of(folder).best());
  }

  /** A SavedModel with the signature that exports have. */
  static Model ofExport(Path folder) throws IOException {
    if (!Files.isRegularFile(folder.resolve("saved_model.pb"))) {
      throw new NoSuchFileException(folder.resolve("saved_model.pb").toString());
    }
    SavedModelBundle bundle = SavedModelBundle.load(folder.toString(), "serve");
    try {
      Signature signature =
          bundle.signatures().stream()
              .filter(each -> each.key().equals("serving_default"))
              .findAny()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          folder + ": the SavedModel has no signature serving_default"));
      Signature.TensorDescription images = signature.getInputs().get("images");
      Signature.TensorDescription embedding = signature.getOutputs().get("embedding");
      if (images == null || embedding == null) {
        throw new IllegalArgumentException(
            folder
                + ": serving_default must take 'images' and give 'embedding', but takes "
                + signature.inputNames()
                + " and gives "
                + signature.outputNames());
      }
      int size = images.shape.numDimensions() == 4 ? (int) images.shape.get(1) : -1;
      if (size < 1 || images.shape.get(2) != size) {
        throw new IllegalArgumentException(
            folder + ": 'images' must be [batch, size, size, 3] with a known size");
      }
      return new Model(
          bundle::close, bundle.session(), images.name, embedding.name, size, resize(folder, size));
    } catch (RuntimeException e) {
      bundle.close();
      throw e;
    }
  }

  /** Embeds images in order. */
  float[] embed(ImageDataSet images) {
    return Embedder.embed(session, input, output, images, imageSize, resize);
  }

  /** What export.json says of the size before the crop; a SavedModel without it crops nothing. */
  private static int resize(Path folder, int imageSize) throws IOException {
    Path info = folder.resolve("export.json");
    return Files.exists(info)
        ? new ObjectMapper().readTree(info.toFile()).path("resize").asInt(imageSize)
        : imageSize;
  }

  @Override
  public void close() {
    owner.run();
  }
}
