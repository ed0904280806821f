package org.medoid.export;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.medoid.export.image.ImageSize;
import org.medoid.export.savedmodel.AsWritten;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Whether the parts of an export compute what the frozen graph does.
 *
 * <p>Usually two runs agree to the tolerance, and that is all. Where they do not, either may be
 * wrong: TensorFlow as it is installed here, with the kernels of this processor, is no judge of
 * itself. Then the same graph runs in double precision ({@link DoubleGraph}), or, where an
 * operation has no such kernel, in TensorFlow without its optimisers, and both are compared with
 * that. And the network may be at fault: one that magnifies rounding beyond the tolerance does so
 * in every program. How much it does is measured by moving pixels and weights by one rounding each;
 * {@value #ROUNDINGS} times that is allowed, since a sum over a few hundred products is in the
 * worst case that far off. What was found is told in {@link #notes}.
 *
 * <p>Cost: nothing beyond the comparison where runs agree; else the network four times in double
 * precision.
 */
final class Parity {
  /** How many roundings of pixels and weights a difference may be worth. */
  private static final double ROUNDINGS = 16;

  /** Beyond this share of the largest value a comparison says nothing. */
  private static final double MEANINGLESS = 0.25;

  private static final int DRAWS = 2;

  @SuppressWarnings("UnnecessaryLambda") // compared with
  private static final DoubleUnaryOperator SAME = x -> x;

  /**
   * How far runs may differ.
   *
   * @param told by the user, relative to the largest value; 0 if he said nothing
   * @param usual where the embeddings have any length, relative to the largest value
   * @param step of the numbers that the network computes with, 2^-23 for float32
   */
  record Tolerance(double told, double usual, double step) {
    double allowed(Vectors wanted) {
      if (told > 0) {
        return told * wanted.largest();
      }
      double any = usual * wanted.largest();
      return wanted.normalised() ? Math.min(any, ModelExporter.TOLERANCE) : any;
    }
  }

  private final FrozenGraph frozen;
  private final float[] pixels;
  private final ImageSize image;
  private final Tolerance tolerance;
  private final Map<String, Double> differences;
  private final List<String> notes;
  private Vectors expected;
  private float[] beside;
  private Vectors besideExpected;
  private Vectors judge;
  private boolean inDouble;
  private double noise = -1;

  /**
   * Of some pictures.
   *
   * @param pixels [n, height, width, 3] in a row
   */
  Parity(FrozenGraph frozen, float[] pixels, ImageSize image, Tolerance tolerance) {
    this(frozen, pixels, image, tolerance, new LinkedHashMap<>(), new ArrayList<>());
  }

  private Parity(
      FrozenGraph frozen,
      float[] pixels,
      ImageSize image,
      Tolerance tolerance,
      Map<String, Double> differences,
      List<String> notes) {
    this.frozen = frozen;
    this.pixels = pixels;
    this.image = image;
    this.tolerance = tolerance;
    this.differences = differences;
    this.notes = notes;
  }

  /** What the frozen graph gives. */
  Vectors expected() {
    if (expected == null) {
      try {
        expected = ofBoth();
      } catch (IllegalStateException e) {
        try {
          judge();
        } catch (IllegalStateException alsoFails) {
          throw e;
        }
        expected = judge;
        notes.add(
            "this TensorFlow does not run the frozen graph (%s); it is compared with %s"
                .formatted(e.getMessage(), judgeName()));
      }
    }
    return expected;
  }

  /** Says which other pixels {@link #of} will be asked for: they are run with these, not later. */
  Parity beside(float[] other) {
    beside = other == pixels ? null : other;
    return this;
  }

  /** A session begins with a copy of all constants, which costs as much as some pictures. */
  private Vectors ofBoth() {
    if (beside == null) {
      return single(frozen.graph(), pixels).get(0);
    }
    List<Vectors> both = single(frozen.graph(), pixels, beside);
    besideExpected = both.get(1);
    return both.get(0);
  }

  /** Takes a result for TensorFlow's. */
  Parity expecting(Vectors result) {
    expected = result;
    return this;
  }

  /** Compares with other pixels; differences and notes go to this. */
  Parity of(float[] other) {
    if (other == pixels) {
      return this;
    }
    Parity parity = new Parity(frozen, other, image, tolerance, differences, notes);
    return other == beside && besideExpected != null ? parity.expecting(besideExpected) : parity;
  }

  /**
   * Compares.
   *
   * @param key of the difference in the report
   * @param what whose embeddings are given, for messages
   * @throws IllegalStateException if they are not those of the frozen graph
   */
  void compare(String key, String what, Vectors given) {
    Vectors wanted = expected();
    if (!Double.isFinite(wanted.largest())) { // of infinities all differences are allowed
      throw new IllegalStateException(
          "the model's own embeddings of these pictures are not finite: " + wanted.largest());
    }
    double difference = wanted.difference(given);
    double allowed = tolerance.allowed(wanted);
    differences.put(
        key, difference <= allowed ? difference : judged(what, given, difference, allowed));
  }

  private double judged(String what, Vectors given, double difference, double allowed) {
    Vectors right = judge();
    double ours = right.difference(given);
    double theirs = right.difference(expected);
    double most = allowed;
    if (tolerance.told() == 0) {
      most = Math.max(allowed, Math.min(ROUNDINGS * noise(), MEANINGLESS * right.largest()));
    }
    String numbers =
        "embeddings of the %s differ by %.2e, more than %.1e; their largest value is %.3g"
            .formatted(what, difference, allowed, expected.largest());
    String judgement =
        "; from %s those of the %s differ by %.2e%s and TensorFlow's own by %.2e"
            .formatted(
                judgeName(), what, ours, ours <= most ? " (which is the one told)" : "", theirs);
    String roundings =
        tolerance.told() > 0
            ? ""
            : "; one rounding of pixels and weights moves them by %.1e".formatted(noise());
    if (!(ours <= most)) {
      throw new IllegalStateException(numbers + judgement + roundings + reason());
    }
    if (!(theirs <= most)) {
      notes.add(
          numbers
              + judgement
              + ": this TensorFlow computes the network wrong on this processor, the "
              + what
              + " is right (ONEDNN_MAX_CPU_ISA=AVX2 or TF_ENABLE_ONEDNN_OPTS=0 in the environment"
              + " may mend TensorFlow)");
    } else {
      notes.add(
          numbers
              + judgement
              + roundings
              + ": the network magnifies rounding, in every program that runs it");
    }
    return ours;
  }

  private String judgeName() {
    return inDouble
        ? "the same graph in double precision"
        : "the same graph in TensorFlow without its optimisers";
  }

  /** What the graph says. */
  private Vectors judge() {
    if (judge == null) {
      try {
        judge = twice(DoubleGraph.of(frozen.graph()), SAME);
        inDouble = true;
      } catch (TensorFlowException
          | IllegalStateException
          | IllegalArgumentException
          | UnsupportedOperationException e) {
        // An operation without a kernel for doubles, or a graph beyond 2 GB then.
        judge = single(frozen.graph(), pixels).get(0);
      }
    }
    return judge;
  }

  /** How far one rounding of pixels and weights moves a value, at most. */
  double noise() {
    if (noise < 0) {
      Vectors right = judge();
      noise = 0;
      for (int draw = 1; draw <= DRAWS; draw++) {
        Random random = new Random(draw);
        DoubleUnaryOperator moved = x -> x * (1 + tolerance.step() * (2 * random.nextDouble() - 1));
        Vectors other =
            inDouble
                ? twice(DoubleGraph.moved(frozen.graph(), tolerance.step(), draw), moved)
                : single(frozen.graph(), moved);
        noise = Math.max(noise, right.difference(other));
      }
    }
    return noise;
  }

  private Vectors single(GraphDef definition, DoubleUnaryOperator change) {
    float[] fed = new float[pixels.length];
    for (int i = 0; i < fed.length; i++) {
      fed[i] = (float) change.applyAsDouble(pixels[i]);
    }
    return single(definition, fed).get(0);
  }

  private List<Vectors> single(GraphDef definition, float[]... fed) {
    List<Vectors> all = new ArrayList<>();
    try (Graph graph = new Graph()) {
      graph.importGraphDef(definition);
      try (Session session = new Session(graph, AsWritten.CONFIG)) {
        for (float[] each : fed) {
          all.add(ModelRuns.ofPixels(session, input(), output(), each, image));
        }
      }
    }
    return all;
  }

  private Vectors twice(GraphDef definition, DoubleUnaryOperator change) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(definition);
      try (Session session = new Session(graph, AsWritten.CONFIG)) {
        return ModelRuns.ofDoubles(session, input(), output(), pixels, image, change);
      }
    }
  }

  private String input() {
    return frozen.inputs().values().iterator().next();
  }

  private String output() {
    return frozen.outputs().values().iterator().next();
  }

  /** Whether the second picture, which is run with those after it, is another alone. */
  private boolean isCoupled() {
    int count = expected.count();
    if (count < 3) {
      return false;
    }
    int size = expected.size();
    int values = pixels.length / count;
    float[] second = Arrays.copyOfRange(pixels, values, 2 * values);
    float[] row = Arrays.copyOfRange(expected.values(), size, 2 * size);
    double difference = new Vectors(row, 1, size).difference(single(frozen.graph(), second).get(0));
    return !(difference <= tolerance.allowed(expected));
  }

  /** Why embeddings may differ, as far as the graph shows. */
  private String reason() {
    String first = null;
    String normalization = "";
    int random = 0;
    boolean half = false;
    for (NodeDef node : frozen.graph().getNodeList()) {
      if (node.getOp().contains("RandomUniform") || node.getOp().contains("RandomNormal")) {
        random++;
        first = first == null ? "%s (%s)".formatted(node.getName(), node.getOp()) : first;
      }
      DataType type = node.getAttrOrDefault("T", AttrValue.getDefaultInstance()).getType();
      if (node.getOp().startsWith("FusedBatchNorm")
          && node.getAttrOrDefault("is_training", AttrValue.getDefaultInstance()).getB()) {
        normalization = ": %s normalizes as in training".formatted(node.getName());
      }
      half |= type == DataType.DT_HALF || type == DataType.DT_BFLOAT16;
    }
    if (random > 0) {
      return "; it draws random numbers in %s%s: leave the augmentation of images out of the model"
          .formatted(first, random > 1 ? " and %d other nodes".formatted(random - 1) : "");
    }
    if (isCoupled()) {
      return "; a picture's embedding depends on the others in its batch" + normalization;
    }
    return half ? "; it computes in half precision: allow a larger difference (tolerance)" : "";
  }

  /** The largest differences, by what was compared. */
  Map<String, Double> differences() {
    return differences;
  }

  /** What somebody should know about the comparisons, a line each. */
  List<String> notes() {
    return notes;
  }
}
