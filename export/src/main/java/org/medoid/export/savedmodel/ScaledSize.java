package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;

/** To which size a network scales its pictures before anything looks at more than one pixel. */
final class ScaledSize {
  private static final Set<String> SCALINGS =
      Set.of(
          "ResizeArea",
          "ResizeBicubic",
          "ResizeBilinear",
          "ResizeNearestNeighbor",
          "ScaleAndTranslate");

  /** What is done to each pixel by itself. */
  private static final Set<String> EACH =
      Set.of(
          "Add",
          "AddV2",
          "Cast",
          "ClipByValue",
          "Div",
          "EnsureShape",
          "Identity",
          "Maximum",
          "Minimum",
          "Mul",
          "RealDiv",
          "ReverseV2",
          "StopGradient",
          "Sub");

  /** What reads sizes alone. */
  private static final Set<String> BLIND = Set.of("Rank", "Shape", "ShapeN", "Size");

  private ScaledSize() {}

  /**
   * Looks.
   *
   * @return height and width; null if there is no such size, or several
   */
  static Shape of(FlatGraph flat) {
    InferredShapes shapes = new InferredShapes(flat.open());
    Set<String> pictures = new HashSet<>();
    flat.inputs().values().forEach(tensor -> pictures.add(Tensors.node(tensor)));
    Map<List<Long>, Shape> found = new HashMap<>();
    for (NodeDef node : flat.nodes()) {
      String op = node.getOp();
      if (BLIND.contains(op)
          || node.getInputList().stream().map(Tensors::node).noneMatch(pictures::contains)) {
        continue;
      }
      if (EACH.contains(op)) {
        pictures.add(node.getName());
      } else {
        Shape shape = SCALINGS.contains(op) ? shapes.of(node.getName()) : Shape.unknown();
        if (shape.numDimensions() != 4 || shape.get(1) <= 0 || shape.get(2) <= 0) {
          return null;
        }
        found.put(List.of(shape.get(1), shape.get(2)), Shape.of(shape.get(1), shape.get(2)));
      }
    }
    return found.size() == 1 ? found.values().iterator().next() : null;
  }
}
