package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.proto.NodeDef;
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
          "ScaleAndTranslate");

  /** Operations that do not look at the pixels' values. */
  private static final Set<String> BLIND = Set.of("Shape", "ShapeN", "Rank", "Size");

  /** The side of the pictures where any will do. */
  private static final long SIDE = 64;

  /** The second value; large, so that casts to integers do not matter. */
  private static final float PROBE = 100;

  private final FlatGraph flat;

  private SeenRange(FlatGraph flat) {
    this.flat = flat;
  }

  /**
   * Looks.
   *
   * @param flat in float32, with one placeholder of images
   * @return the range, or null if the graph does not show it
   */
  static PixelRange of(FlatGraph flat) {
    return new SeenRange(flat).find();
  }

  private PixelRange find() {
    String images = Tensors.node(flat.inputs().values().iterator().next());
    Set<String> ends = ends(images);
    if (ends.isEmpty() || ends.equals(Set.of(images + ":0"))) {
      return null;
    }
    Set<PixelRange> seen = new HashSet<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(flat.open());
      Shape shape = picture(graph.operation(images).output(0).shape());
      List<Double> black = means(session, images, shape, 0, ends);
      List<Double> bright = means(session, images, shape, PROBE, ends);
      for (int i = 0; i < black.size(); i++) {
        double shift = black.get(i);
        seen.add(range((bright.get(i) - shift) / PROBE, shift));
      }
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      // A first step that wants pictures of another size, or a variable's value, shows nothing.
      return null;
    }
    return seen.size() == 1 ? seen.iterator().next() : null;
  }

  /** Where the pixels, scaled, are read by what is more than a scaling. */
  private Set<String> ends(String images) {
    Set<String> pixels = new HashSet<>(Set.of(images));
    Set<String> dependent = new HashSet<>(Set.of(images));
    flat.variables().forEach(v -> dependent.add(v.name()));
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

  private static List<Double> means(
      Session session, String images, Shape shape, float value, Set<String> ends) {
    Session.Runner runner = session.runner();
    ends.forEach(runner::fetch);
    List<Double> means = new ArrayList<>();
    try (TFloat32 picture =
            TFloat32.tensorOf(
                shape,
                data -> {
                  for (var pixel : data.scalars()) {
                    pixel.setFloat(value);
                  }
                });
        Result result = runner.feed(images, picture).run()) {
      for (int i = 0; i < result.size(); i++) {
        if (result.get(i) instanceof TFloat32 end) {
          means.add(mean(end));
        }
      }
    }
    return means;
  }

  private static double mean(TFloat32 tensor) {
    FloatDataBuffer values = tensor.asRawTensor().data().asFloats();
    double sum = 0;
    for (long i = 0; i < values.size(); i++) {
      sum += values.getFloat(i);
    }
    return sum / values.size();
  }

  /** The range of x for which scale * x + shift is what layers are fed with; null if unclear. */
  static PixelRange range(double scale, double shift) {
    double size = Math.abs(scale);
    if (size < 1e-6 || (Math.abs(size - 1) < 1e-3 && Math.abs(shift) < 1e-3)) {
      return null;
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
