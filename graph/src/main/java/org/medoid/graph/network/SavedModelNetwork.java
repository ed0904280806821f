package org.medoid.graph.network;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VariableDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * The network of a SavedModel, whoever wrote it: TensorFlow 1, TensorFlow 2, Keras or TensorFlow
 * Java. It can be trained further, which a loaded SavedModel as such cannot be in TensorFlow Java:
 * Keras keeps the network in functions and its weights in resource variables, where gradients do
 * not reach. Here the nodes that the features depend on are copied out of the functions, and every
 * float variable becomes a plain one whose initial value is the SavedModel's.
 *
 * <h2>Which SavedModels</h2>
 *
 * <p>One with a signature that has a single input, float images [batch, height, width, 3], and a
 * single output, float [batch, features] (or a map [batch, h, w, features], of which the mean over
 * all places is taken). Signatures called {@code features}, {@code serving_default} and {@code
 * default} are preferred in this order. Images reach the model as RGB in [0, 1], TensorFlow Hub's
 * convention: a model that scales its images otherwise must hold that scaling.
 *
 * <h2>What trains</h2>
 *
 * <p>The float variables that the writer declared trainable, or where nothing is declared
 * (TensorFlow Java) all of them, but never the mean and variance of a batch normalisation. Batch
 * normalisation itself stays as the SavedModel has it, by the averages, hence a training graph
 * wants {@link Layers.BatchNormalization#FROZEN}. Variables of other types and constants stay
 * constants. A SavedModel without trainable variables, or with an operation between them and the
 * features that has no gradient, is refused in a training graph unless the backbone is frozen.
 *
 * <p>Memory: the values are kept in this object and as constants in every graph built from it.
 */
public final class SavedModelNetwork implements Network {

  private static final List<String> PREFERRED = List.of("features", "serving_default", "default");
  private static final AttrValue EMPTY = AttrValue.getDefaultInstance();
  private static final Pattern STATISTICS =
      Pattern.compile(".*(moving|running)_(mean|var|variance)(_\\d+)?");
  private static final Pattern NO_GRADIENT =
      Pattern.compile("No gradient defined for op: (\\w+)\\.");

  private final Path folder;
  private final GraphDef graph;
  private final TensorInfo input;
  private final TensorInfo output;
  private final Map<String, Value> variables;
  private final Map<String, Boolean> trainable;
  private final String untrainable;

  /** The value of a variable, as the bytes of a tensor. */
  private static final class Value {
    private final Class<? extends TType> type;
    private final Shape shape;
    private final byte[] bytes;

    Value(Tensor tensor) {
      RawTensor raw = tensor.asRawTensor();
      type = ((TType) tensor).type();
      shape = raw.shape();
      bytes = new byte[Math.toIntExact(raw.numBytes())];
      raw.data().read(bytes);
    }

    Operand<? extends TType> constant(Ops tf) {
      return constant(tf, type);
    }

    private <T extends TType> Operand<T> constant(Ops tf, Class<T> as) {
      try (T tensor = Tensor.of(as, shape, DataBuffers.of(bytes))) {
        return tf.constantOf(tensor);
      }
    }
  }

  private SavedModelNetwork(Path folder, MetaGraphDef meta, SignatureDef signature)
      throws IOException {
    this.folder = folder;
    this.graph = meta.getGraphDef();
    this.input = signature.getInputsMap().values().iterator().next();
    this.output = signature.getOutputsMap().values().iterator().next();
    // A first copy with placeholders for the variables: which are needed, what trains, what fits.
    try (Graph trial = new Graph()) {
      Ops tf = Ops.create(trial).withSubScope("trial");
      Map<String, NodeDef> nodes = new LinkedHashMap<>();
      Map<String, Output<?>> stand = new LinkedHashMap<>();
      Placeholder<TFloat32> images =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(dimensions(input))));
      NodeCopier copier =
          new NodeCopier(
              tf,
              graph,
              Map.of(node(input), images.asOutput()),
              v -> {
                nodes.put(v.getName(), v);
                stand.put(v.getName(), placeholder(tf, v));
                return stand.get(v.getName());
              });
      Output<?> raw;
      try {
        raw = copier.copy(output.getName());
      } catch (IllegalArgumentException e) {
        throw new IOException(folder + ": " + e.getMessage(), e);
      }
      this.trainable = trainable(meta, nodes, stand, copier);
      Layers layers = new Layers(tf, Layers.Mode.INFERENCE, Layers.Options.defaults());
      Operand<TFloat32> flat = flat(layers, raw.expect(TFloat32.class));
      this.untrainable = findUntrainable(trial, flat, stand, copier);
      this.variables = values(folder, meta, nodes);
    }
  }

  /**
   * Reads a SavedModel.
   *
   * @param folder with {@code saved_model.pb}
   * @return its network
   * @throws NoSuchFileException if there is no SavedModel
   * @throws IOException if it is damaged, has no signature from images to features, or holds what
   *     cannot be copied, naming the node
   */
  public static SavedModelNetwork load(Path folder) throws IOException {
    Path file = folder.resolve("saved_model.pb");
    if (!Files.exists(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "no SavedModel here: give the folder that holds saved_model.pb");
    }
    SavedModel model;
    try {
      model = SavedModel.parseFrom(Files.readAllBytes(file));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is damaged or not a SavedModel: " + e.getMessage(), e);
    }
    MetaGraphDef meta =
        model.getMetaGraphsList().stream()
            .filter(m -> m.getMetaInfoDef().getTagsList().contains(SavedModelBundle.DEFAULT_TAG))
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException(
                        file + " has no graph with the tag " + SavedModelBundle.DEFAULT_TAG));
    return new SavedModelNetwork(folder, meta, choose(file, meta.getSignatureDefMap()));
  }

  /**
   * Writes a network with the values its variables have now as a SavedModel that trains further:
   * here, and in any TensorFlow that reads plain (reference) variables.
   *
   * <p>The signature {@code features} goes from {@code images} to {@code features}. The session's
   * graph should hold the network and nothing else: all of it is written.
   *
   * @param session of a graph that was built for {@link Layers.Mode#INFERENCE}
   * @param images the placeholder of the images, as {@link Network#features} took it
   * @param features what {@link Network#features} gave
   * @param folder where to; made if missing, a SavedModel in it is overwritten
   * @throws IOException if the folder cannot be written
   */
  public static void write(
      Session session, Operand<TFloat32> images, Operand<TFloat32> features, Path folder)
      throws IOException {
    // Unless told, TensorFlow Java would make the signature's name its method name, which
    // TensorFlow Serving refuses.
    Signature signature =
        Signature.builder(PREFERRED.get(0))
            .input("images", images)
            .output("features", features)
            .methodName("tensorflow/serving/predict")
            .build();
    Files.createDirectories(folder);
    SavedModelBundle.exporter(folder.toString())
        .withSession(session)
        .withSignature(signature)
        .export();
  }

  @Override
  public String name() {
    return "savedmodel:" + folder;
  }

  /**
   * Returns the image size of the signature.
   *
   * @return its height where that is known, else 224
   */
  @Override
  public int defaultImageSize() {
    long height = dimensions(input)[1];
    return height == Shape.UNKNOWN_SIZE ? 224 : Math.toIntExact(height);
  }

  @Override
  public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
    Layers.checkImages(name(), images, 1);
    long[] wanted = dimensions(input);
    Shape given = images.asOutput().shape();
    for (int axis = 1; axis <= 2; axis++) {
      if (wanted[axis] != Shape.UNKNOWN_SIZE && given.get(axis) != wanted[axis]) {
        throw new IllegalArgumentException(
            "%s wants images of %dx%d pixels, got shape %s"
                .formatted(name(), wanted[1], wanted[2], given));
      }
    }
    if (layers.mode() == Layers.Mode.TRAINING && !layers.options().freezeBackbone()) {
      if (untrainable != null) {
        throw new IllegalArgumentException(
            name() + " cannot be trained, only with a frozen backbone: " + untrainable);
      }
      if (layers.options().batchNormalization() != Layers.BatchNormalization.FROZEN) {
        throw new IllegalArgumentException(
            name() + ": batch normalisation of a SavedModel stays frozen, ask for FROZEN");
      }
    }
    return layers.scope(
        "SavedModel",
        () -> {
          NodeCopier copier =
              new NodeCopier(
                  layers.tf(),
                  graph,
                  Map.of(node(input), images.asOutput()),
                  v -> variable(layers, v.getName()));
          return flat(layers, copier.copy(output.getName()).expect(TFloat32.class));
        });
  }

  private Output<?> variable(Layers layers, String name) {
    Value value = variables.get(name);
    if (value.type != TFloat32.class) {
      return value.constant(layers.tf()).asOutput();
    }
    return layers
        .variable(
            name,
            value.shape,
            trainable.get(name),
            () -> value.constant(layers.tf(), TFloat32.class))
        .asOutput();
  }

  /**
   * [batch, features] from what the SavedModel gives; the count is in the graph or the signature.
   */
  private Operand<TFloat32> flat(Layers layers, Operand<TFloat32> raw) {
    long[] shape = raw.asOutput().shape().asArray();
    long[] declared = dimensions(output);
    long[] known = shape == null ? declared : shape;
    Operand<TFloat32> x = known.length == 4 ? layers.globalMean(raw) : raw;
    if (shape != null && last(shape) != Shape.UNKNOWN_SIZE) {
      return x;
    }
    return layers.tf().reshape(x, layers.tf().constant(new long[] {-1, last(declared)}));
  }

  private static long last(long[] shape) {
    return shape[shape.length - 1];
  }

  /** The variables among {@code nodes} that descent may change. */
  private static Map<String, Boolean> trainable(
      MetaGraphDef meta,
      Map<String, NodeDef> nodes,
      Map<String, Output<?>> stand,
      NodeCopier copier)
      throws InvalidProtocolBufferException {
    Map<String, Boolean> declared = declared(meta);
    Map<String, Boolean> trainable = new HashMap<>();
    for (NodeDef node : nodes.values()) {
      String name = node.getName();
      String shared = node.getAttrOrDefault("shared_name", EMPTY).getS().toStringUtf8();
      trainable.put(
          name,
          type(node) == DataType.DT_FLOAT
              && declared.getOrDefault(name, declared.getOrDefault(shared, true))
              && !copier.batchStatistics().contains(stand.get(name))
              && !STATISTICS.matcher(name).matches()
              && !STATISTICS.matcher(shared).matches());
    }
    return trainable;
  }

  /** What the writer said of its variables, by name: TensorFlow 1 in collections, 2 in objects. */
  private static Map<String, Boolean> declared(MetaGraphDef meta)
      throws InvalidProtocolBufferException {
    Map<String, Boolean> declared = new HashMap<>();
    for (String collection : List.of("variables", "trainable_variables")) {
      if (meta.containsCollectionDef(collection)) {
        for (ByteString bytes :
            meta.getCollectionDefOrThrow(collection).getBytesList().getValueList()) {
          String name = VariableDef.parseFrom(bytes).getVariableName();
          declared.put(name.replaceFirst(":0$", ""), collection.equals("trainable_variables"));
        }
      }
    }
    for (SavedObject object : meta.getObjectGraphDef().getNodesList()) {
      if (object.hasVariable()) {
        // Keras may give two layers' variables one name: then either may be the frozen one.
        declared.merge(
            object.getVariable().getName(),
            object.getVariable().getTrainable(),
            Boolean::logicalAnd);
      }
    }
    return declared;
  }

  /** Tries the gradients; returns why they cannot be had, or null. */
  private String findUntrainable(
      Graph trial, Operand<TFloat32> flat, Map<String, Output<?>> stand, NodeCopier copier) {
    Output<?>[] x =
        stand.keySet().stream().filter(trainable::get).map(stand::get).toArray(Output<?>[]::new);
    if (x.length == 0) {
      return "it has no trainable variable (frozen to constants?)";
    }
    try {
      trial.addGradients(flat.asOutput(), x);
      return null;
    } catch (TensorFlowException | IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      Matcher operation = NO_GRADIENT.matcher(message);
      return operation.find()
          ? String.join(", ", copier.copied().get(operation.group(1))) + " has no gradient"
          : message;
    }
  }

  /** Lets TensorFlow load the SavedModel, as only that knows how its writer saved, and reads. */
  private static Map<String, Value> values(
      Path folder, MetaGraphDef meta, Map<String, NodeDef> nodes) throws IOException {
    String[] tags = meta.getMetaInfoDef().getTagsList().toArray(String[]::new);
    Map<String, Value> values = new HashMap<>();
    Path file = folder.resolve("variables").resolve("variables.index");
    if (!nodes.isEmpty() && !Files.exists(file)) {
      // TensorFlow would load the model without them.
      throw new NoSuchFileException(
          file.toString(),
          null,
          "the values of the model's variables are not here: copy the whole folder of the"
              + " SavedModel");
    }
    Map<String, String> copies = copies(meta);
    try (SavedModelBundle bundle = SavedModelBundle.load(folder.toString(), tags)) {
      Ops tf = Ops.create(bundle.graph());
      Session.Runner runner = bundle.session().runner();
      for (NodeDef node : nodes.values()) {
        Output<?> handle =
            bundle.graph().outputOrThrow(copies.getOrDefault(node.getName(), node.getName()));
        runner.fetch(
            node.getOp().equals("VarHandleOp")
                ? tf.scope()
                    .opBuilder("ReadVariableOp", "ReadVariableOp")
                    .addInput(handle)
                    .setAttr("dtype", type(node))
                    .build()
                    .output(0)
                : handle);
      }
      if (!nodes.isEmpty()) {
        try (Result result = runner.run()) {
          int i = 0;
          for (String name : nodes.keySet()) {
            values.put(name, new Value(result.get(i++)));
          }
        }
      }
      return values;
    } catch (TensorFlowException | IllegalArgumentException | UnsupportedOperationException e) {
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      String mend =
          message.contains("Could not find variable")
              ? "; only Python may know how to restore it: write the model anew there, by"
                  + " tf.saved_model.save(tf.saved_model.load(FOLDER), NEW)"
              : "";
      throw new IOException(folder + " cannot be loaded: " + message + mend, e);
    }
  }

  /**
   * The variables that are restored in place of others.
   *
   * <p>{@code tf.saved_model.save} of a Keras 3 model writes two variables for each of the model's:
   * the one that the signatures read, and a copy of it, which alone is restored. Python's loader
   * knows by the model's objects that they are one; a graph shows it by the copy's initial value.
   *
   * @return the copies' nodes by those that they are copies of
   */
  private static Map<String, String> copies(MetaGraphDef meta) {
    Map<String, NodeDef> nodes = new HashMap<>();
    meta.getGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    NodeDef restore = nodes.get(meta.getSaverDef().getRestoreOpName());
    Set<String> restored = restore == null ? Set.of() : Set.copyOf(restore.getInputList());
    Map<String, String> copies = new HashMap<>();
    for (NodeDef node : nodes.values()) {
      if (node.getOp().equals("AssignVariableOp") && restored.contains(node.getInput(0))) {
        NodeDef read = nodes.get(node.getInput(1));
        if (read != null
            && read.getOp().equals("ReadVariableOp")
            && !restored.contains(read.getInput(0))) {
          copies.put(read.getInput(0), node.getInput(0));
        }
      }
    }
    return copies;
  }

  private static SignatureDef choose(Path file, Map<String, SignatureDef> signatures)
      throws IOException {
    Map<String, SignatureDef> fit = new TreeMap<>(signatures);
    fit.values().removeIf(signature -> !fromImagesToFeatures(signature));
    for (String name : PREFERRED) {
      if (fit.containsKey(name)) {
        return fit.get(name);
      }
    }
    if (fit.size() == 1) {
      return fit.values().iterator().next();
    }
    List<String> all = new ArrayList<>();
    new TreeMap<>(signatures)
        .forEach(
            (name, signature) ->
                all.add(
                    name
                        + " from "
                        + describe(signature.getInputsMap())
                        + " to "
                        + describe(signature.getOutputsMap())));
    throw new IOException(
        "%s has %s from one input of images [batch, height, width, 3] to one output of features; its signatures are: %s"
            .formatted(
                file,
                fit.isEmpty() ? "no signature" : "several signatures, none of them preferred,",
                String.join("; ", all)));
  }

  private static boolean fromImagesToFeatures(SignatureDef signature) {
    if (signature.getInputsCount() != 1 || signature.getOutputsCount() != 1) {
      return false;
    }
    TensorInfo in = signature.getInputsMap().values().iterator().next();
    TensorInfo out = signature.getOutputsMap().values().iterator().next();
    long[] images = dimensions(in);
    long[] features = dimensions(out);
    return in.getDtype() == DataType.DT_FLOAT
        && out.getDtype() == DataType.DT_FLOAT
        && images.length == 4
        && (last(images) == 3 || last(images) == Shape.UNKNOWN_SIZE)
        && (features.length == 2 || features.length == 4)
        && last(features) != Shape.UNKNOWN_SIZE;
  }

  private static String describe(Map<String, TensorInfo> tensors) {
    List<String> all = new ArrayList<>();
    new TreeMap<>(tensors)
        .forEach(
            (name, info) ->
                all.add(name + " " + info.getDtype() + " " + Arrays.toString(dimensions(info))));
    return String.join(", ", all);
  }

  /** The shape in a signature, -1 where unknown; empty where even the rank is unknown. */
  private static long[] dimensions(TensorInfo info) {
    return info.getTensorShape().getDimList().stream()
        .mapToLong(TensorShapeProto.Dim::getSize)
        .toArray();
  }

  private static String node(TensorInfo info) {
    return info.getName().replaceFirst(":0$", "");
  }

  private static DataType type(NodeDef variable) {
    return variable.getAttrOrThrow("dtype").getType();
  }

  private static Output<?> placeholder(Ops tf, NodeDef variable) {
    // By its own name, for TensorFlow's messages.
    return tf.scope()
        .env()
        .opBuilder(Placeholder.OP_NAME, variable.getName(), tf.scope())
        .setAttr("dtype", type(variable))
        .setAttr("shape", variable.getAttrOrThrow("shape"))
        .build()
        .output(0);
  }
}
