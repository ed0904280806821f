package org.medoid.export.savedmodel;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;

/**
 * A SavedModel on disk, whoever wrote it: TensorFlow 1 or 2, Keras, TensorFlow Hub, TensorFlow
 * Java.
 *
 * <p>Of several graphs the one with the tag {@code serve} is read, or else the one without tags (as
 * TensorFlow Hub writes it), or else the only one there is.
 */
public final class SavedModel {
  private static final String FILE = "saved_model.pb";

  private static final List<String> KERAS = List.of(".keras", ".h5", ".hdf5");

  private final Path folder;
  private final MetaGraphDef meta;
  private final SignatureChooser signatures;

  private SavedModel(Path folder, MetaGraphDef meta) {
    this.folder = folder;
    this.meta = meta;
    this.signatures = new SignatureChooser(meta.getSignatureDefMap());
  }

  /**
   * Reads the file {@code saved_model.pb}, not the variables.
   *
   * @param folder with {@code saved_model.pb}
   * @return the SavedModel
   * @throws NoSuchFileException if there is none
   * @throws IOException if it is damaged, or has several graphs of which no tag decides
   */
  public static SavedModel open(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString(), null, missing(folder));
    }
    org.tensorflow.proto.SavedModel model;
    try {
      model = org.tensorflow.proto.SavedModel.parseFrom(Files.readAllBytes(file));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is damaged or not a SavedModel: " + e.getMessage(), e);
    }
    return new SavedModel(folder, graph(file, model.getMetaGraphsList()));
  }

  /** What to give in place of something that is no SavedModel. */
  private static String missing(Path place) throws IOException {
    String name = String.valueOf(place.getFileName()).toLowerCase(Locale.ROOT);
    if (Files.isRegularFile(place) && KERAS.stream().anyMatch(name::endsWith)) {
      return place + " is a file of Keras: write a SavedModel with model.export(folder)";
    }
    if (Files.isRegularFile(place) && name.endsWith(".onnx")) {
      return place + " is an ONNX file: give the SavedModel that it was made of";
    }
    List<Path> below = List.of();
    if (Files.isDirectory(place)) { // TensorFlow Serving numbers its folders
      try (Stream<Path> found = Files.find(place, 3, (each, any) -> each.endsWith(FILE))) {
        below = found.map(Path::getParent).sorted().limit(3).toList();
      } catch (UncheckedIOException e) {
        below = List.of(); // a folder that may not be read is none to give
      }
    }
    if (below.isEmpty() && Files.exists(place.resolve("model.onnx"))) {
      return "no SavedModel here, an ONNX file alone: export with the format savedmodel too";
    }
    return below.isEmpty()
        ? "no SavedModel here: give the folder that holds " + FILE
        : "there is one in " + below.stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  private static MetaGraphDef graph(Path file, List<MetaGraphDef> graphs) throws IOException {
    List<List<String>> wanted = List.of(List.of(SavedModelBundle.DEFAULT_TAG), List.of());
    for (List<String> tags : wanted) {
      for (MetaGraphDef graph : graphs) {
        if (graph.getMetaInfoDef().getTagsList().equals(tags)) {
          return graph;
        }
      }
    }
    List<MetaGraphDef> serving =
        graphs.stream()
            .filter(g -> g.getMetaInfoDef().getTagsList().contains(SavedModelBundle.DEFAULT_TAG))
            .toList();
    List<MetaGraphDef> left = serving.isEmpty() ? graphs : serving;
    if (left.isEmpty() || (serving.isEmpty() && left.size() > 1)) {
      throw new IOException(
          "%s has %s with the tag %s or without tags%s"
              .formatted(
                  file,
                  left.isEmpty() ? "no graph at all, let alone one" : "no graph",
                  SavedModelBundle.DEFAULT_TAG,
                  left.stream()
                      .map(g -> g.getMetaInfoDef().getTagsList().toString())
                      .collect(Collectors.joining(", ", "; its graphs have the tags [", "]"))));
    }
    return left.get(0);
  }

  /**
   * Returns where it is.
   *
   * @return the folder as it was given
   */
  public Path folder() {
    return folder;
  }

  /**
   * Returns the graph with its signatures, as they are in the file.
   *
   * @return the graph that was chosen by its tags
   */
  public MetaGraphDef meta() {
    return meta;
  }

  /**
   * Returns the tags of the graph.
   *
   * @return usually {@code serve} alone
   */
  public List<String> tags() {
    return List.copyOf(meta.getMetaInfoDef().getTagsList());
  }

  /**
   * Returns the names of the signatures that have inputs and outputs.
   *
   * @return in alphabetical order
   */
  public List<String> signatures() {
    return signatures.names();
  }

  /**
   * Finds the way from images to features.
   *
   * <p>The signature fits that has one input of images, of any type of number, [batch, height,
   * width, 3] or [batch, 3, height, width], and an output of features, [batch, features], or a map
   * or a sequence of them; further inputs may be switches, which are set to false. Among several
   * the names {@code features}, {@code serving_default}, {@code default} and others decide, in this
   * order; among several outputs their names, their shape, and which of them the others are
   * computed from. Reads the graph, not the variables.
   *
   * @param choice what is asked for; {@link SignatureChoice#FITTING} for what fits
   * @return the signature
   * @throws IOException if there is no such signature or output, or none or several that fit, or
   *     the graph holds what cannot be flattened; says what there is
   */
  public ModelSignature signature(SignatureChoice choice) throws IOException {
    try {
      return new ModelSignature(this, signatures.choose(choice), choice);
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  /** The exception with the file's name before it. */
  IOException refused(IllegalArgumentException e) {
    String why = String.valueOf(e.getMessage());
    String separator = why.startsWith("has ") ? " " : ": ";
    return new IOException(folder.resolve(FILE) + separator + why, e);
  }

  /**
   * Flattens a signature with all its inputs and outputs as they are.
   *
   * @param signature its name; null for {@code serving_default} or the only one
   * @param purpose what the flat graph is for
   * @return the flat graph, whose public names are the signature's
   * @throws IOException if there is no such signature, or it holds what cannot be flattened
   */
  public FlatGraph flat(String signature, Purpose purpose) throws IOException {
    try {
      SignatureDef found = signatures.named(signature);
      return FlatGraph.of(
          meta.getGraphDef(), ports(found.getInputsMap()), ports(found.getOutputsMap()), purpose);
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  private static List<FlatGraph.Port> ports(Map<String, TensorInfo> tensors) {
    List<FlatGraph.Port> ports = new ArrayList<>();
    new TreeMap<>(tensors)
        .forEach(
            (name, info) -> {
              ModelTensor tensor = ModelTensor.of(name, info);
              ports.add(
                  new FlatGraph.Port(name, tensor.tensor(), tensor.type(), info.getTensorShape()));
            });
    return ports;
  }

  /**
   * Reads the values of variables.
   *
   * @param flat a graph that was flattened out of this SavedModel
   * @return the values of {@link FlatGraph#variables}, by name
   * @throws NoSuchFileException if the values are not there
   * @throws IOException if they cannot be read
   */
  public Map<String, TensorProto> values(FlatGraph flat) throws IOException {
    if (flat.variables().isEmpty()) {
      return Map.of();
    }
    requireValues();
    try (SavedModelBundle bundle = load()) {
      return values(flat, bundle);
    }
  }

  /** Refuses a SavedModel without its variables: TensorFlow would load it without them. */
  void requireValues() throws IOException {
    Path variables = folder.resolve("variables");
    for (String file : List.of("variables.index", "variables.data-00000-of-*")) {
      if (!Files.isDirectory(variables) || isMissing(variables, file)) {
        throw new NoSuchFileException(
            variables + "/" + file, // no path everywhere
            null,
            "the values of the model's variables are not here: copy the whole folder of the"
                + " SavedModel");
      }
    }
  }

  private static boolean isMissing(Path folder, String pattern) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
      return !found.iterator().hasNext();
    }
  }

  /** Reads the values of variables out of this SavedModel, which {@link #load} gave. */
  Map<String, TensorProto> values(FlatGraph flat, SavedModelBundle loaded) throws IOException {
    try {
      return VariableValues.read(loaded.session(), loaded.graph(), flat.variables());
    } catch (IllegalArgumentException e) {
      throw new IOException(folder + " cannot be read: " + e.getMessage(), e);
    } catch (IllegalStateException e) {
      throw withoutValues(e);
    }
  }

  private IOException withoutValues(IllegalStateException e) {
    return new IOException(
        ("%s cannot be read: %s; only Python may know how to restore it: write the model anew"
                + " there, by tf.saved_model.save(tf.saved_model.load(FOLDER), NEW)")
            .formatted(folder, VariableValues.firstLine(e)),
        e);
  }

  /**
   * Lets TensorFlow load it, as only that knows how its writer saved, and run it {@link AsWritten}.
   *
   * @return graph and session with the variables restored, those of Keras too that TensorFlow
   *     itself leaves out; to be closed
   * @throws IOException if it cannot be loaded
   */
  public SavedModelBundle load() throws IOException {
    try (LiteralPath path = LiteralPath.of(folder)) {
      SavedModelBundle bundle =
          SavedModelBundle.loader(path.name())
              .withTags(tags().toArray(String[]::new))
              .withConfigProto(AsWritten.CONFIG)
              .load();
      try {
        VariableValues.restoreOriginals(bundle);
        return bundle;
      } catch (RuntimeException e) {
        bundle.close();
        throw e;
      }
    } catch (TensorFlowException | IllegalArgumentException | UnsupportedOperationException e) {
      throw new IOException(folder + " cannot be loaded: " + VariableValues.firstLine(e), e);
    } catch (IllegalStateException e) {
      throw withoutValues(e);
    }
  }
}
