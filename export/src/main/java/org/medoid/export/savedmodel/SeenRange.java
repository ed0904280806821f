package org.medoid.export.savedmodel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;

/**
 * Finds out which pixels a network takes, by what it does with them first. A network's layers want
 * numbers of the order of one, or of a hundred with the mean taken off; so a graph that divides by
 * 127.5 takes pixels up to 255, one that multiplies by 2 and subtracts 1 takes pixels up to 1.
 *
 * <p>What is done first is everything that scales, shifts, or moves pixels, up to where a layer
 * reads them. It is run on pictures of one value, twice, which gives y = scale * x + shift.
 */
final class SeenRange {
  /** Operations whose output is an affine function of pixels, whatever the other operands are. */
  private static final Set<String> AFFINE =
      Set.of(
          "Mul",
          "Sub",
          "Add",
          "AddV2",
          "AddN",
          "RealDiv",
          "Div",
          "DivNoNan",
          "BiasAdd",
          "Neg",
          "Cast",
          "Identity",
          "StopGradient",
          "FusedBatchNorm",
          "FusedBatchNormV2",
          "FusedBatchNormV3",
          "Reshape",
          "Transpose",
          "StridedSlice",
          "Slice",
          "Split",
          "SplitV",
          "Unpack",
          "Pack",
          "ConcatV2",
          "ReverseV2",
          "GatherV2",
          "ExpandDims",
          "Squeeze",
          "ResizeBilinear",
          "ResizeNearestNeighbor",
          "ResizeBicubic",
          "ResizeArea",
          "ScaleAndTranslate",
          "Pad",
          "PadV2",
          "MirrorPad",
          "Maximum",
          "Minimum",
          "ClipByValue");

  /** Operations that do not look at the pixels' values. */
  private static final Set<String> BLIND = Set.of("Shape", "ShapeN", "Rank", "Size");

  /** The side of the pictures where any will do. */
  private static final long SIDE = 64;

  /** Where values of variables come from. */
  interface Values {
    /** The values of a graph's variables, by name. */
    Map<String, TensorProto> of(FlatGraph flat) throws IOException;
  }

  private final FlatGraph flat;
  private final Values values;
  private final String images;

  /** A pixel that whole numbers scaled by the largest of their type still tell from none. */
  private final float white;

  /** Whether pixels are scaled down by more than any picture file has. */
  private boolean beyondFiles;

  private SeenRange(FlatGraph flat, boolean integers, Values values) {
    this.flat = flat;
    this.white = integers ? 255 : 1;
    this.values = values;
    this.images = Tensors.node(flat.inputs().values().iterator().next());
  }

  /**
   * Looks.
   *
   * @param flat with one placeholder, of float32
   * @param input what the network itself takes
   * @param values asked for those variables that pixels are scaled with, if there are any
   * @param notes gets one that says what is taken, and why
   * @return the range; the usual one of the input's type if the graph does not show it
   * @throws IOException if variables cannot be read
   */
  static PixelRange of(FlatGraph flat, ModelTensor input, Values values, List<String> notes)
      throws IOException {
    String pixels = "pixels: ";
    DataType type = input.type();
    PixelRange usual =
        type == DataType.DT_UINT16 ? PixelRange.ZERO_TO_65535 : PixelRange.ZERO_TO_255;
    boolean bytes = type == DataType.DT_UINT8 || type == DataType.DT_INT8;
    SeenRange look = new SeenRange(flat, input.isInteger(), values);
    PixelRange seen = bytes ? usual : look.find();
    boolean half = seen == PixelRange.ZERO_TO_65535 && type == DataType.DT_INT16;
    if (half || (look.beyondFiles && input.isInteger())) {
      throw new IllegalArgumentException(
          "takes pixels up to the largest " + Precision.name(type) + ", which no picture file has");
    }
    if (input.isInteger() && (seen == null || !seen.isWhole() || seen == usual)) {
      notes.add(pixels + usual + ", as " + Precision.name(type));
      return usual;
    }
    if (seen == null) {
      notes.add(
          pixels
              + "the graph does not show their range; 0,1 is taken. Others are -1,1 (MobileNet,"
              + " Inception, Xception and NASNet of keras.applications), caffe (its ResNet and VGG),"
              + " torch (its DenseNet), 0,255 and 0,65535");
      return PixelRange.ZERO_TO_ONE;
    }
    notes.add(pixels + seen + ", by what the graph does with them first");
    return seen;
  }

  private PixelRange find() throws IOException {
    Set<String> ends = ends();
    if (ends.isEmpty() || ends.equals(Set.of(images + ":0"))) {
      return null;
    }
    Map<String, String> wanted = new TreeMap<>();
    ends.forEach(end -> wanted.put(end, end));
    FlatGraph first = flat.to(wanted);
    Map<String, TensorProto> scales = values.of(first);
    Set<PixelRange> seen = new HashSet<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(first.frozen(scales));
      Shape shape = picture(graph.operation(images).output(0).shape());
      List<float[]> black = run(session, shape, 0, ends);
      List<float[]> bright = run(session, shape, white, ends);
      for (int i = 0; i < black.size(); i++) {
        seen.add(look(black.get(i), bright.get(i)));
      }
    } catch (TensorFlowException | IllegalArgumentException e) {
      // A first step that wants pictures of another size shows nothing.
      return null;
    }
    return seen.size() == 1 ? seen.iterator().next() : null;
  }

  /** Where the pixels, scaled, are read by what is more than a scaling. */
  private Set<String> ends() {
    Set<String> pixels = new HashSet<>(Set.of(images));
    Set<String> dependent = new HashSet<>(Set.of(images));
    Set<String> ends = new TreeSet<>();
    for (NodeDef node : flat.nodes()) {
      List<String> inputs = Tensors.data(node);
      List<String> after = inputs.stream().filter(i -> pixels.contains(Tensors.node(i))).toList();
      boolean alone =
          inputs.stream()
              .map(Tensors::node)
              .allMatch(i -> pixels.contains(i) || !dependent.contains(i));
      if (!after.isEmpty() && alone && AFFINE.contains(node.getOp()) && !isProduct(node, after)) {
        pixels.add(node.getName());
        dependent.add(node.getName());
      } else if (!BLIND.contains(node.getOp())
          && inputs.stream().map(Tensors::node).anyMatch(dependent::contains)) {
        dependent.add(node.getName());
        after.forEach(tensor -> ends.add(Tensors.canonical(tensor)));
      }
    }
    return ends;
  }

  private static boolean isProduct(NodeDef node, List<String> pixels) {
    return pixels.size() > 1 && node.getOp().matches("Mul|RealDiv|Div|DivNoNan");
  }

  private static Shape picture(Shape declared) {
    long[] sizes = declared.asArray();
    for (int axis = 0; axis < sizes.length; axis++) {
      if (sizes[axis] < 0) {
        sizes[axis] = axis == 0 ? 1 : SIDE;
      }
    }
    return Shape.of(sizes);
  }

  /** What is computed of a picture that has one value everywhere. */
  private List<float[]> run(Session session, Shape shape, float value, Set<String> ends) {
    Session.Runner runner = session.runner();
    ends.forEach(runner::fetch);
    List<float[]> computed = new ArrayList<>();
    float[] pixels = new float[Math.toIntExact(shape.size())];
    Arrays.fill(pixels, value);
    try (TFloat32 picture = TFloat32.tensorOf(shape, DataBuffers.of(pixels));
        Result result = runner.feed(images, picture).run()) {
      for (int i = 0; i < result.size(); i++) {
        if (result.get(i) instanceof TFloat32 end) {
          float[] numbers = new float[Math.toIntExact(end.size())];
          end.asRawTensor().data().asFloats().read(numbers);
          computed.add(numbers);
        }
      }
    }
    return computed;
  }

  /** By the numbers that depend on the pixels: those of a padding, for instance, do not. */
  private PixelRange look(float[] black, float[] bright) {
    double largest = 0;
    for (int i = 0; i < black.length; i++) {
      largest = Math.max(largest, Math.abs((double) bright[i] - black[i]));
    }
    double sum = 0;
    double shift = 0;
    int count = 0;
    for (int i = 0; i < black.length; i++) {
      double slope = (double) bright[i] - black[i];
      if (Math.abs(slope) > largest / 2) {
        sum += slope;
        shift += black[i];
        count++;
      }
    }
    if (count == 0) {
      return null;
    }
    double scale = sum / count / white;
    // x / (2^31 - 1), or twice that: what convert_image_dtype makes of int32.
    beyondFiles |= Math.abs(scale) < 1e-8;
    return range(scale, shift / count);
  }

  /** The range of x for which scale * x + shift is what layers are fed with; null if unclear. */
  static PixelRange range(double scale, double shift) {
    double size = Math.abs(scale);
    if (size < 1e-6 || (Math.abs(size - 1) < 1e-3 && Math.abs(shift) < 1e-3)) {
      return null;
    }
    // x / 65535, / 32767.5, / (65535 * 0.2).
    if (size < 1e-4) {
      return PixelRange.ZERO_TO_65535;
    }
    // x / 255, / 127.5, / (255 * 0.2): at most 1 / 50. Or the mean colour, 100 to 124, taken off.
    if (size < 0.05 || (size < 2 && Math.abs(shift) > 20)) {
      return PixelRange.ZERO_TO_255;
    }
    // (x + 1) / 2 or (x + 1) * 127.5.
    if (Math.abs(scale - shift) < 0.01 * size) {
      return PixelRange.MINUS_ONE_TO_ONE;
    }
    return PixelRange.ZERO_TO_ONE;
  }
}
