package org.medoid.export;

import ai.onnx.proto.OnnxMl;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.medoid.export.onnx.OnnxConverter;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.OriginalModel;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.SignatureChoice;
import org.tensorflow.Graph;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFUnimplementedException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

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
 * embedding differs by more than the tolerance, nothing is written.
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

  private static final String TRITON_CONFIGURATION = "config.pbtxt";

  /** The version of {@code export.json}. */
  private static final int FORMAT_VERSION = 1;

  /** Pictures that are made up if none are given. */
  private static final int MADE_UP = 8;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final FrozenGraph source;
  private final Path savedModel;
  private final ModelSignature signature;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private Set<Format> formats = EnumSet.allOf(Format.class);
  private Layout layout = Layout.PLAIN;
  private boolean overwrite;
  private int height;
  private int width;
  private int resize;
  private float[] pixels;
  private List<Path> pictures = List.of();
  private float[] reference;
  private double tolerance;
  private String name = EMBEDDING;

  /** What is written. */
  public enum Format {
    /** {@code saved_model.pb}. */
    SAVEDMODEL,
    /** {@code model.onnx}. */
    ONNX;

    /**
     * The format that a name on a command line means.
     *
     * @param name as in {@code savedmodel}
     * @return the format
     * @throws IllegalArgumentException if there is none
     */
    public static Format of(String name) {
      return byName(values(), "format", name);
    }
  }

  /** Where the files lie in the target folder. */
  public enum Layout {
    /** In the target folder itself, which an export can replace. */
    PLAIN,
    /**
     * In the next numbered folder, {@code target/1}, which TensorFlow Serving takes up; with
     * requests that warm the model up.
     */
    TF_SERVING,
    /**
     * Of the model in a repository of models, {@code target/name/1/model.onnx} and {@code
     * target/name/config.pbtxt}: Triton no longer runs SavedModels.
     */
    TRITON;

    /**
     * The layout that a name on a command line means.
     *
     * @param name as in {@code tf-serving}
     * @return the layout
     * @throws IllegalArgumentException if there is none
     */
    public static Layout of(String name) {
      return byName(values(), "layout", name);
    }
  }

  private static <E extends Enum<E>> E byName(E[] values, String what, String name) {
    List<String> names = new ArrayList<>();
    for (E each : values) {
      names.add(each.name().toLowerCase(Locale.ROOT).replace('_', '-'));
      if (names.get(names.size() - 1).equals(name)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "%s '%s' is none of %s".formatted(what, name, String.join(", ", names)));
  }

  private ModelExporter(FrozenGraph source, Path savedModel, ModelSignature signature) {
    this.source = source;
    this.savedModel = savedModel;
    this.signature = signature;
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
    return new ModelExporter(oneToOne(source), null, null);
  }

  /**
   * Exports a SavedModel, whoever wrote it; its embeddings are compared with the exported ones.
   *
   * @param folder with {@code saved_model.pb}
   * @param choice which of its signatures, as far as it is not found out
   * @return an exporter
   * @throws IOException as {@link SavedModel#open} and {@link SavedModel#signature}, or if the
   *     variables cannot be read
   */
  public static ModelExporter ofSavedModel(Path folder, SignatureChoice choice) throws IOException {
    return of(SavedModel.open(folder).signature(choice));
  }

  /**
   * Exports a network of a SavedModel; its embeddings are compared with the exported ones.
   *
   * @param signature from images to features
   * @return an exporter
   * @throws IOException if the variables cannot be read
   */
  public static ModelExporter of(ModelSignature signature) throws IOException {
    return new ModelExporter(
        oneToOne(FrozenGraph.of(signature)), signature.model().folder(), signature);
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
  public ModelExporter formats(Set<Format> wanted) {
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
  public ModelExporter layout(Layout wanted) {
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
   * @param imageHeight in pixels
   * @param imageWidth in pixels
   * @return this
   */
  public ModelExporter imageSize(int imageHeight, int imageWidth) {
    height = imageHeight;
    width = imageWidth;
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
   * @param entries anything Jackson can write, by name; the exporter's own names are refused
   * @return this
   */
  public ModelExporter metadata(Map<String, ?> entries) {
    metadata.putAll(entries);
    return this;
  }

  /**
   * Sets the largest difference that is allowed, of any value of any embedding.
   *
   * @param relative to the largest absolute value of all embeddings; by default {@value
   *     #TOLERANCE}, or {@value #FOREIGN_TOLERANCE} for a SavedModel, but no more than {@value
   *     #TOLERANCE} itself where the embeddings have length one
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
      throw new IOException(refused(target, Variables.firstLine(e)), e);
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
    if (layout == Layout.TRITON && !formats.contains(Format.ONNX)) {
      throw new IllegalArgumentException(
          "Triton runs ONNX files: the format onnx must be exported");
    }
    FrozenGraph frozen = sized();
    ImageBytes image = new ImageBytes(height(frozen), width(frozen), resize);
    try (TargetFolder place = place(target)) {
      return new Work(frozen, image, place).run();
    }
  }

  private TargetFolder place(Path target) throws IOException {
    return switch (layout) {
      case PLAIN -> TargetFolder.plain(target, overwrite);
      case TF_SERVING -> TargetFolder.version(target, null);
      case TRITON -> TargetFolder.version(target.resolve(name), TRITON_CONFIGURATION);
    };
  }

  /** With the size of the images in the placeholder, and a free batch. */
  private FrozenGraph sized() {
    NodeDef images = placeholder(source);
    if (images.getAttrOrThrow("dtype").getType() != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(
          "the input is %s, it must be float images in [0, 1]"
              .formatted(images.getAttrOrThrow("dtype").getType()));
    }
    TensorShapeProto shape = images.getAttrOrThrow("shape").getShape();
    long[] wanted = {-1, height, width, 3};
    TensorShapeProto.Builder sized = TensorShapeProto.newBuilder();
    boolean fits = shape.getUnknownRank() || shape.getDimCount() == wanted.length;
    for (int i = 0; fits && i < wanted.length; i++) {
      long given = shape.getUnknownRank() ? -1 : shape.getDim(i).getSize();
      if (i == 0) {
        given = -1;
      } else if (wanted[i] > 0 && given > 0 && wanted[i] != given) {
        fits = false;
      } else if (given <= 0) {
        given = wanted[i];
      }
      if (i > 0 && given <= 0) {
        throw new IllegalArgumentException(
            "the source leaves the size of the images open: say which the export shall have");
      }
      sized.addDimBuilder().setSize(given);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "the input has the shape %s, it must be [batch, %s, %s, 3]"
              .formatted(
                  shape.getDimList().stream().map(TensorShapeProto.Dim::getSize).toList(),
                  height == 0 ? "height" : height,
                  width == 0 ? "width" : width));
    }
    GraphDef.Builder graph = source.graph().toBuilder();
    for (NodeDef.Builder node : graph.getNodeBuilderList()) {
      if (node.getName().equals(images.getName())) {
        node.putAttr("shape", AttrValue.newBuilder().setShape(sized).build());
      }
    }
    return new FrozenGraph(graph.build(), source.inputs(), source.outputs());
  }

  private static NodeDef placeholder(FrozenGraph frozen) {
    return frozen.graph().getNodeList().stream()
        .filter(node -> node.getName().equals(IMAGES))
        .findFirst()
        .orElseThrow();
  }

  private static int height(FrozenGraph frozen) {
    return (int) placeholder(frozen).getAttrOrThrow("shape").getShape().getDim(1).getSize();
  }

  private static int width(FrozenGraph frozen) {
    return (int) placeholder(frozen).getAttrOrThrow("shape").getShape().getDim(2).getSize();
  }

  /** One export. */
  private final class Work {
    private final FrozenGraph frozen;
    private final ImageBytes image;
    private final TargetFolder place;
    private final Map<String, Double> differences = new LinkedHashMap<>();
    private final ObjectNode info = JSON.createObjectNode();
    private float[] input;
    private List<byte[]> encoded;
    private Embeddings expected;
    private Embeddings expectedOfBytes;

    Work(FrozenGraph frozen, ImageBytes image, TargetFolder place) {
      this.frozen = frozen;
      this.image = image;
      this.place = place;
    }

    ExportReport run() throws IOException {
      expect();
      describe();
      if (formats.contains(Format.SAVEDMODEL) && layout != Layout.TRITON) {
        writeSavedModel();
      }
      if (formats.contains(Format.ONNX)) {
        writeOnnx();
      }
      ObjectNode parity = info.putObject("parity");
      parity.put("pictures", expected.count()).put("scale", expected.largest());
      differences.forEach(parity::put);
      Files.writeString(place.aside().resolve("export.json"), JSON.writeValueAsString(info) + "\n");
      if (layout == Layout.TRITON) {
        place.beside(TRITON_CONFIGURATION, tritonConfiguration());
      }
      Path folder = place.publish();
      return new ExportReport(
          folder, expected.size(), expected.count(), expected.largest(), differences, info);
    }

    private void expect() throws IOException {
      List<String> names = new ArrayList<>();
      pictures.forEach(file -> names.add(file.toString()));
      encoded = ImageBytes.read(pictures);
      input = pixels;
      int size = image.height() * image.width() * 3;
      if (input == null) {
        input = encoded.isEmpty() ? smooth(size) : image.decode(encoded, names);
      }
      if (input.length == 0 || input.length % size != 0) {
        throw new IllegalArgumentException(
            "%d pixels are not pictures of %dx%dx3"
                .formatted(input.length, image.height(), image.width()));
      }
      float[] seen = input;
      if (encoded.isEmpty()) {
        encoded = image.encode(input);
        encoded.forEach(each -> names.add("a PNG of the pixels"));
        seen = image.decode(encoded, names);
      } else if (encoded.size() != input.length / size) {
        throw new IllegalArgumentException(
            "%d picture files do not belong to the pixels of %d"
                .formatted(encoded.size(), input.length / size));
      }
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        graph.importGraphDef(frozen.graph());
        expected = Embeddings.ofPixels(session, IMAGES, EMBEDDING, input, image);
        expectedOfBytes =
            seen == input ? expected : Embeddings.ofPixels(session, IMAGES, EMBEDDING, seen, image);
      }
      if (reference != null) {
        if (reference.length != expected.values().length) {
          throw new IllegalArgumentException(
              "the reference has %d values, which are not %d embeddings of %d"
                  .formatted(reference.length, expected.count(), expected.size()));
        }
        compare(
            "reference",
            "frozen graph",
            expected,
            new Embeddings(reference, expected.count(), expected.size()));
      } else if (signature != null) {
        compare("reference", "frozen graph", expected, ofSource());
      }
    }

    /** What the SavedModel gave before it was frozen. */
    private Embeddings ofSource() throws IOException {
      try (OriginalModel original = signature.original()) {
        float[] rows = original.features(input, image.height(), image.width());
        int count = input.length / (image.height() * image.width() * 3);
        return new Embeddings(rows, count, rows.length / count);
      }
    }

    private void compare(String key, String what, Embeddings wanted, Embeddings given) {
      double difference = wanted.difference(given);
      double allowed = allowed(wanted);
      if (!(difference <= allowed)) {
        throw new IllegalStateException(
            "embeddings of the %s differ by %.2e, more than %.1e; their largest value is %.3g%s"
                .formatted(what, difference, allowed, wanted.largest(), reason()));
      }
      differences.put(key, difference);
    }

    private double allowed(Embeddings wanted) {
      if (tolerance > 0) {
        return tolerance * wanted.largest();
      }
      double usual = (savedModel == null ? TOLERANCE : FOREIGN_TOLERANCE) * wanted.largest();
      return wanted.normalised() ? Math.min(usual, TOLERANCE) : usual;
    }

    /** Why embeddings may differ, as far as the graph shows. */
    private String reason() {
      List<String> random = new ArrayList<>();
      boolean half = false;
      for (NodeDef node : frozen.graph().getNodeList()) {
        if (node.getOp().contains("RandomUniform") || node.getOp().contains("RandomNormal")) {
          random.add(node.getName() + " (" + node.getOp() + ")");
        }
        DataType type = node.getAttrOrDefault("T", AttrValue.getDefaultInstance()).getType();
        half |= type == DataType.DT_HALF || type == DataType.DT_BFLOAT16;
      }
      if (!random.isEmpty()) {
        return "; it draws random numbers in %s: leave the augmentation of images out of the model"
            .formatted(String.join(", ", random));
      }
      return half ? "; it computes in half precision: allow a larger difference (tolerance)" : "";
    }

    private void describe() {
      info.put("format_version", FORMAT_VERSION);
      info.put("embedding_size", expected.size());
      info.put("image_height", image.height());
      info.put("image_width", image.width());
      if (image.resize() != 0 || image.height() == image.width()) {
        info.put("resize", image.resize() == 0 ? image.height() : image.resize());
      }
      info.putObject("input")
          .put("name", IMAGES)
          .put("dtype", "float32")
          .put("layout", "NHWC")
          .put("colour", "RGB")
          .putArray("range")
          .add(0)
          .add(1);
      info.putObject("output").put("name", EMBEDDING).put("dtype", "float32");
      info.put("l2_normalised", expected.normalised());
      String own = ModelExporter.class.getPackage().getImplementationVersion();
      info.put(
          "created_with",
          "medoid %s, tensorflow %s"
              .formatted(own == null ? "(development build)" : own, TensorFlow.version()));
      if (savedModel != null) {
        info.put("source", savedModel.toString());
      }
      metadata.forEach(
          (key, value) -> {
            if ((info.has(key) && !key.equals("source"))
                || List.of("parity", "onnx").contains(key)) {
              throw new IllegalArgumentException(
                  "metadata '" + key + "' is what the exporter itself says");
            }
            info.set(key, JSON.valueToTree(value));
          });
    }

    private void writeSavedModel() throws IOException {
      SavedModelWriter.write(place.aside(), frozen, image, expected.size());
      if (layout == Layout.TF_SERVING) {
        Path warmup = place.aside().resolve(Warmup.FILE);
        Files.createDirectories(warmup.getParent());
        Files.write(warmup, Warmup.file(name, warmups()));
      }
      try (SavedModelBundle bundle =
          SavedModelBundle.load(place.aside().toString(), SavedModelBundle.DEFAULT_TAG)) {
        Map<String, SignatureDef> signatures = bundle.metaGraphDef().getSignatureDefMap();
        SignatureDef fromPixels = signatures.get(SavedModelWriter.DEFAULT);
        compare(
            "savedmodel",
            "written SavedModel",
            expected,
            Embeddings.ofPixels(
                bundle.session(),
                fromPixels.getInputsOrThrow(IMAGES).getName(),
                fromPixels.getOutputsOrThrow(EMBEDDING).getName(),
                input,
                image));
        SignatureDef fromBytes = signatures.get(ImageBytes.NAME);
        compare(
            "image_bytes",
            "written SavedModel's signature image_bytes",
            expectedOfBytes,
            Embeddings.ofBytes(
                bundle.session(),
                fromBytes.getInputsOrThrow(ImageBytes.NAME).getName(),
                fromBytes.getOutputsOrThrow(EMBEDDING).getName(),
                encoded));
      }
    }

    /** The first picture, by both signatures. */
    private List<Warmup.Request> warmups() {
      ByteBuffer first =
          ByteBuffer.allocate(4 * image.height() * image.width() * 3)
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; first.hasRemaining(); i++) {
        first.putFloat(input[i]);
      }
      TensorProto.Builder images =
          TensorProto.newBuilder()
              .setDtype(DataType.DT_FLOAT)
              .setTensorContent(ByteString.copyFrom(first.flip()));
      for (int dim : new int[] {1, image.height(), image.width(), 3}) {
        images.getTensorShapeBuilder().addDimBuilder().setSize(dim);
      }
      TensorProto.Builder bytes =
          TensorProto.newBuilder()
              .setDtype(DataType.DT_STRING)
              .addStringVal(ByteString.copyFrom(encoded.get(0)));
      bytes.getTensorShapeBuilder().addDimBuilder().setSize(1);
      return List.of(
          new Warmup.Request(SavedModelWriter.DEFAULT, IMAGES, images.build()),
          new Warmup.Request(ImageBytes.NAME, ImageBytes.NAME, bytes.build()));
    }

    private void writeOnnx() throws IOException {
      Map<String, String> properties = new LinkedHashMap<>();
      for (String key :
          List.of(
              "embedding_size",
              "image_height",
              "image_width",
              "resize",
              "l2_normalised",
              "distance",
              "created_with")) {
        if (info.has(key)) {
          properties.put(key, info.get(key).asText());
        }
      }
      properties.put("input", "images: float32 [batch, height, width, 3], RGB in [0, 1]");
      OnnxMl.ModelProto model =
          OnnxConverter.convert(
              frozen.graph(),
              frozen.inputs(),
              frozen.outputs(),
              OnnxConverter.Options.defaults().withMetadata(properties));
      Path file = place.aside().resolve("model.onnx");
      SavedModelWriter.write(file, model);
      compare(
          "onnx",
          "ONNX file in onnxruntime",
          expected,
          Embeddings.ofOnnx(file, IMAGES, EMBEDDING, input, image));
      info.putObject("onnx")
          .put("opset", model.getOpsetImport(0).getVersion())
          .put("ir_version", model.getIrVersion());
    }

    private String tritonConfiguration() {
      return """
      name: "%s"
      platform: "onnxruntime_onnx"
      max_batch_size: 64
      input [
        {
          name: "%s"
          data_type: TYPE_FP32
          dims: [ %d, %d, 3 ]
        }
      ]
      output [
        {
          name: "%s"
          data_type: TYPE_FP32
          dims: [ %d ]
        }
      ]
      dynamic_batching { }
      """
          .formatted(name, IMAGES, image.height(), image.width(), EMBEDDING, expected.size());
    }

    /** Made-up pictures: a few random waves in each colour, the same every time. */
    private float[] smooth(int size) {
      float[] made = new float[MADE_UP * size];
      Random random = new Random(1);
      for (int picture = 0; picture < MADE_UP; picture++) {
        for (int colour = 0; colour < 3; colour++) {
          double down = random.nextGaussian() * 12 / image.height();
          double across = random.nextGaussian() * 12 / image.width();
          double phase = random.nextDouble() * 2 * Math.PI;
          for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
              made[picture * size + (y * image.width() + x) * 3 + colour] =
                  (float) (0.5 + 0.5 * Math.sin(phase + down * y + across * x));
            }
          }
        }
      }
      return made;
    }
  }
}
