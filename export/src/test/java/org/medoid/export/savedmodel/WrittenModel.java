package org.medoid.export.savedmodel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/** Writes small SavedModels without variables, with any tags, signatures and types. */
final class WrittenModel implements AutoCloseable {
  private final Graph graph = new Graph();
  final Ops tf = Ops.create(graph);
  private final Map<String, SignatureDef> signatures = new LinkedHashMap<>();

  /** A tensor of a signature with its shape as TensorFlow knows it. */
  static TensorInfo info(Operand<?> operand) {
    Output<?> output = operand.asOutput();
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    if (output.shape().isUnknown()) {
      shape.setUnknownRank(true);
    } else {
      for (long size : output.shape().asArray()) {
        shape.addDimBuilder().setSize(size);
      }
    }
    return TensorInfo.newBuilder()
        .setName(output.op().name() + ":" + output.index())
        .setDtype(output.dataType())
        .setTensorShape(shape)
        .build();
  }

  WrittenModel signature(
      String name, Map<String, ? extends Operand<?>> in, Map<String, ? extends Operand<?>> out) {
    SignatureDef.Builder signature = SignatureDef.newBuilder();
    in.forEach((key, operand) -> signature.putInputs(key, info(operand)));
    out.forEach((key, operand) -> signature.putOutputs(key, info(operand)));
    signatures.put(name, signature.build());
    return this;
  }

  /** Writes as many equal graphs as there are sets of tags. */
  Path write(Path folder, List<List<String>> tags) throws IOException {
    List<MetaGraphDef> metas = new ArrayList<>();
    for (List<String> each : tags) {
      MetaGraphDef.Builder meta =
          MetaGraphDef.newBuilder().setGraphDef(graph.toGraphDef()).putAllSignatureDef(signatures);
      meta.getMetaInfoDefBuilder().addAllTags(each);
      metas.add(meta.build());
    }
    Files.createDirectories(folder);
    Files.write(
        folder.resolve("saved_model.pb"),
        SavedModel.newBuilder().addAllMetaGraphs(metas).build().toByteArray());
    return folder;
  }

  Path write(Path folder) throws IOException {
    return write(folder, List.of(List.of("serve")));
  }

  @Override
  public void close() {
    graph.close();
  }
}
