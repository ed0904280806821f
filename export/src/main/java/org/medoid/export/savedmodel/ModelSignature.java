package org.medoid.export.savedmodel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The way from images to features in a SavedModel, whatever its writer made of either.
 *
 * <p>{@link #flat} always goes from {@value #IMAGES}, float32 [batch, height, width, 3], RGB in [0,
 * 1], to {@value #FEATURES}, float32 [batch, features]. What the network itself takes and gives,
 * {@link #input} and {@link #output}, is reached by nodes before and behind it: pixels are scaled
 * to its {@link #range}, rounded for a network of integers, cast and transposed; a map or a
 * sequence of features is averaged over its places. Half precision and float64 are computed in
 * float32. Layers with their channels first become such with their channels last. For training,
 * operations without a gradient are written by others that have one, where these are known. A batch
 * that was fixed is freed where the graph allows it, or {@link #served} in a loop.
 *
 * <p>Immutable and safe for threads. Holds the graph, not the variables.
 */
public final class ModelSignature {
  /** The input of {@link #flat}. */
  public static final String IMAGES = "images";

  /** The output of {@link #flat}. */
  public static final String FEATURES = "features";

  private final SavedModel model;
  private final SignatureChooser.Fit fit;
  private final FedImages fed;
  private final Border border;
  private final FixedBatch batch;
  private final Set<DataType> narrowed;
  private final double step;
  private final boolean transposed;
  private final Optional<String> fatal;
  private final boolean variable;
  private final Shape scaled;
  private final List<String> notes = new ArrayList<>();

  ModelSignature(SavedModel model, SignatureChooser.Fit fit, SignatureChoice choice)
      throws IOException {
    this.model = model;
    this.fit = fit;
    this.fed = new FedImages(fit);
    FlatGraph core = core();
    variable = !core.variables().isEmpty();
    ModelTensor output = LastOutput.of(core, fit);
    scaled = height() < 0 && width() < 0 ? ScaledSize.of(core) : null;
    Set<DataType> ports = EnumSet.of(fit.images().type(), output.type());
    narrowed = Precision.of(core, ports);
    core = Precision.single(core, narrowed);
    fatal = OneDnn.fatal(narrowed, OneDnn.instructions(), System.getenv());
    transposed = ChannelsLast.isNeeded(core);
    core = ChannelsLast.of(core);
    step =
        narrowed.stream().mapToDouble(Precision::step).max().orElse(Precision.step(output.type()));
    String tensor = core.outputs().get(output.name());
    Shape inferred = new InferredShapes(core.open()).of(tensor);
    output = output.with(inferred);
    boolean open = Border.size(fit.images(), output.of(inferred)) < 0;
    PixelRange range = choice.range();
    if (range == null) {
      range = SeenRange.of(core, fit.images(), model::values, notes);
    }
    border = new Border(fit.images(), range, output, open);
    batch =
        FixedBatch.of(
            fit.images().size(0),
            many -> bordered(Purpose.INFERENCE, many, height(), width(), 3),
            model::values,
            meantHeight(),
            meantWidth());
    tell(choice);
  }

  /**
   * The network itself, from its own input, with a free batch, to all outputs that may be meant.
   */
  private FlatGraph core() {
    Flattener flattener = new Flattener(model.meta().getGraphDef(), Purpose.INFERENCE);
    String images = flattener.unique(IMAGES);
    TensorShapeProto shape = Nodes.shape(sizes(SignatureChooser.channelsFirst(fit.images())));
    String pixels = images + ":0";
    if (fit.images().isInteger()) { // fed with float32 as all are, so that the range is seen
      flattener.add(Nodes.placeholder(images, DataType.DT_FLOAT, shape));
      NodeDef.Builder cast = Nodes.cast(images, DataType.DT_FLOAT, fit.images().type());
      pixels = flattener.add("pixels/Cast", cast) + ":0";
    } else {
      flattener.add(Nodes.placeholder(images, fit.images().type(), shape));
    }
    int best = SignatureChooser.unlikely(fit.outputs().get(0));
    List<ModelTensor> likely =
        fit.outputs().stream().filter(o -> SignatureChooser.unlikely(o) == best).toList();
    List<String> tensors =
        fed.flatten(flattener, pixels, likely.stream().map(ModelTensor::tensor).toList());
    Map<String, String> outputs = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      outputs.put(likely.get(i).name(), tensors.get(i));
    }
    return FlatGraph.of(
        model.meta().getGraphDef().getVersions(),
        flattener,
        Map.of(IMAGES, images + ":0"),
        outputs);
  }

  /** The sizes of the placeholder, the batch free. */
  private long[] sizes(boolean channelsFirst) {
    return channelsFirst
        ? new long[] {-1, 3, height(), width()}
        : new long[] {-1, height(), width(), 3};
  }

  private void tell(SignatureChoice choice) {
    List<String> all = model.signatures();
    notes.add(
        0,
        "signature %s%s: %s -> %s%s"
            .formatted(
                fit.name(),
                choice.signature() == null && all.size() > 1
                    ? " (of " + String.join(", ", all) + ")"
                    : "",
                input(),
                border.features(),
                choice.output() == null && fit.outputs().size() > 1
                    ? " (of " + ModelTensor.list(fit.outputs()) + ")"
                    : ""));
    if (!model.tags().contains("serve")) {
      notes.add("tags: the graph with the tags " + model.tags() + ", as none has the tag serve");
    }
    if (!fed.decoders().isEmpty()) {
      notes.add(
          "pictures: decoded before; the graph is fed with pixels where it would decode them itself"
              + " ("
              + String.join(", ", fed.decoders())
              + ")");
    }
    if (!fit.switches().isEmpty()) {
      notes.add("set to false: " + ModelTensor.list(fit.switches()));
    }
    if (!narrowed.isEmpty()) {
      notes.add("numbers: float32 in place of " + Precision.names(narrowed));
    }
    if (scaled != null) {
      notes.add(
          "size: any; %dx%d pixels are what the graph scales images to"
              .formatted(scaled.get(0), scaled.get(1)));
    }
    fatal.ifPresent(notes::add);
    if (transposed) {
      notes.add(
          "layout: layers with their channels first (NCHW) are computed with their channels last,"
              + " as TensorFlow does on a processor; the model as it is cannot be compared with");
    }
    if (border.features().rank() > 2) {
      notes.add("features: the mean over all places of " + border.features());
    }
    batch.note().ifPresent(notes::add);
  }

  /**
   * Returns its name in the SavedModel.
   *
   * @return the signature's name
   */
  public String name() {
    return fit.name();
  }

  /**
   * Returns what the network itself takes.
   *
   * @return its input, with type and shape as declared; strings where it decodes pictures itself
   */
  public ModelTensor input() {
    return fit.encoded() == null ? fit.images() : fit.encoded();
  }

  /**
   * Returns what the network itself gives.
   *
   * @return its output, with its shape as far as signature or graph say
   */
  public ModelTensor output() {
    return border.features();
  }

  /**
   * Returns the pixels that the network itself takes.
   *
   * @return what was asked for, else what the graph shows, else [0, 1]
   */
  public PixelRange range() {
    return border.range();
  }

  /**
   * Returns the height of the images.
   *
   * @return in pixels; -1 where the network takes any
   */
  public int height() {
    return side(1);
  }

  /**
   * Returns the width of the images.
   *
   * @return in pixels; -1 where the network takes any
   */
  public int width() {
    return side(2);
  }

  /**
   * Returns the height that images should have.
   *
   * @return {@link #height}, or where the network takes any, what it scales them to before it does
   *     anything else; -1 if it does not
   */
  public int meantHeight() {
    return scaled == null ? height() : Math.toIntExact(scaled.get(0));
  }

  /**
   * Returns the width that images should have.
   *
   * @return as {@link #meantHeight}
   */
  public int meantWidth() {
    return scaled == null ? width() : Math.toIntExact(scaled.get(1));
  }

  private int side(int axis) {
    long side = fit.images().size(SignatureChooser.channelsFirst(fit.images()) ? axis + 1 : axis);
    return side < 0 ? -1 : Math.toIntExact(side);
  }

  /**
   * Returns how many numbers stand for a picture.
   *
   * @return the width of the features; -1 where neither the signature nor the graph says
   */
  public int size() {
    return Math.toIntExact(Border.size(fit.images(), border.features()));
  }

  /**
   * Returns the number of pictures that {@link #flat} takes; {@link #served} takes any.
   *
   * @return -1 for any, else the only number with which the features are right
   */
  public int batch() {
    return Math.toIntExact(batch.size());
  }

  /**
   * Returns how exact the network's own numbers are: the distance of 1 to the next one in the
   * coarsest type it computes in. Its features may differ from those of {@link #flat}, which
   * computes in float32, by some hundred times that.
   *
   * @return 2^-23 for float32, 2^-10 for float16, 2^-7 for bfloat16
   */
  public double step() {
    return step;
  }

  /**
   * Whether TensorFlow computes the network on this processor as it is; it does not if layers have
   * their channels first, nor in half precision where oneDNN is kept from the instructions that it
   * needs for that.
   *
   * @return false if only {@link #flat} can be run
   */
  public boolean runs() {
    return !transposed && fatal.isEmpty();
  }

  /**
   * Returns what a user should be told: which signature and output were taken, which pixels they
   * are fed with and why, what was made of types, maps and batches.
   *
   * @return a line each, without a full stop; the first names the signature
   */
  public List<String> notes() {
    return Collections.unmodifiableList(notes);
  }

  /**
   * Flattens the network, with nodes before and behind it.
   *
   * @param purpose what for
   * @return from {@value #IMAGES} to {@value #FEATURES}, as the class comment says
   */
  public FlatGraph flat(Purpose purpose) {
    return flat(purpose, Shape.of(sizes(false)));
  }

  /**
   * The same for images of one shape: a loop over the pictures of a batch, or over the rows of any
   * picture, then has a known number of rounds.
   *
   * @param purpose what for
   * @param images their shape, [batch, height, width, 3], -1 for what is not known
   * @return from {@value #IMAGES} to {@value #FEATURES}
   */
  public FlatGraph flat(Purpose purpose, Shape images) {
    long[] sizes = images.asArray();
    sizes[0] = batch.written() > 0 ? batch.size() : sizes[0];
    FlatGraph flat = bordered(purpose, sizes);
    return batch.freed() ? FreeBatch.of(flat, batch.written()) : flat;
  }

  /**
   * Flattens the network for inference with any number of pictures: one that takes a fixed number
   * at a time runs in a loop.
   *
   * @return from {@value #IMAGES} to {@value #FEATURES}, as the class comment says
   * @throws IllegalArgumentException if its pictures meddle with each other, or the number of
   *     features is open
   */
  public FlatGraph served() {
    return batch.served(flat(Purpose.INFERENCE));
  }

  private FlatGraph bordered(Purpose purpose, long... sizes) {
    GraphDef source = model.meta().getGraphDef();
    Flattener flattener = new Flattener(source, purpose);
    String images = flattener.unique(IMAGES);
    String features = flattener.unique(FEATURES);
    flattener.add(Nodes.placeholder(images, DataType.DT_FLOAT, Nodes.shape(sizes)));
    String tensor =
        fed.flatten(
                flattener,
                border.before(flattener, images + ":0"),
                List.of(border.features().tensor()))
            .get(0);
    flattener.add(Nodes.identity(features, border.after(flattener, tensor), DataType.DT_FLOAT));
    FlatGraph flat =
        FlatGraph.of(
            source.getVersions(),
            flattener,
            Map.of(IMAGES, images + ":0"),
            Map.of(FEATURES, features + ":0"));
    FlatGraph last = ChannelsLast.of(Precision.single(flat, narrowed));
    return purpose == Purpose.TRAINING ? Differentiable.of(last) : last;
  }

  /**
   * Reads the values of variables.
   *
   * @param flat from {@link #flat}
   * @return by name
   * @throws IOException if they cannot be read
   */
  public Map<String, TensorProto> values(FlatGraph flat) throws IOException {
    return model.values(flat);
  }

  /**
   * Loads the network as it is, to compare with and to read its variables.
   *
   * @return the SavedModel in a session; to be closed
   * @throws java.nio.file.NoSuchFileException if the values of its variables are not there
   * @throws IOException if it cannot be loaded
   */
  public OriginalModel original() throws IOException {
    if (variable) {
      model.requireValues();
    }
    return new OriginalModel(model, fit, border, fed.files());
  }

  /**
   * Returns the SavedModel.
   *
   * @return where the signature was found
   */
  public SavedModel model() {
    return model;
  }
}
