package org.medoid.export;

import ai.onnx.proto.OnnxMl;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medoid.export.image.ImageSize;
import org.medoid.export.onnx.OnnxConverter;
import org.medoid.export.savedmodel.AsWritten;
import org.medoid.export.savedmodel.LiteralPath;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.SignatureDef;

/** One export: writes the parts aside, each compared as soon as it is there, then publishes. */
final class ExportWork {
  /** The version of {@code export.json}. */
  private static final int FORMAT_VERSION = 1;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Entries of {@code export.json} that a reader of the ONNX file alone wants to know. */
  private static final List<String> ONNX_PROPERTIES =
      List.of(
          "embedding_size",
          "image_height",
          "image_width",
          "resize",
          "preprocessing",
          "l2_normalised",
          "distance",
          "created_with");

  /**
   * What is exported.
   *
   * @param frozen from images of a known size to embeddings
   * @param image that size, and what a picture is scaled to
   * @param pictures to compare with
   * @param source a SavedModel's folder, or null
   * @param reference the source's own embeddings of the pictures, [n, d] in a row, or null
   */
  record Source(
      FrozenGraph frozen,
      ImageSize image,
      ComparedPictures pictures,
      Path source,
      float[] reference) {}

  /** How it is exported. */
  record Options(
      Set<ExportFormat> formats,
      ExportLayout layout,
      String name,
      Parity.Tolerance tolerance,
      OnnxConverter.Options onnx,
      Map<String, JsonNode> metadata) {}

  private final Source source;
  private final Options options;
  private final TargetFolder place;
  private final Parity parity;
  private final ObjectNode info = JSON.createObjectNode();

  ExportWork(Source source, Options options, TargetFolder place) {
    this.source = source;
    this.options = options;
    this.place = place;
    this.parity =
        new Parity(source.frozen, source.pictures.pixels(), source.image, options.tolerance)
            .beside(source.pictures.decoded());
  }

  /** An entry of the metadata as it will be written. */
  static JsonNode json(String key, Object value) {
    try {
      return JSON.valueToTree(value);
    } catch (IllegalArgumentException e) {
      String why =
          e.getCause() instanceof JsonProcessingException j
              ? j.getOriginalMessage()
              : String.valueOf(e.getMessage());
      // Jackson goes on with its own options, in brackets or further lines.
      throw new IllegalArgumentException(
          "metadata '%s' cannot be written as JSON: %s"
              .formatted(key, why.replaceFirst("(?s)( \\(|\\R).*", "")),
          e);
    }
  }

  ExportReport run() throws IOException {
    Vectors expected = parity.expected();
    if (source.reference != null) {
      parity.compare("reference", "model before it was frozen", reference(expected));
    }
    describe(expected);
    if (options.formats.contains(ExportFormat.SAVEDMODEL)
        && options.layout != ExportLayout.TRITON) {
      writeSavedModel(expected);
    }
    if (options.formats.contains(ExportFormat.ONNX)) {
      writeOnnx();
    }
    ObjectNode told = info.putObject("parity");
    told.put("pictures", expected.count()).put("scale", expected.largest());
    parity.differences().forEach(told::put);
    if (!parity.notes().isEmpty()) {
      parity.notes().forEach(told.putArray("notes")::add);
    }
    Files.writeString(place.aside().resolve("export.json"), JSON.writeValueAsString(info) + "\n");
    if (options.layout == ExportLayout.TRITON) {
      place.beside(
          TritonConfiguration.FILE,
          TritonConfiguration.of(options.name, source.image, expected.size()));
    }
    Path folder = place.publish();
    return new ExportReport(
        folder,
        expected.size(),
        expected.count(),
        expected.largest(),
        parity.differences(),
        List.copyOf(parity.notes()),
        info);
  }

  private Vectors reference(Vectors expected) {
    if (source.reference.length != expected.values().length) {
      throw new IllegalArgumentException(
          "the reference has %d values, which are not %d embeddings of %d"
              .formatted(source.reference.length, expected.count(), expected.size()));
    }
    return new Vectors(source.reference, expected.count(), expected.size());
  }

  private void describe(Vectors expected) {
    ImageSize image = source.image;
    info.put("format_version", FORMAT_VERSION);
    info.put("embedding_size", expected.size());
    info.put("image_height", image.height());
    info.put("image_width", image.width());
    if (image.resize() != 0 || image.height() == image.width()) {
      info.put("resize", image.resize() == 0 ? image.height() : image.resize());
    }
    info.putObject("input")
        .put("name", ModelExporter.IMAGES)
        .put("dtype", "float32")
        .put("layout", "NHWC")
        .put("colour", "RGB")
        .putArray("range")
        .add(0)
        .add(1);
    // What image_bytes does with a picture file, for whoever does it without TensorFlow.
    info.putObject("preprocessing")
        .put("exif_orientation", "applied")
        .put("alpha", "dropped")
        .put("scaled_height", image.scaledHeight())
        .put("scaled_width", image.scaledWidth())
        .put("keeps_aspect_ratio", false)
        .put("interpolation", "bilinear")
        .put("half_pixel_centres", true)
        .put("antialias", false)
        .put("crop", "centre");
    info.putObject("output").put("name", ModelExporter.EMBEDDING).put("dtype", "float32");
    info.put("l2_normalised", expected.normalised());
    String own = ModelExporter.class.getPackage().getImplementationVersion();
    info.put(
        "created_with",
        "medoid %s, tensorflow %s"
            .formatted(own == null ? "(development build)" : own, TensorFlow.version()));
    if (source.source != null) {
      info.put("source", source.source.toString());
    }
    options.metadata.forEach(
        (key, value) -> {
          if ((info.has(key) && !key.equals("source")) || List.of("parity", "onnx").contains(key)) {
            throw new IllegalArgumentException(
                "metadata '" + key + "' is what the exporter itself says");
          }
          info.set(key, value);
        });
  }

  private void writeSavedModel(Vectors expected) throws IOException {
    ImageSize image = source.image;
    SavedModelWriter.write(
        place.aside(),
        source.frozen,
        new ImageBytes(image.height(), image.width(), image.resize()),
        expected.size());
    if (options.layout == ExportLayout.TF_SERVING) {
      Path warmup = place.aside().resolve(Warmup.FILE);
      Files.createDirectories(warmup.getParent());
      Files.write(warmup, Warmup.file(options.name, Warmup.requests(source.pictures, image)));
    }
    try (LiteralPath path = LiteralPath.of(place.aside());
        SavedModelBundle bundle =
            SavedModelBundle.loader(path.name())
                .withTags(SavedModelBundle.DEFAULT_TAG)
                .withConfigProto(AsWritten.CONFIG)
                .load()) {
      Map<String, SignatureDef> signatures = bundle.metaGraphDef().getSignatureDefMap();
      SignatureDef fromPixels = signatures.get(SavedModelWriter.DEFAULT);
      parity.compare(
          "savedmodel",
          "written SavedModel",
          ModelRuns.ofPixels(
              bundle.session(),
              fromPixels.getInputsOrThrow(ModelExporter.IMAGES).getName(),
              fromPixels.getOutputsOrThrow(ModelExporter.EMBEDDING).getName(),
              source.pictures.pixels(),
              image));
      SignatureDef fromBytes = signatures.get(ImageBytes.NAME);
      parity
          .of(source.pictures.decoded())
          .compare(
              "image_bytes",
              "written SavedModel's signature image_bytes",
              ModelRuns.ofBytes(
                  bundle.session(),
                  fromBytes.getInputsOrThrow(ImageBytes.NAME).getName(),
                  fromBytes.getOutputsOrThrow(ModelExporter.EMBEDDING).getName(),
                  source.pictures.encoded()));
    }
  }

  /** The width of embeddings as it was measured: TensorFlow may leave it open without a run. */
  static OnnxMl.ModelProto sized(OnnxMl.ModelProto model, int size) {
    OnnxMl.ModelProto.Builder sized = model.toBuilder();
    OnnxMl.TensorShapeProto.Builder shape =
        sized
            .getGraphBuilder()
            .getOutputBuilder(0)
            .getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder();
    if (shape.getDimCount() == 2) {
      shape.getDimBuilder(1).setDimValue(size);
    }
    return sized.build();
  }

  private void writeOnnx() throws IOException {
    Map<String, String> properties = new LinkedHashMap<>(options.onnx.metadata());
    for (String key : ONNX_PROPERTIES) {
      if (info.has(key)) {
        JsonNode value = info.get(key);
        properties.put(key, value.isValueNode() ? value.asText() : value.toString());
      }
    }
    properties.put("input", "images: float32 [batch, height, width, 3], RGB in [0, 1]");
    OnnxMl.ModelProto model =
        sized(
            OnnxConverter.convert(
                source.frozen.graph(),
                source.frozen.inputs(),
                source.frozen.outputs(),
                options.onnx.withMetadata(properties)),
            parity.expected().size());
    Path file = place.aside().resolve("model.onnx");
    SavedModelWriter.write(file, model);
    parity.compare(
        "onnx",
        "ONNX file in onnxruntime",
        ModelRuns.ofOnnx(
            file,
            ModelExporter.IMAGES,
            ModelExporter.EMBEDDING,
            source.pictures.pixels(),
            source.image));
    info.putObject("onnx")
        .put("opset", model.getOpsetImport(0).getVersion())
        .put("ir_version", model.getIrVersion());
  }
}
