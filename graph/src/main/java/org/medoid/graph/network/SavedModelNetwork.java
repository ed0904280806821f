package org.medoid.graph.network;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.medoid.export.savedmodel.FlatGraph;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.Purpose;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;

/**
 * The network of a SavedModel, whoever wrote it: TensorFlow 1, TensorFlow 2, Keras or TensorFlow
 * Java. It can be trained further, which a loaded SavedModel as such cannot be in TensorFlow Java:
 * Keras keeps the network in functions and its weights in resource variables, where gradients do
 * not reach. Here the nodes that the features depend on are copied out of the functions ({@link
 * FlatGraph}), and every float variable becomes a plain one whose initial value is the
 * SavedModel's.
 *
 * <h2>Which SavedModels</h2>
 *
 * <p>Those that have a signature from images to features, {@link SavedModel#signature}. Images
 * reach this network as RGB in [0, 1]; what the SavedModel's own graph takes and gives is made of
 * them as {@link ModelSignature} says.
 *
 * <h2>What trains</h2>
 *
 * <p>The float variables that the writer declared trainable, or where nothing is declared
 * (TensorFlow Java) all of them, but never the mean and variance of a batch normalisation; those of
 * half precision train in float32, and one that no gradient reaches stays as it is. Batch
 * normalisation itself stays as the SavedModel has it, by the averages, hence a training graph
 * wants {@link Layers.BatchNormalization#FROZEN}. Variables of other types and constants stay
 * constants. A SavedModel without trainable variables, or with an operation between them and the
 * features that has no gradient, is refused in a training graph unless the backbone is frozen. A
 * loop over the pictures of a batch is as many copies of its body in a training graph.
 *
 * <p>Memory: the values are kept in this object and as constants in every graph built from it.
 */
public final class SavedModelNetwork implements Network {

  private static final Pattern NO_GRADIENT =
      Pattern.compile("No gradient defined for op: (\\w+)\\.");

  private final Path folder;
  private final ModelSignature signature;
  private final FlatGraph flat;
  private final Map<String, TensorProto> values;
  private final Set<String> trainable;
  private final String untrainable;

  private SavedModelNetwork(ModelSignature signature) throws IOException {
    this.folder = signature.model().folder();
    this.signature = signature;
    try {
      this.flat = flat(signature);
    } catch (IllegalArgumentException e) {
      throw new IOException(folder + ": " + e.getMessage(), e);
    }
    try {
      this.trainable =
          new LinkedHashSet<>(new DeclaredVariables(signature.model().meta()).trainable(flat));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(folder + ": its list of variables is damaged: " + e.getMessage(), e);
    }
    try {
      this.untrainable = hasLoops() ? null : findUntrainable(flat, pictures(signature));
    } catch (IllegalArgumentException e) {
      throw new IOException(folder + ": " + e.getMessage(), e);
    }
    this.values = signature.values(flat);
  }

  /** To be trained for any number of pictures; if loops depend on that, as it computes. */
  private static FlatGraph flat(ModelSignature signature) {
    try {
      return signature.flat(Purpose.TRAINING);
    } catch (IllegalArgumentException e) {
      FlatGraph computing = signature.flat(Purpose.INFERENCE);
      if (computing.functions().isEmpty()) {
        throw e;
      }
      return computing;
    }
  }

  private static Shape pictures(ModelSignature signature) {
    return Shape.of(signature.batch(), signature.height(), signature.width(), 3);
  }

  /** Whether the graph has loops, through which no gradient goes. */
  private boolean hasLoops() {
    return !flat.functions().isEmpty();
  }

  /**
   * Reads a SavedModel.
   *
   * @param folder with {@code saved_model.pb}
   * @return its network, by the signature that fits
   * @throws NoSuchFileException if there is no SavedModel
   * @throws IOException as {@link #load(Path, SignatureChoice)}
   */
  public static SavedModelNetwork load(Path folder) throws IOException {
    return load(folder, SignatureChoice.FITTING);
  }

  /**
   * Reads a SavedModel.
   *
   * @param folder with {@code saved_model.pb}
   * @param choice which signature and output, which pixels, as far as it is not found out
   * @return its network
   * @throws NoSuchFileException if there is no SavedModel
   * @throws IOException if it is damaged, has no signature from images to features, or holds what
   *     cannot be copied, naming the node
   */
  public static SavedModelNetwork load(Path folder, SignatureChoice choice) throws IOException {
    return of(SavedModel.open(folder).signature(choice));
  }

  /**
   * Reads the variables of a signature.
   *
   * @param signature from images to features
   * @return its network
   * @throws IOException if the variables cannot be read or a node cannot be copied
   */
  public static SavedModelNetwork of(ModelSignature signature) throws IOException {
    return new SavedModelNetwork(signature);
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
        Signature.builder("features")
            .input("images", images)
            .output("features", features)
            .methodName("tensorflow/serving/predict")
            .build();
    Files.createDirectories(folder);
    try {
      SavedModelBundle.exporter(folder.toString())
          .withSession(session)
          .withSignature(signature)
          .export();
    } catch (TensorFlowException e) {
      throw new IOException(folder + " cannot be written: " + VariableValues.firstLine(e), e);
    }
  }

  /**
   * Returns where the features come from, and what a user should be told of it.
   *
   * @return the SavedModel's signature
   */
  public ModelSignature signature() {
    return signature;
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
    return signature.height() < 0 ? 224 : signature.height();
  }

  @Override
  public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
    InputShape.check(name(), images, 1);
    int[] wanted = {signature.batch(), signature.height(), signature.width()};
    Shape given = images.asOutput().shape();
    for (int axis = 0; axis <= 2; axis++) {
      if (wanted[axis] >= 0 && given.get(axis) != wanted[axis]) {
        throw new IllegalArgumentException(
            axis == 0
                ? "%s takes %d pictures at a time and no other number, got shape %s"
                    .formatted(name(), wanted[0], given)
                : "%s wants images of %dx%d pixels, got shape %s"
                    .formatted(name(), wanted[1], wanted[2], given));
      }
    }
    boolean trained = layers.mode() == Layers.Mode.TRAINING && !layers.options().freezeBackbone();
    FlatGraph used = flat;
    if (trained) {
      String why = untrainable;
      if (hasLoops()) {
        // Of pictures of this shape all rounds are known, or it cannot be trained.
        try {
          used = signature.flat(Purpose.TRAINING, given);
          why = findUntrainable(used, given);
        } catch (IllegalArgumentException e) {
          why = e.getMessage();
        }
      }
      if (why != null) {
        throw new IllegalArgumentException(
            name() + " cannot be trained, only with a frozen backbone: " + why);
      }
      if (layers.options().batchNormalization() != Layers.BatchNormalization.FROZEN) {
        throw new IllegalArgumentException(
            name() + ": batch normalisation of a SavedModel stays frozen, ask for FROZEN");
      }
    }
    FlatGraph nodes = used;
    return layers.scope(
        "SavedModel",
        () -> {
          Map<String, Output<?>> operands = new HashMap<>();
          // All of them, and in the same order, whatever the graph is for.
          flat.variables().forEach(v -> operands.put(v.name(), variable(layers, v)));
          return imported(nodes, layers.tf(), images.asOutput(), operands);
        });
  }

  /** The features of the flat graph behind images and what stands for the variables. */
  private static Output<TFloat32> imported(
      FlatGraph flat, Ops tf, Output<TFloat32> images, Map<String, Output<?>> variables) {
    Map<String, Output<?>> given = new HashMap<>(variables);
    given.put(flat.inputs().get(ModelSignature.IMAGES).replaceFirst(":0$", ""), images);
    return new FlatImport(tf, flat, given)
        .output(flat.outputs().get(ModelSignature.FEATURES))
        .expect(TFloat32.class);
  }

  private Output<?> variable(Layers layers, FlatGraph.Variable variable) {
    TensorProto value = values.get(variable.name());
    if (variable.type() != DataType.DT_FLOAT) {
      return constant(layers.tf(), value);
    }
    long[] shape =
        value.getTensorShape().getDimList().stream()
            .mapToLong(TensorShapeProto.Dim::getSize)
            .toArray();
    // Not the reference itself: the gradient of some operations casts to their operand's type, and
    // TensorFlow refuses to cast to a reference's.
    return layers
        .tf()
        .identity(
            layers.variable(
                variable.node().getName(),
                Shape.of(shape),
                trainable.contains(variable.name()),
                () -> constant(layers.tf(), value).expect(TFloat32.class)))
        .asOutput();
  }

  private static Output<?> constant(Ops tf, TensorProto value) {
    return tf.scope()
        .opBuilder("Const", "Const")
        .setAttr("dtype", value.getDtype())
        .setAttr("value", AttrValue.newBuilder().setTensor(value).build())
        .build()
        .output(0);
  }

  /**
   * Tries the gradients; returns why they cannot be had, or null. A variable that none reaches, as
   * behind a comparison, is not trainable.
   */
  private String findUntrainable(FlatGraph nodes, Shape pictures) {
    for (NodeDef node : nodes.nodes()) {
      if (node.getOp().startsWith("BatchMatMul") && isOfBytes(node)) {
        // Whoever wrote it has a gradient of his own, in Python. A graph's stops at the cast to
        // int8, and what goes round it is another: off by four times its largest value.
        return "node %s (%s) multiplies weights of one byte, for which a SavedModel has no gradient"
            .formatted(node.getName(), node.getOp());
      }
    }
    try (Graph trial = new Graph()) {
      Ops tf = Ops.create(trial).withSubScope("trial");
      Map<String, Output<?>> variables = new HashMap<>();
      flat.variables().forEach(v -> variables.put(v.name(), placeholder(tf, v)));
      Placeholder<TFloat32> images = tf.placeholder(TFloat32.class, Placeholder.shape(pictures));
      Output<TFloat32> features = imported(nodes, tf, images.asOutput(), variables);
      List<String> tried = List.copyOf(trainable);
      Output<?>[] x = tried.stream().map(variables::get).toArray(Output<?>[]::new);
      try {
        Output<?>[] gradients = x.length == 0 ? x : trial.addGradients(features, x);
        for (int i = 0; i < x.length; i++) {
          if (LayerContext.isNone(gradients[i])) {
            trainable.remove(tried.get(i));
          }
        }
        return trainable.isEmpty()
            ? "it has no trainable variable that a gradient reaches (frozen to constants?)"
            : null;
      } catch (TensorFlowException | IllegalArgumentException e) {
        String message = String.valueOf(e.getMessage());
        Matcher operation = NO_GRADIENT.matcher(message);
        return operation.find() ? named(nodes, operation.group(1)) + " has no gradient" : message;
      }
    }
  }

  private static boolean isOfBytes(NodeDef node) {
    return Stream.of("T", "Ta", "Tb")
        .map(name -> node.getAttrOrDefault(name, AttrValue.getDefaultInstance()).getType())
        .anyMatch(DataType.DT_INT8::equals);
  }

  private static String named(FlatGraph flat, String operation) {
    List<String> nodes =
        flat.nodes().stream()
            .filter(node -> node.getOp().equals(operation))
            .map(node -> "node " + node.getName() + " (" + operation + ")")
            .toList();
    return String.join(", ", nodes);
  }

  private static Output<?> placeholder(Ops tf, FlatGraph.Variable variable) {
    // By its own name, for TensorFlow's messages.
    return tf.scope()
        .env()
        .opBuilder(Placeholder.OP_NAME, variable.node().getName(), tf.scope())
        .setAttr("dtype", variable.type())
        .setAttr("shape", AttrValue.newBuilder().setShape(variable.shape()).build())
        .build()
        .output(0);
  }
}
