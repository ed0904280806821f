package org.medoid.export;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.savedmodel.Operations;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * Writes a frozen embedding model as a SavedModel with the signatures {@code serving_default} and
 * {@code image_bytes}. Without variables there is nothing that a loader could fail to restore.
 */
final class SavedModelWriter {
  /** The signature that takes pixels. */
  static final String DEFAULT = "serving_default";

  private static final String PREDICT = "tensorflow/serving/predict";

  private SavedModelWriter() {}

  /**
   * Writes.
   *
   * @param folder exists
   * @param frozen from one input, float [batch, height, width, 3], to one output
   * @param image how encoded pictures become such an input
   * @param size the output's numbers per picture
   */
  static void write(Path folder, FrozenGraph frozen, ImageBytes image, int size)
      throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    GraphDef graph = image.extend(frozen, names);
    String output = frozen.outputs().keySet().iterator().next();
    TensorInfo.Builder embedding = info(DataType.DT_FLOAT, -1, size);
    Map.Entry<String, String> images = frozen.inputs().entrySet().iterator().next();
    SignatureDef fromPixels =
        SignatureDef.newBuilder()
            .setMethodName(PREDICT)
            .putInputs(
                images.getKey(),
                info(DataType.DT_FLOAT, -1, image.height(), image.width(), 3)
                    .setName(images.getValue())
                    .build())
            .putOutputs(output, embedding.clone().setName(frozen.outputs().get(output)).build())
            .build();
    SignatureDef fromBytes =
        SignatureDef.newBuilder()
            .setMethodName(PREDICT)
            .putInputs(
                ImageBytes.NAME,
                info(DataType.DT_STRING, -1).setName(names.get(ImageBytes.NAME)).build())
            .putOutputs(output, embedding.clone().setName(names.get(output)).build())
            .build();
    MetaGraphDef.Builder meta =
        MetaGraphDef.newBuilder()
            .setGraphDef(stripped(graph))
            .putSignatureDef(DEFAULT, fromPixels)
            .putSignatureDef(ImageBytes.NAME, fromBytes);
    meta.getMetaInfoDefBuilder()
        .addTags(SavedModelBundle.DEFAULT_TAG)
        .setStrippedDefaultAttrs(true)
        .setTensorflowVersion(TensorFlow.version());
    SavedModel model =
        SavedModel.newBuilder().setSavedModelSchemaVersion(1).addMetaGraphs(meta).build();
    write(folder.resolve("saved_model.pb"), model);
    // Empty, as Python's writer leaves it for a model without variables.
    Files.createDirectory(folder.resolve("variables"));
  }

  /**
   * Without the attributes that have their default value: a TensorFlow that is older than an
   * attribute refuses a node that has it.
   */
  private static GraphDef stripped(GraphDef graph) {
    GraphDef.Builder stripped = graph.toBuilder();
    stripped.getNodeBuilderList().forEach(SavedModelWriter::strip);
    stripped
        .getLibraryBuilder()
        .getFunctionBuilderList()
        .forEach(f -> f.getNodeDefBuilderList().forEach(SavedModelWriter::strip));
    // TensorFlow gives functions in the order of a hash table.
    List<FunctionDef> functions = new ArrayList<>(stripped.getLibrary().getFunctionList());
    functions.sort(Comparator.comparing(f -> f.getSignature().getName()));
    stripped.getLibraryBuilder().clearFunction().addAllFunction(functions);
    return stripped.build();
  }

  private static void strip(NodeDef.Builder node) {
    OpDef definition = Operations.registered(node.getOp());
    if (definition == null) {
      return; // a function, called by its name
    }
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      String name = attribute.getName();
      if (attribute.hasDefaultValue()
          && attribute.getDefaultValue().equals(node.getAttrMap().get(name))) {
        node.removeAttr(name);
      }
    }
  }

  /** Writes a message; the same message gives the same bytes. */
  static void write(Path file, MessageLite message) throws IOException {
    try (OutputStream stream = Files.newOutputStream(file)) {
      CodedOutputStream out = CodedOutputStream.newInstance(stream, 1 << 16);
      out.useDeterministicSerialization();
      message.writeTo(out);
      out.flush();
    }
  }

  private static TensorInfo.Builder info(DataType type, long... shape) {
    TensorInfo.Builder info = TensorInfo.newBuilder().setDtype(type);
    for (long size : shape) {
      info.getTensorShapeBuilder().addDimBuilder().setSize(size);
    }
    return info;
  }
}
