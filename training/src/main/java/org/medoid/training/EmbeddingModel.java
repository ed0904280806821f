package org.medoid.training;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.medoid.export.FrozenGraph;
import org.medoid.export.ModelExporter;
import org.medoid.export.image.ImageSize;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.PixelRange;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.Network;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.settings.Networks;
import org.medoid.training.settings.TrainingSettings;

/**
 * A model that embeds pictures: the best checkpoint of a run, an export, or any SavedModel from
 * images to features, whoever wrote it. It knows what a picture is scaled to before it goes in, so
 * that files, encoded bytes, {@link BufferedImage}s and pixels of the same picture have the same
 * embedding, and it hands itself to the {@link ModelExporter}.
 *
 * <p>Rows are in the order of the pictures. Pictures are run in batches of {@value #BATCH}; memory
 * beyond the result does not grow with their number. Not for several threads at once.
 */
public final class EmbeddingModel implements AutoCloseable {
  /** Pictures in one run, two runs at a time: at 227x227 pixels 20 MB of input each. */
  private static final int BATCH = 32;

  private final String name;

  /** A SavedModel or the prefix of a checkpoint; null for an untrained network. */
  private final Path weights;

  private final ImageSize image;
  private final PictureRunner runner;
  private final Exporters exporters;
  private final Map<String, Object> metadata;
  private final List<String> notes;

  /** Makes the exporter of a model. */
  private interface Exporters {
    ModelExporter exporter() throws IOException;
  }

  /** Takes rows as they come. */
  public interface Rows {
    /**
     * Takes the embeddings of the next pictures.
     *
     * @param values float32 [n, width] in a row; the array is used again afterwards
     * @param width numbers for each picture
     * @throws IOException if they cannot be written
     */
    void add(float[] values, int width) throws IOException;
  }

  private EmbeddingModel(
      String name,
      Path weights,
      ImageSize image,
      PictureRunner runner,
      Exporters exporters,
      Map<String, Object> metadata,
      List<String> notes) {
    this.name = name;
    this.weights = weights;
    this.image = image;
    this.runner = runner;
    this.exporters = exporters;
    this.metadata = metadata;
    this.notes = notes;
  }

  /**
   * Opens the best checkpoint of a run.
   *
   * @param folder the run's folder
   * @return the model; to be closed
   * @throws IOException if it is not a run, has no checkpoint, or cannot be read
   * @throws org.medoid.training.settings.SettingException if its network is one that a program
   *     brought; see {@link #ofRun(Path, Network)}
   */
  public static EmbeddingModel ofRun(Path folder) throws IOException {
    RunFolder run = RunFolder.open(folder);
    TrainingSettings settings = run.settings();
    return of(run, settings, Networks.of(settings.network()));
  }

  /**
   * Opens the best checkpoint of a run whose network was brought by {@link Trainer#withNetwork}.
   *
   * @param folder the run's folder
   * @param network the same
   * @return the model; to be closed
   * @throws IOException if it is not a run, has no checkpoint, cannot be read, or has other
   *     variables than the network
   */
  public static EmbeddingModel ofRun(Path folder, Network network) throws IOException {
    RunFolder run = RunFolder.open(folder);
    return of(run, run.settings(), network);
  }

  private static EmbeddingModel of(RunFolder run, TrainingSettings settings, Network network)
      throws IOException {
    EmbeddingHead head = new EmbeddingHead(settings.network().embedding());
    Map<String, Object> description = ExportDescription.of(run, settings);
    return Checkpoints.readingBest(
        run,
        best ->
            of(
                run.path().toString(),
                best,
                InferenceGraph.restored(network, head, settings.data().imageSize(), best),
                settings,
                description));
  }

  /**
   * Makes a model of the network that settings tell, as it is before training.
   *
   * @param settings what a run would be told
   * @return the model; to be closed
   * @throws IOException if the network is a SavedModel that cannot be read
   */
  public static EmbeddingModel untrained(TrainingSettings settings) throws IOException {
    InferenceGraph graph =
        InferenceGraph.untrained(
            Networks.of(settings.network()),
            new EmbeddingHead(settings.network().embedding()),
            settings.data().imageSize(),
            settings.schedule().seed());
    return of(
        settings.network().model(),
        null,
        graph,
        settings,
        Map.of("distance", settings.loss().trainedFor().attribute()));
  }

  private static EmbeddingModel of(
      String name,
      Path weights,
      InferenceGraph graph,
      TrainingSettings settings,
      Map<String, Object> metadata) {
    int side = settings.data().imageSize();
    int resize = settings.data().resize() == side ? 0 : settings.data().resize();
    ImageSize image = ImageSize.square(side, resize);
    PictureRunner.Network network =
        new PictureRunner.Network(
            graph.session(), InferenceGraph.INPUT, InferenceGraph.OUTPUT, graph::close);
    return new EmbeddingModel(
        name,
        weights,
        image,
        new PictureRunner(network, image, BATCH),
        () ->
            ModelExporter.of(
                FrozenGraph.of(
                    graph.session(),
                    graph.graph(),
                    Map.of(ModelExporter.IMAGES, InferenceGraph.INPUT),
                    Map.of(ModelExporter.EMBEDDING, InferenceGraph.OUTPUT))),
        metadata,
        List.of());
  }

  /**
   * Opens an export or another SavedModel.
   *
   * @param folder with {@code saved_model.pb}
   * @return the model; to be closed
   * @throws IOException as {@link #ofSavedModel(Path, SignatureChoice, int, int)}
   */
  public static EmbeddingModel ofSavedModel(Path folder) throws IOException {
    return ofSavedModel(folder, SignatureChoice.FITTING, 0, 0);
  }

  /**
   * Opens an export or another SavedModel.
   *
   * @param folder with {@code saved_model.pb}; {@code export.json} beside it is read too
   * @param choice which of its signatures and outputs, and the pixels' range, as far as they are
   *     not found out
   * @param height of the images in pixels, for a model that leaves it open; 0 for the model's own
   * @param width of the images in pixels; 0 for the model's own
   * @return the model; to be closed
   * @throws IOException if there is none, it cannot be read, or none of its signatures goes from
   *     images to features
   * @throws OpenImageSizeException if the model leaves the size of the images open and none is
   *     given
   * @throws IllegalArgumentException if it takes another one
   */
  public static EmbeddingModel ofSavedModel(
      Path folder, SignatureChoice choice, int height, int width) throws IOException {
    SavedModel model = SavedModel.open(folder);
    ExportDescription before = ExportDescription.of(folder);
    boolean told = choice.range() == null && before.isForPixelsToOne();
    ModelSignature signature =
        model.signature(told ? choice.withRange(PixelRange.ZERO_TO_ONE) : choice);
    ImageSize image = ModelImageSize.of(signature, height, width, before.resize());
    return new EmbeddingModel(
        folder.toString(),
        folder,
        image,
        new PictureRunner(() -> PictureRunner.Network.of(FrozenGraph.of(signature)), image, BATCH),
        () -> ModelExporter.of(signature).imageSize(image.height(), image.width()),
        before.kept(),
        before.notes(signature));
  }

  /**
   * What the model takes, and what a picture is scaled to before.
   *
   * @return the size
   */
  public ImageSize imageSize() {
    return image;
  }

  /**
   * How many numbers stand for a picture. Runs the model once if it does not say.
   *
   * @return the width of an embedding
   */
  public int width() {
    return runner.width();
  }

  /**
   * The distance that the embeddings were trained for.
   *
   * @return {@code euclidean}, {@code squared_euclidean} or {@code cosine}; empty for a SavedModel
   *     that does not say
   */
  public Optional<String> distance() {
    return Optional.ofNullable(metadata.get("distance"))
        .map(each -> each instanceof JsonNode node ? node.asText() : each.toString());
  }

  /**
   * What a user should be told of a SavedModel: the signature, output and pixel range that were
   * taken, and why.
   *
   * @return a line each; empty for a run
   */
  public List<String> notes() {
    return notes;
  }

  /**
   * Embeds the pictures of a data set, reading ahead while the network runs.
   *
   * @param pictures the files
   * @return a row for each, in order
   * @throws IllegalArgumentException if one cannot be decoded; names the file
   */
  public Embeddings embed(ImageDataSet pictures) {
    return RowGatherer.gathered(pictures.size(), rows -> embed(pictures, rows));
  }

  /**
   * Embeds the pictures of a data set, handing on rows as they come: memory does not grow with the
   * number of pictures.
   *
   * @param pictures the files
   * @param rows takes the embeddings, in order
   * @throws IOException if the rows cannot be taken
   * @throws IllegalArgumentException if a picture cannot be decoded; names the file
   */
  public void embed(ImageDataSet pictures, Rows rows) throws IOException {
    runner.run(pictures, rows);
  }

  /**
   * Embeds the pictures of a data set together with other workers, a block each at a time; all of
   * them get all rows. Each calls it once, with the same model and pictures.
   *
   * @param pictures the files
   * @param from the first picture that is wanted, to go on after others; that of the worker that
   *     leads counts
   * @param worker this process; if alone, as {@link #embed(ImageDataSet, Rows)}
   * @param rows takes the embeddings, in order
   * @throws IOException if a file of the model or a picture cannot be read, or the rows cannot be
   *     taken
   * @throws IllegalArgumentException if a picture cannot be decoded; names the file
   * @throws IllegalStateException if another worker has another model or other pictures, fails or
   *     is gone: a line that names it
   */
  public void embed(ImageDataSet pictures, int from, Worker worker, Rows rows) throws IOException {
    if (worker.workers() > 1) {
      worker.agree(WorkerFacts.of(weights, image + " " + notes, pictures));
      new SharedEmbedding(worker, rows).embed(pictures, from, part -> embed(part).floats());
      worker.leave();
    } else if (from < pictures.size()) {
      embed(pictures.part(from, pictures.size()), rows);
    }
  }

  /**
   * Embeds picture files.
   *
   * @param files PNG, JPEG, GIF or BMP
   * @return a row for each, in order
   * @throws IllegalArgumentException if there are none or one cannot be decoded; names the file
   */
  public Embeddings embedFiles(List<Path> files) {
    return embed(new ImageDataSet(name, files, new int[files.size()], List.of(name)));
  }

  /**
   * Embeds the content of picture files.
   *
   * @param encoded PNG, JPEG, GIF or BMP
   * @return a row for each, in order
   * @throws IllegalArgumentException if there are none or one is null or no picture; says which
   */
  public Embeddings embedBytes(List<byte[]> encoded) {
    return embed(encoded.size(), i -> runner.pixels(Embedder.picture(encoded, i), i));
  }

  /**
   * Embeds images of any size; transparency is dropped.
   *
   * @param images of any type
   * @return a row for each, in order
   * @throws IllegalArgumentException if there are none, one is null, or a float is not in [-0.5,
   *     1.5]; says which
   */
  public Embeddings embedImages(List<BufferedImage> images) {
    return embed(images.size(), i -> runner.pixels(Embedder.picture(images, i), i));
  }

  /**
   * Embeds pixels that a program has prepared itself.
   *
   * @param pixels float32 [n, height, width, 3] in a row, RGB in [0, 1], of {@link #imageSize}
   * @return n rows, in order
   * @throws IllegalArgumentException if they are not one or more such images; not in [-0.5, 1.5]
   */
  public Embeddings embedPixels(float[] pixels) {
    int size = image.height() * image.width() * 3;
    if (pixels.length == 0 || pixels.length % size != 0) {
      throw new IllegalArgumentException(
          "%d values are not images of %dx%dx3"
              .formatted(pixels.length, image.height(), image.width()));
    }
    return embed(pixels.length / size, PictureRunner.each(pixels, size));
  }

  private Embeddings embed(int count, PictureRunner.Source source) {
    if (count == 0) {
      throw new IllegalArgumentException(name + ": there are no images to embed");
    }
    return RowGatherer.gathered(count, rows -> runner.run(count, source, rows));
  }

  /**
   * Makes an exporter of this model, which compares by made-up pictures. The model may be closed
   * before it exports.
   *
   * @return the exporter, with distance, scores and source for {@code export.json}
   * @throws IOException if the values of a SavedModel's variables cannot be read
   */
  public ModelExporter exporter() throws IOException {
    return exporters.exporter().resize(image.resize()).metadata(metadata);
  }

  /**
   * Makes an exporter of this model that compares by some pictures, as this model embeds them.
   *
   * @param pictures at least one; at 227x227 pixels 600 kB each
   * @return the exporter, with distance, scores and source for {@code export.json}
   * @throws IOException if the values of a SavedModel's variables cannot be read
   * @throws IllegalArgumentException if a picture cannot be decoded; names the file
   */
  public ModelExporter exporter(ImageDataSet pictures) throws IOException {
    float[] pixels = runner.pixels(pictures);
    return exporter()
        .pictures(pictures.files())
        .pixels(pixels)
        .reference(embedPixels(pixels).floats());
  }

  /** Closes the session and the graph. */
  @Override
  public void close() {
    runner.close();
  }
}
