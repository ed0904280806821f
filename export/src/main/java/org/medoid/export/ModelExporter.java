package org.medoid.export;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medoid.export.image.ImageSize;
import org.medoid.export.onnx.OnnxConverter;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.OriginalModel;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFUnimplementedException;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Hands an embedding model on: as a SavedModel for TensorFlow in any language and TensorFlow
 * Serving, as an ONNX file for onnxruntime, Triton and others, with an {@code export.json} that
 * says what goes in and what comes out.
 *
 * <p>The exported signature {@code serving_default} goes from {@code images}, float32 [batch,
 * height, width, 3], RGB in [0, 1], to {@code embedding}, float32 [batch, d]; the ONNX file has the
 * same names. The SavedModel's second signature {@code image_bytes} takes the content of picture
 * files, string [batch].
 *
 * <p>An export is checked before it is there: pictures go through the frozen graph in TensorFlow,
 * through the written SavedModel, loaded again, by both signatures, and through onnxruntime. If an
 * embedding differs by more than the tolerance, the graph runs in double precision as well, which
 * shows which of the two is wrong, and how much rounding alone moves the embeddings of this
 * network. Where the export is wrong, nothing is written; what else was found is among {@link
 * ExportReport#notes}.
 *
 * <p>What is written is determined by what is exported: no times, no random order. Only the last
 * digits of the differences in {@code export.json} may vary, as threads sum in any order.
 */
public final class ModelExporter {
  /** The exported input. */
  public static final String IMAGES = "images";

  /** The exported output. */
  public static final String EMBEDDING = "embedding";

  /**
   * The largest difference of a value allowed by default: of embeddings of length one, and of those
   * of a graph of our own, relative to the largest absolute value of all.
   */
  public static final double TOLERANCE = 1e-5;

  /**
   * The largest difference of a value allowed by default between a SavedModel whose embeddings have
   * other lengths and its export, relative to the largest absolute value of all: the exported graph
   * sums in another order than its source.
   */
  public static final double FOREIGN_TOLERANCE = 1e-4;

  /** The rounding of float32. */
  private static final double STEP = Math.scalb(1.0, -23);

  /** Null if a signature is exported, which is frozen then. */
  private final FrozenGraph source;

  /** Null if a frozen graph is exported. */
  private final ModelSignature signature;

  private final Path savedModel;
  private final Map<String, JsonNode> metadata = new LinkedHashMap<>();
  private Set<ExportFormat> formats = EnumSet.allOf(ExportFormat.class);
  private ExportLayout layout = ExportLayout.PLAIN;
  private boolean overwrite;
  private int height;
  private int width;
  private int resize;
  private float[] pixels;
  private List<Path> pictures = List.of();
  private float[] reference;
  private double tolerance;
  private String name = EMBEDDING;
  private OnnxConverter.Options onnx = OnnxConverter.Options.defaults();

  private ModelExporter(FrozenGraph source, ModelSignature signature) {
    this.source = source;
    this.signature = signature;
    this.savedModel = signature == null ? null : signature.model().folder();
  }

  /**
   * Exports a frozen graph.
   *
   * @param source from one input, float [batch, height, width, 3], RGB in [0, 1], to one output,
   *     float [batch, d], of any names
   * @return an exporter of everything, to a plain folder that must be empty
   * @throws IllegalArgumentException if it has several inputs or outputs
   */
  public static ModelExporter of(FrozenGraph source) {
    return new ModelExporter(oneToOne(source), null);
  }

  /**
   * Exports a SavedModel, whoever wrote it; its embeddings are compared with the exported ones.
   *
   * @param folder with {@code saved_model.pb}
   * @param choice which of its signatures, as far as it is not found out
   * @return an exporter
   * @throws IOException as {@link SavedModel#open} and {@link SavedModel#signature}
   */
  public static ModelExporter ofSavedModel(Path folder, SignatureChoice choice) throws IOException {
    return of(SavedModel.open(folder).signature(choice));
  }

  /**
   * Exports a network of a SavedModel; its embeddings are compared with the exported ones.
   *
   * @param signature from images to features
   * @return an exporter
   */
  public static ModelExporter of(ModelSignature signature) {
    return new ModelExporter(null, signature);
  }

  private static FrozenGraph oneToOne(FrozenGraph source) {
    if (source.inputs().size() != 1 || source.outputs().size() != 1) {
      throw new IllegalArgumentException(
          "an embedding model has one input and one output, this one goes from %s to %s"
              .formatted(source.inputs().keySet(), source.outputs().keySet()));
    }
    return source.renamed(
        Map.of(
            source.inputs().keySet().iterator().next(), IMAGES,
            source.outputs().keySet().iterator().next(), EMBEDDING));
  }

  /**
   * Says what is written; everything by default.
   *
   * @param wanted one format at least
   * @return this
   */
  public ModelExporter formats(Set<ExportFormat> wanted) {
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("no format to export");
    }
    formats = EnumSet.copyOf(wanted);
    return this;
  }

  /**
   * Says where the files lie.
   *
   * @param wanted the layout
   * @return this
   */
  public ModelExporter layout(ExportLayout wanted) {
    layout = wanted;
    return this;
  }

  /**
   * Allows a plain export to replace an earlier one; it stays until the new one is complete.
   *
   * @param allowed whether
   * @return this
   */
  public ModelExporter overwrite(boolean allowed) {
    overwrite = allowed;
    return this;
  }

  /**
   * Sets the input's size, for a source that leaves it open.
   *
   * @param imageHeight in pixels, at least 1
   * @param imageWidth in pixels, at least 1
   * @return this
   * @throws IllegalArgumentException if one of them is less, naming both
   */
  public ModelExporter imageSize(int imageHeight, int imageWidth) {
    ImageSize size = new ImageSize(imageHeight, imageWidth, 0); // checks
    height = size.height();
    width = size.width();
    return this;
  }

  /**
   * Sets to what size a picture is scaled before the centre is cut out, in training as in the
   * signature {@code image_bytes}.
   *
   * @param size height and width in pixels; 0 to scale to the input's size and cut out nothing
   * @return this
   */
  public ModelExporter resize(int size) {
    resize = size;
    return this;
  }

  /**
   * Gives the pictures to compare with as files; they are decoded as {@code image_bytes} does.
   *
   * @param files JPEG, PNG, GIF or BMP
   * @return this
   */
  public ModelExporter pictures(List<Path> files) {
    pictures = List.copyOf(files);
    return this;
  }

  /**
   * Gives the pixels to compare with: those that a program's own input pipeline made. If the files
   * are given too, the two must belong together, and {@code image_bytes} of the files is compared
   * with the embeddings of the pixels. Without either, smooth random pictures are made up.
   *
   * @param values [n, height, width, 3] in a row, RGB in [0, 1]; not copied
   * @return this
   */
  public ModelExporter pixels(float[] values) {
    pixels = values;
    return this;
  }

  /**
   * Gives the embeddings that the source has for the pictures, to compare the frozen graph with.
   *
   * @param embeddings [n, d] in a row; not copied
   * @return this
   */
  public ModelExporter reference(float[] embeddings) {
    reference = embeddings;
    return this;
  }

  /**
   * Adds to {@code export.json}: {@code source}, {@code scores}, {@code distance}, {@code
   * normalisation} and whatever a reader may want to know.
   *
   * @param entries anything Jackson can write, by name, as it is now; the exporter's own names are
   *     refused when it exports
   * @return this
   * @throws IllegalArgumentException if Jackson cannot write an entry, naming it
   */
  public ModelExporter metadata(Map<String, ?> entries) {
    entries.forEach((key, value) -> metadata.put(key, ExportWork.json(key, value)));
    return this;
  }

  /**
   * Sets the largest difference that is allowed, of any value of any embedding.
   *
   * @param relative to the largest absolute value of all embeddings; by default {@value
   *     #TOLERANCE}, or {@value #FOREIGN_TOLERANCE} for a SavedModel, but no more than {@value
   *     #TOLERANCE} itself where the embeddings have length one, and more where rounding the pixels
   *     and weights alone moves them by more than a sixteenth of that
   * @return this
   */
  public ModelExporter tolerance(double relative) {
    if (!(relative > 0)) {
      throw new IllegalArgumentException("tolerance " + relative + ": must be above 0");
    }
    tolerance = relative;
    return this;
  }

  /**
   * Sets the model's name where a layout needs one.
   *
   * @param model letters, digits, {@code _ . -}; {@value #EMBEDDING} by default
   * @return this
   */
  public ModelExporter name(String model) {
    if (!model.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
      throw new IllegalArgumentException(
          "model name '" + model + "': only letters, digits, '_', '.' and '-'");
    }
    name = model;
    return this;
  }

  /**
   * Says how the ONNX file is written: converters of operations, the operator set, names.
   *
   * @param wanted {@link OnnxConverter.Options#defaults} by default; its metadata is written beside
   *     the exporter's own
   * @return this
   */
  public ModelExporter onnx(OnnxConverter.Options wanted) {
    onnx = wanted;
    return this;
  }

  /**
   * Exports.
   *
   * @param target a folder, made if missing
   * @return what was written and how far the parts differ
   * @throws IOException if the target may not or cannot be written, a picture cannot be read, a
   *     part cannot be run, or its embeddings differ by more than the tolerance; the target, which
   *     the message names, is then as it was
   * @throws IllegalArgumentException if the source is not from float images [batch, height, width,
   *     3] to embeddings [batch, d], its graph cannot be written as ONNX (naming the node), or the
   *     options contradict each other; names the target, and the SavedModel if the source is one
   */
  public ExportReport export(Path target) throws IOException {
    try {
      return exported(target);
    } catch (TFInvalidArgumentException
        | TFUnimplementedException
        | TensorFlowException
        | IllegalStateException e) {
      // TensorFlow's exceptions have no root of their own.
      throw new IOException(refused(target, VariableValues.firstLine(e)), e);
    } catch (FileSystemException e) {
      // Its message may be the name alone.
      String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      throw new IOException(refused(target, e.getFile() + ": " + reason), e);
    } catch (IOException e) {
      throw e.getMessage() != null && e.getMessage().contains(target.toString())
          ? e
          : new IOException(refused(target, e.getMessage()), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(refused(target, e.getMessage()), e);
    }
  }

  private String refused(Path target, String why) {
    return savedModel == null
        ? "%s is not exported: %s".formatted(target, why)
        : "%s is not exported to %s: %s".formatted(savedModel, target, why);
  }

  private ExportReport exported(Path target) throws IOException {
    if (layout == ExportLayout.TRITON && !formats.contains(ExportFormat.ONNX)) {
      throw new IllegalArgumentException(
          "Triton runs ONNX files: the format onnx must be exported");
    }
    try (TargetFolder place = layout.folder(target, name, overwrite)) {
      return work(place).run();
    }
  }

  /** Loads a SavedModel once, for its variables and its own embeddings, and closes it again. */
  private ExportWork work(TargetFolder place) throws IOException {
    if (signature == null) {
      return work(SizedInput.of(source, height, width), null, place);
    }
    try (OriginalModel original = signature.original()) {
      FrozenGraph frozen = oneToOne(FrozenGraph.of(signature, original));
      boolean meant = height == 0 && width == 0 && signature.height() < 0;
      FrozenGraph sized =
          SizedInput.of(
              frozen,
              meant ? Math.max(0, signature.meantHeight()) : height,
              meant ? Math.max(0, signature.meantWidth()) : width);
      return work(sized, signature.runs() ? original : null, place);
    }
  }

  private ExportWork work(FrozenGraph frozen, OriginalModel original, TargetFolder place)
      throws IOException {
    ImageSize image = new ImageSize(SizedInput.height(frozen), SizedInput.width(frozen), resize);
    ComparedPictures compared = ComparedPictures.of(pixels, pictures, image);
    float[] before = reference;
    if (before == null && original != null) {
      before = original.features(compared.pixels(), image.height(), image.width());
    }
    double step = signature == null ? STEP : signature.step();
    double usual = savedModel == null ? TOLERANCE : FOREIGN_TOLERANCE;
    return new ExportWork(
        new ExportWork.Source(frozen, image, compared, savedModel, before),
        new ExportWork.Options(
            formats, layout, name, new Parity.Tolerance(tolerance, usual, step), onnx, metadata),
        place);
  }
}
