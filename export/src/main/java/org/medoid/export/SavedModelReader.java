package org.medoid.export;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/** A signature of a SavedModel, read from its file and from TensorFlow's loader. */
final class SavedModelReader {
  private static final String FILE = "saved_model.pb";
  private static final String DEFAULT = "serving_default";

  private final Path folder;
  private final MetaGraphDef meta;
  private final SignatureDef signature;

  private SavedModelReader(Path folder, MetaGraphDef meta, SignatureDef signature) {
    this.folder = folder;
    this.meta = meta;
    this.signature = signature;
  }

  static SavedModelReader open(Path folder, String signature) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "no SavedModel here: give the folder that holds " + FILE);
    }
    SavedModel model;
    try {
      model = SavedModel.parseFrom(Files.readAllBytes(file));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is damaged or not a SavedModel: " + e.getMessage(), e);
    }
    for (MetaGraphDef meta : model.getMetaGraphsList()) {
      if (meta.getMetaInfoDef().getTagsList().contains(SavedModelBundle.DEFAULT_TAG)) {
        return new SavedModelReader(
            folder, meta, choose(file, meta.getSignatureDefMap(), signature));
      }
    }
    throw new IOException(file + " has no graph with the tag " + SavedModelBundle.DEFAULT_TAG);
  }

  private static SignatureDef choose(Path file, Map<String, SignatureDef> signatures, String wanted)
      throws IOException {
    Map<String, SignatureDef> all = new TreeMap<>(signatures);
    all.values().removeIf(each -> each.getInputsCount() == 0 || each.getOutputsCount() == 0);
    String name = wanted;
    if (name == null) {
      name = all.containsKey(DEFAULT) || all.size() != 1 ? DEFAULT : all.keySet().iterator().next();
    }
    SignatureDef signature = all.get(name);
    if (signature == null) {
      throw new IOException(
          "%s has no signature %s from inputs to outputs; it has %s"
              .formatted(file, name, all.isEmpty() ? "none" : String.join(", ", all.keySet())));
    }
    return signature;
  }

  /** The signature's inputs, by name. */
  Map<String, TensorInfo> inputs() {
    return new TreeMap<>(signature.getInputsMap());
  }

  /** The signature's outputs, by name. */
  Map<String, TensorInfo> outputs() {
    return new TreeMap<>(signature.getOutputsMap());
  }

  FrozenGraph freeze() throws IOException {
    Flattener flattener;
    try {
      flattener = new Flattener(meta.getGraphDef(), ports(inputs()), ports(outputs()));
    } catch (IllegalArgumentException e) {
      throw new IOException(folder.resolve(FILE) + ": " + e.getMessage(), e);
    }
    if (flattener.variables().isEmpty()) {
      return flattener.frozen(Map.of());
    }
    Path values = folder.resolve("variables").resolve("variables.index");
    if (!Files.exists(values)) {
      // TensorFlow would load the model without them.
      throw new NoSuchFileException(
          values.toString(),
          null,
          "the values of the model's variables are not here: copy the whole folder of the"
              + " SavedModel");
    }
    try (SavedModelBundle bundle = load()) {
      return flattener.frozen(
          Variables.values(bundle.session(), bundle.graph(), flattener.variables()));
    } catch (IllegalArgumentException e) {
      throw new IOException(folder + " cannot be frozen: " + e.getMessage(), e);
    } catch (IllegalStateException e) {
      throw new IOException(
          ("%s cannot be frozen: %s; only Python may know how to restore it: write the model anew"
                  + " there, by tf.saved_model.save(tf.saved_model.load(FOLDER), NEW)")
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /** Lets TensorFlow load it, as only that knows how its writer saved. */
  SavedModelBundle load() throws IOException {
    String[] tags = meta.getMetaInfoDef().getTagsList().toArray(String[]::new);
    try {
      SavedModelBundle bundle = SavedModelBundle.load(folder.toString(), tags);
      try {
        Variables.restoreOriginals(bundle);
        return bundle;
      } catch (RuntimeException e) {
        bundle.close();
        throw e;
      }
    } catch (TensorFlowException | IllegalArgumentException | UnsupportedOperationException e) {
      throw new IOException(folder + " cannot be loaded: " + Variables.firstLine(e), e);
    }
  }

  private static List<Flattener.Port> ports(Map<String, TensorInfo> tensors) {
    List<Flattener.Port> ports = new ArrayList<>();
    tensors.forEach(
        (name, info) -> {
          if (info.getEncodingCase() != TensorInfo.EncodingCase.NAME) {
            throw new IllegalArgumentException(name + " is not a dense tensor");
          }
          ports.add(
              new Flattener.Port(name, info.getName(), info.getDtype(), info.getTensorShape()));
        });
    return ports;
  }
}
