package org.medoid.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.network.LayerVariable;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.Npy;
import org.medoid.training.data.NpyRows;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.format.Fingerprint;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * The features that a frozen backbone gives for the centre of each image, computed once and kept in
 * the run's folder, or one that runs share, as {@code features-train-KEY.npy} and {@code
 * features-test-KEY.npy}. The key stands for the network's name or path, the values of its
 * variables, the image sizes and each image's path, length and time of change: what was computed
 * for others is not used. With the features a step is a product of two matrices and the loss.
 *
 * <p>They are computed in portions, between which a run can be stopped; what is there of a run that
 * was stopped or killed is not computed again. Several workers share each portion. The one that
 * leads keeps them, and gives the others those that it has kept; all of them ask at the same time.
 *
 * <p>Memory: 4 bytes times images times features (4 KB an image for 1,024 features).
 */
final class FeatureCache {
  /** Rows that go through the head at once. */
  private static final int ROWS = 4096;

  /** Images of a worker between two looks at whether to stop; of Inception-v2 ten seconds. */
  private static final int PORTION = 256;

  private final Path folder;
  private final TrainingSettings settings;
  private final Worker worker;
  private final Session session;
  private final TrainingGraph graph;
  private final DataSplit data;
  private final BooleanSupplier stopped;
  private float[] train;
  private float[] test;
  private String weights;

  /**
   * Prepares.
   *
   * @param folder where features are kept, made when there are some; null for a worker that does
   *     not lead
   * @param settings name the network and the image sizes
   * @param worker of the run
   * @param session holds the network's weights
   * @param graph the network
   * @param data the images
   * @param stopped whether the run is to end
   */
  FeatureCache(
      Path folder,
      TrainingSettings settings,
      Worker worker,
      Session session,
      TrainingGraph graph,
      DataSplit data,
      BooleanSupplier stopped) {
    this.folder = folder;
    this.settings = settings;
    this.worker = worker;
    this.session = session;
    this.graph = graph;
    this.data = data;
    this.stopped = stopped;
  }

  /**
   * Features of some images.
   *
   * @param values row after row
   * @param width of a row
   */
  record Rows(float[] values, int width) {}

  /** A row of features for some of the training images. */
  Rows train(int[] rows) throws IOException {
    if (train == null) {
      train = features("features-train-", data.train());
    }
    int width = train.length / data.train().size();
    float[] some = new float[Embeddings.size(rows.length, width)];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(train, rows[i] * width, some, i * width, width);
    }
    return new Rows(some, width);
  }

  /** A row of features for each test image. */
  Rows test() throws IOException {
    if (test == null) {
      test = features("features-test-", data.test());
    }
    return new Rows(test, test.length / data.test().size());
  }

  /** Embeds images by the head as it is now. */
  float[] embed(Rows features) {
    int width = features.width();
    int n = features.values().length / width;
    float[] embeddings = null;
    for (int from = 0; from < n; from += ROWS) {
      int rows = Math.min(ROWS, n - from);
      try (TFloat32 batch =
              TFloat32.tensorOf(
                  Shape.of(rows, width),
                  DataBuffers.of(features.values(), true, false)
                      .offset((long) from * width)
                      .narrow((long) rows * width));
          Result result =
              session.runner().feed(graph.features(), batch).fetch(graph.embeddings()).run()) {
        TFloat32 part = (TFloat32) result.get(0);
        int d = Math.toIntExact(part.shape().get(1));
        if (embeddings == null) {
          embeddings = new float[Embeddings.size(n, d)];
        }
        part.copyTo(
            DataBuffers.of(embeddings, false, false).offset((long) from * d).narrow(part.size()));
      }
    }
    return embeddings;
  }

  private float[] features(String prefix, ImageDataSet images) throws IOException {
    Blocks blocks = new Blocks(worker);
    String key = worker.leads() ? key(images) : null;
    Path file = worker.leads() ? folder.resolve(prefix + key + ".npy") : null;
    float[] kept = worker.leads() ? kept(file, images) : null;
    int width = width(kept, images);
    if (width == 0) {
      try (NpyRows rows = worker.leads() ? begun(file, images.size(), key) : null) {
        compute(blocks, images, rows);
      }
      kept = worker.leads() ? kept(file, images) : null;
      width = width(kept, images);
    }
    return blocks.ofFirst(kept, Embeddings.size(images.size(), width));
  }

  /** Numbers of a row of what the worker that leads has; 0 if it has nothing. */
  private int width(float[] kept, ImageDataSet images) {
    return Math.round(worker.sum(kept == null ? 0 : kept.length / images.size(), 0)[0]);
  }

  private NpyRows begun(Path file, int count, String key) throws IOException {
    Files.createDirectories(folder);
    NpyRows rows = new NpyRows(file, count, key);
    rows.keep(); // whatever ends this
    return rows;
  }

  private void compute(Blocks blocks, ImageDataSet images, NpyRows rows) throws IOException {
    int done = Math.round(worker.sum(rows == null ? 0 : rows.written(), 0)[0]);
    while (done < images.size()) {
      int start = done;
      int end = Math.min(images.size(), start + PORTION * worker.workers());
      float[] portion =
          blocks.compute(
              end - start,
              (from, to) ->
                  Embedder.embed(
                      session,
                      name(graph.images()),
                      name(graph.features()),
                      images.part(start + from, start + to),
                      settings.data().imageSize(),
                      settings.data().resize()));
      worker.together(
          () -> {
            if (rows != null) {
              rows.add(portion, portion.length / (end - start));
            }
            return null;
          });
      done = end;
      if (worker.sum(stopped.getAsBoolean() ? 1 : 0, 0)[0] > 0 && done < images.size()) {
        throw new CancellationException(
            "stopped after the features of %d of %d images".formatted(done, images.size()));
      }
    }
  }

  private static float[] kept(Path file, ImageDataSet images) throws IOException {
    if (Files.exists(file)) {
      Npy kept = Npy.read(file);
      if (kept.shape().length == 2
          && kept.shape()[0] == images.size()
          && kept.data() instanceof float[] rows) {
        return rows;
      }
    }
    return null;
  }

  private String key(ImageDataSet images) throws IOException {
    Fingerprint key = new Fingerprint();
    key.add(
        Arrays.asList(
                settings.network().model(),
                settings.network().choice(),
                settings.network().pool(),
                settings.optimizer().precision(),
                weights(),
                settings.data().imageSize(),
                settings.data().resize())
            .toString());
    for (Path image : images.files()) {
      key.add(image);
    }
    return key.hex(4);
  }

  /** A digest of the backbone's variables: the same whatever seed or file they came from. */
  private String weights() {
    if (weights == null) {
      Fingerprint print = new Fingerprint();
      List<LayerVariable> backbone =
          graph.variables().stream()
              .filter(each -> each.group() == LayerVariable.Group.BACKBONE)
              .toList();
      Session.Runner runner = session.runner();
      backbone.forEach(each -> runner.fetch(each.variable()));
      if (!backbone.isEmpty()) {
        try (Result result = runner.run()) { // one run: each has the graph pruned anew
          for (Map.Entry<String, Tensor> each : result) {
            ByteDataBuffer values = each.getValue().asRawTensor().data();
            byte[] bytes = new byte[Math.toIntExact(values.size())];
            values.read(bytes);
            print.add(bytes);
          }
        }
      }
      weights = print.hex(32);
    }
    return weights;
  }

  private static String name(Operand<?> operand) {
    return operand.op().name() + ":" + operand.asOutput().index();
  }
}
