package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** Random graphs of one operation, and the tensors that it reads. */
final class Draw {
  /** Builds the operation behind x, which has the given sizes when it runs. */
  @FunctionalInterface
  interface Body {
    Operand<?> of(Ops tf, Draw draw, Operand<TFloat32> x, long[] shape);
  }

  /**
   * Where x comes from.
   *
   * @param least rank
   * @param most rank
   * @param exact whether x must be the same to the last bit in both programs: for operations that
   *     jump; no convolution is then put before them
   */
  record Domain(int least, int most, boolean exact) {
    static final Domain ANY = new Domain(0, 5, false);
    static final Domain EXACT = new Domain(0, 5, true);
    static final Domain AXES = new Domain(1, 5, false);
    static final Domain IMAGES = new Domain(4, 4, false);
  }

  private final Random random;

  /** Other graphs than a build's: {@code -Dmedoid.seed=N}, see CONTRIBUTING.md. */
  private static final long EXPLORED = Long.getLong("medoid.seed", 0);

  Draw(long seed) {
    random = new Random(seed + EXPLORED * 1_000_003);
    random.nextInt(); // the first numbers of near seeds are near
  }

  /** From low to high, both included. */
  int in(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  boolean flip() {
    return random.nextBoolean();
  }

  boolean chance(double p) {
    return random.nextDouble() < p;
  }

  @SafeVarargs
  final <T> T of(T... values) {
    return values[random.nextInt(values.length)];
  }

  long seed() {
    return random.nextLong();
  }

  long[] sizes(int rank, int low, int high) {
    return IntStream.range(0, rank).mapToLong(i -> in(low, high)).toArray();
  }

  /** An axis, from the front or from the end. */
  int axis(int rank) {
    return in(-rank, rank - 1);
  }

  /** Different axes, in any order, some counted from the end. */
  int[] axes(int rank, int least) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.shuffle(all, random);
    return all.subList(0, in(Math.min(least, rank), rank)).stream()
        .mapToInt(axis -> flip() ? axis : axis - rank)
        .toArray();
  }

  int[] permutation(int rank) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.shuffle(all, random);
    return all.stream().mapToInt(i -> i).toArray();
  }

  /** A constant of random values. */
  Operand<TFloat32> constant(Ops tf, long... shape) {
    return Runs.constant(tf, seed(), shape);
  }

  /** Something of the same type that x can be broadcast with, constant or computed from x. */
  Operand<TFloat32> mate(Ops tf, Operand<TFloat32> x, long[] shape) {
    int rank = shape.length;
    int kind = in(0, 4);
    if (kind == 0) {
      return tf.math.tanh(x);
    }
    if (kind == 1) {
      // Sizes of one, kept or not, from what runs.
      int[] over = axes(rank, 0);
      Operand<TFloat32> most =
          Runs.node(tf, "Max", Map.of("keep_dims", true), tf.math.tanh(x), tf.constant(over))
              .output();
      return flip() && Arrays.stream(over).anyMatch(axis -> axis == 0 || axis == -rank)
          ? Runs.node(tf, "Squeeze", Map.of("squeeze_dims", new long[] {0}), most).output()
          : most;
    }
    int longer = rank < 5 && chance(0.15) ? 1 : 0;
    int shorter = longer == 0 && rank > 0 ? in(0, rank) : 0;
    long[] to = new long[rank + longer - shorter];
    for (int i = 0; i < to.length; i++) {
      int at = i - longer + shorter;
      long size = at < 0 ? in(1, 2) : shape[at];
      to[i] = size == 1 ? in(1, 3) : chance(0.3) ? 1 : size;
    }
    return constant(tf, to);
  }

  /**
   * Draws where x comes from, adds the operation, and compares what TensorFlow and onnxruntime
   * give: in half of the cases x is the output of a convolution, or of a pooling that changes
   * nothing, and so in ONNX's layout; in some of them such a pooling reads the result.
   */
  static void check(long seed, Domain domain, Body body) {
    Draw draw = new Draw(seed);
    boolean laid = domain.most() >= 4 && draw.flip();
    int rank = laid ? 4 : draw.in(domain.least(), domain.most());
    long[] sizes = draw.sizes(rank, 1, 5);
    long[] known = sizes.clone();
    for (int i = 0; i < rank; i++) {
      if (draw.chance(i == 0 ? 0.5 : 0.15)) {
        known[i] = -1;
      }
    }
    int kind = laid ? (domain.exact() ? 0 : draw.in(0, 3)) : -1;
    int kernel = draw.of(1, 3);
    int channels = kind > 0 ? draw.in(1, 5) : rank > 0 ? (int) sizes[rank - 1] : 0;
    if (kind > 0) {
      known[3] = sizes[3]; // of the channels a convolution must know
    }
    long[] shape = sizes.clone();
    if (kind > 0) {
      shape[3] = channels;
    }
    long weights = draw.seed();
    long values = draw.seed();
    GraphDef graph =
        Runs.graph(
            known,
            tf ->
                in -> {
                  Operand<TFloat32> x = in;
                  if (kind == 0) {
                    x = Runs.asImage(tf, in);
                  } else if (kind > 0) {
                    Map<String, Object> attributes = new LinkedHashMap<>();
                    attributes.put("strides", new long[] {1, 1, 1, 1});
                    attributes.put("padding", "SAME");
                    x =
                        Runs.node(
                                tf,
                                "Conv2D",
                                attributes,
                                in,
                                Runs.constant(tf, weights, kernel, kernel, sizes[3], channels))
                            .output();
                  }
                  Operand<?> y = body.of(tf, draw, x, shape);
                  boolean image =
                      y.asOutput().dataType() == DataType.DT_FLOAT
                          && y.asOutput().shape().numDimensions() == 4
                          && !y.op().type().equals("StridedSlice"); // may be empty
                  return image && draw.chance(0.3) ? Runs.asImage(tf, y) : y;
                });
    try {
      Runs.same(graph, Runs.random(values, sizes), sizes);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "seed %d of -Dmedoid.seed=%d, input %s known as %s: %s\n%s"
              .formatted(
                  seed,
                  EXPLORED,
                  Arrays.toString(sizes),
                  Arrays.toString(known),
                  Runs.text(graph),
                  e.getMessage()),
          e);
    }
  }
}
