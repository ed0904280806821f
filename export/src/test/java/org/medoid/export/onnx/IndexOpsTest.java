package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.medoid.export.onnx.OpsTest.cast;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.one;
import static org.medoid.export.onnx.OpsTest.times;

import ai.onnx.proto.OnnxMl;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** As {@link OpsTest}, for what counts, chooses and places elements, and computed bounds. */
class IndexOpsTest {

  @Property(seed = "1", tries = 8)
  void oneOfManyClasses(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(0, 4, true),
        (tf, draw, x, shape) -> {
          DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64);
          Operand<?> indices = cast(tf, tf.math.floor(times(tf, x, 2)), type); // some below zero
          return Runs.node(
                  tf,
                  "OneHot",
                  Map.of("axis", draw.in(-1, shape.length)),
                  indices,
                  tf.constant(draw.in(1, 4)),
                  tf.constant(2f),
                  tf.constant(-1f))
              .output();
        });
  }

  @Property(seed = "1", tries = 8)
  void theLargest(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 4, true),
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "TopKV2",
                    Map.of(),
                    x,
                    tf.constant(draw.in(1, (int) shape[shape.length - 1])))
                .output(draw.in(0, 1)));
  }

  @Property(seed = "1", tries = 8)
  void oneOfTheSorted(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 4, true),
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "NthElement",
                    Map.of("reverse", draw.flip()),
                    x,
                    tf.constant(draw.in(0, (int) shape[shape.length - 1] - 1)))
                .output());
  }

  @Property(seed = "1", tries = 8)
  void histograms(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          boolean whole = draw.flip(); // some beyond the bounds
          return whole
              ? one(
                  tf,
                  "HistogramFixedWidth",
                  cast(tf, times(tf, x, 5), DataType.DT_INT32),
                  tf.constant(new int[] {-3, 4}),
                  tf.constant(draw.in(1, 7)))
              : one(
                  tf,
                  "HistogramFixedWidth",
                  x,
                  tf.constant(new float[] {-0.7f, 1.3f}),
                  tf.constant(draw.in(1, 7)));
        });
  }

  @Property(seed = "1", tries = 8)
  void placesOfWhatIsTrue(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 4, true),
        (tf, draw, x, shape) -> {
          Operand<?> some = one(tf, "Greater", x, tf.constant(draw.of(-9f, 0f, 9f)));
          DataType type =
              draw.of(
                  DataType.DT_BOOL,
                  DataType.DT_FLOAT,
                  DataType.DT_DOUBLE,
                  DataType.DT_INT8,
                  DataType.DT_INT16);
          return one(tf, "Where", cast(tf, some, type));
        });
  }

  @Property(seed = "1", tries = 8)
  void sequencesReversed(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 5, false),
        (tf, draw, x, shape) -> {
          int[] axes = draw.permutation(shape.length);
          int[] lengths = new int[(int) shape[axes[0]]];
          Arrays.setAll(lengths, i -> draw.in(0, (int) shape[axes[1]]));
          return Runs.node(
                  tf,
                  "ReverseSequence",
                  Map.of("batch_dim", axes[0], "seq_dim", axes[1]),
                  x,
                  cast(tf, tf.constant(lengths), draw.of(DataType.DT_INT32, DataType.DT_INT64)))
              .output();
        });
  }

  @Property(seed = "1", tries = 8)
  void runningSums(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "Cumsum",
                    Map.of("exclusive", draw.flip(), "reverse", draw.flip()),
                    x,
                    tf.constant(draw.axis(shape.length)))
                .output());
  }

  @Property(seed = "1", tries = 12)
  void runningProducts(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "Cumprod",
                    Map.of("exclusive", draw.flip(), "reverse", draw.flip()),
                    tf.reshape(
                        cast(tf, x, draw.of(DataType.DT_FLOAT, DataType.DT_INT32)),
                        tf.constant(shape)),
                    tf.constant(draw.axis(shape.length)))
                .output());
  }

  @Property(seed = "1", tries = 3)
  void ordersTurnedRound(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 1, true),
        (tf, draw, x, shape) -> {
          Operand<?> sorted = Runs.node(tf, "TopKV2", Map.of(), x, one(tf, "Size", x)).output(1);
          return one(tf, "InvertPermutation", sorted);
        });
  }

  @Property(seed = "1", tries = 4)
  void finiteOrNot(@ForAll long seed) {
    for (String op : List.of("IsFinite", "IsInf", "IsNan")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            Operand<TFloat32> zero = tf.math.maximum(x, tf.constant(0f));
            Operand<TFloat32> wild =
                draw.flip() ? tf.math.div(x, zero) : tf.math.div(zero, zero); // infinite, NaN
            return one(tf, op, wild);
          });
    }
  }

  @Property(seed = "1", tries = 4)
  void nothingByZero(@ForAll long seed) {
    for (String op : List.of("DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Xlog1py")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            Operand<TFloat32> some = tf.math.floor(draw.mate(tf, x, shape));
            return op.startsWith("X")
                ? one(tf, op, some, OpsTest.positive(tf, x))
                : one(tf, op, x, some);
          });
    }
  }

  @Property(seed = "1", tries = 13)
  void bandsAndDiagonals(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 4, false),
        (tf, draw, x, shape) -> {
          boolean logical = draw.chance(0.3);
          return one(
              tf,
              "MatrixBandPart",
              logical ? one(tf, "Greater", x, tf.constant(0f)) : x,
              tf.constant(draw.in(-1, (int) shape[shape.length - 2])),
              tf.constant(draw.in(-1, (int) shape[shape.length - 1])));
        });
    Draw.check(
        seed + 1,
        new Domain(1, 3, false),
        (tf, draw, x, shape) ->
            draw.flip()
                ? one(tf, "MatrixDiag", x)
                : one(
                    tf,
                    draw.of("MatrixDiagV2", "MatrixDiagV3"),
                    x,
                    tf.constant(0),
                    tf.constant(-1),
                    tf.constant(-1),
                    tf.constant(0.5f)));
    Draw.check(
        seed + 2,
        new Domain(2, 4, false),
        (tf, draw, x, shape) ->
            draw.flip()
                ? one(tf, "MatrixDiagPart", x)
                : one(
                    tf,
                    draw.of("MatrixDiagPartV2", "MatrixDiagPartV3"),
                    x,
                    tf.constant(0),
                    tf.constant(0f)));
  }

  /** Beside the main diagonal, and of matrices of any sides. */
  @Property(seed = "1", tries = 10)
  void diagonalsOfAnyMatrix(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 4, false),
        (tf, draw, x, shape) -> {
          int rows = (int) shape[shape.length - 2];
          int columns = (int) shape[shape.length - 1];
          return one(
              tf,
              draw.of("MatrixDiagPartV2", "MatrixDiagPartV3"),
              x,
              tf.constant(draw.in(1 - rows, columns - 1)),
              tf.constant(0f));
        });
    for (long[] shape : new long[][] {{2, 3, 5}, {2, 5, 3}, {2, 4, 4}}) {
      GraphDef graph =
          Runs.graph(
              new long[] {-1, shape[1], shape[2]},
              tf ->
                  x -> {
                    Operand<?> part = one(tf, "MatrixDiagPart", tf.math.exp(x));
                    return one(tf, "MatrixSetDiagV3", x, part, tf.constant(0));
                  });
      Runs.same(graph, Runs.random(seed, shape), shape);
    }
    long[] all = {2, 3, 2, 3};
    Runs.same(Runs.graph(all, tf -> x -> one(tf, "DiagPart", x)), Runs.random(seed, all), all);
  }

  /**
   * Where a block would reach beyond the end it is moved back. TensorFlow runs it compiled alone.
   */
  @Example
  void aBlockIsWrittenWithin() {
    GraphDef graph =
        Runs.graph(
            new long[] {-1, 3},
            tf ->
                x ->
                    one(
                        tf,
                        "XlaDynamicUpdateSlice",
                        x,
                        tf.constant(new float[][] {{7, 8}}),
                        tf.constant(ints(1, 2))));
    float[] x = {0, 1, 2, 3, 4, 5};
    assertThat(Runs.onnxRuntime(Runs.convert(graph), x, 2, 3).values())
        .containsExactly(0, 1, 2, 3, 7, 8);
  }

  @Example
  void smallIndicesAreWidened() {
    long[] shape = {3, 4};
    Runs.same(
        Runs.graph(
            new long[] {-1, 4},
            tf ->
                x ->
                    one(
                        tf,
                        "GatherV2",
                        x,
                        cast(tf, tf.constant(ints(2, 0)), DataType.DT_INT16),
                        tf.constant(1))),
        Runs.random(1, shape),
        shape);
  }

  private static final String[] FOLDS = {"Add", "Sub", "Max", "Min"};

  @Property(seed = "1", tries = 8)
  void scattering(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 4, true),
        (tf, draw, x, shape) -> {
          // Rows of x into a larger tensor; several into one place are added up.
          int rows = draw.in(1, 5);
          int[][] places = new int[(int) shape[0]][1];
          boolean once = draw.flip();
          for (int i = 0; i < places.length; i++) {
            places[i][0] = once ? i : draw.in(0, rows - 1);
          }
          int[] to = Arrays.stream(shape).mapToInt(i -> (int) i).toArray();
          to[0] = once ? places.length : rows;
          Operand<?> indices = tf.constant(places);
          if (once || draw.flip()) {
            return one(
                tf,
                "TensorScatter" + (once ? draw.of("Update", "Add", "Sub", "Max") : draw.of(FOLDS)),
                draw.constant(tf, Arrays.stream(to).asLongStream().toArray()),
                indices,
                x);
          }
          return one(tf, "ScatterNd", indices, x, tf.constant(to));
        });
  }

  @Property(seed = "1", tries = 8)
  void scatteringIntoComputedPlaces(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 4, true),
        (tf, draw, x, shape) -> {
          DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64);
          int depth = draw.in(1, 3);
          int updates = draw.of(1, 4);
          int tail = draw.in(0, 1);
          Operand<TFloat32> first = tf.math.floor(times(tf, tf.math.abs(first(tf, x)), 4));
          Operand<TFloat32> some =
              tf.math.mul(first, tf.constant(new float[updates][depth])); // all in one place
          Operand<TFloat32> rest = tf.constant(places(draw, updates, depth));
          Operand<?> indices = cast(tf, tf.math.add(some, rest), type);
          int[] to = new int[depth + tail];
          Arrays.fill(to, 3);
          long[] given = new long[1 + tail];
          Arrays.fill(given, 3);
          given[0] = updates;
          Operand<TFloat32> values = tf.math.mul(first(tf, x), draw.constant(tf, given));
          if (draw.flip()) {
            Operand<?> sizes = cast(tf, tf.constant(to), type);
            return one(tf, "ScatterNd", indices, values, sizes);
          }
          return one(
              tf,
              "TensorScatter" + draw.of(FOLDS),
              draw.constant(tf, Arrays.stream(to).asLongStream().toArray()),
              indices,
              values);
        });
  }

  /** To so many experts by number, each does something else, and back. */
  @Property(seed = "1", tries = 10)
  void rowsPartedAndStitched(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 4, true),
        (tf, draw, x, shape) -> {
          int[] over = IntStream.range(1, shape.length).toArray();
          Operand<?> sums = one(tf, "Sum", x, tf.constant(over));
          Operand<?> several = one(tf, "Greater", sums, tf.constant(draw.of(-99f, 0f, 99f)));
          Operand<?> numbers = cast(tf, several, DataType.DT_INT32);
          Operand<?> count = one(tf, "Size", numbers);
          Operand<?> each = one(tf, "Range", tf.constant(0), count, tf.constant(1));
          Map<String, Integer> two = Map.of("num_partitions", 2);
          Runs.Made places = Runs.node(tf, "DynamicPartition", two, each, numbers);
          Runs.Made rows = Runs.node(tf, "DynamicPartition", two, x, numbers);
          if (draw.chance(0.3)) {
            return rows.output(draw.in(0, 1));
          }
          return new Runs.Made(
                  tf.scope()
                      .env()
                      .opBuilder("DynamicStitch", tf.scope().makeOpName("stitched"), tf.scope())
                      .addInputList(outputs(places.output(0), places.output(1)))
                      .addInputList(
                          outputs(times(tf, rows.output(0), 2), tf.math.neg(rows.output(1))))
                      .build())
              .output();
        });
  }

  private static Output<?>[] outputs(Operand<?>... tensors) {
    return Arrays.stream(tensors).map(Operand::asOutput).toArray(Output<?>[]::new);
  }

  private static Operand<TFloat32> first(Ops tf, Operand<TFloat32> x) {
    Operand<TFloat32> all = tf.reshape(x, tf.constant(new int[] {-1}));
    return tf.gather(all, tf.constant(0), tf.constant(0));
  }

  private static float[][] places(Draw draw, int rows, int columns) {
    float[][] places = new float[rows][columns];
    for (float[] place : places) {
      for (int i = 0; i < columns; i++) {
        place[i] = draw.in(0, 2);
      }
    }
    return places;
  }

  /** Its sums run in parallel, and lose what two of them add to one place at a time. */
  @Example
  void scatterNdAddsOnlyWhereEachPlaceIsThereOnce() {
    for (int[][] places : new int[][][] {{{2}, {0}, {1}}, {{2}, {0}, {2}}}) {
      OnnxMl.ModelProto model =
          Runs.same(
              Runs.graph(
                  new long[] {3, 2},
                  tf ->
                      x ->
                          one(
                              tf,
                              "ScatterNd",
                              tf.constant(places),
                              x,
                              tf.constant(new int[] {4, 2}))),
              Runs.random(3, 3, 2),
              3,
              2);
      boolean once = places[2][0] == 1;
      assertThat(Runs.ops(model)).contains(once ? "ScatterND" : "ScatterElements");
    }
  }

  @Property(seed = "1", tries = 3)
  void segments(@ForAll long seed) {
    for (String kind : List.of("Sum", "Prod", "Max", "Min", "Mean")) {
      Draw.check(
          seed ^ kind.hashCode(),
          new Domain(1, 4, false),
          (tf, draw, x, shape) -> {
            int[] segments = new int[(int) shape[0]];
            boolean sorted = draw.flip() || kind.equals("Mean");
            if (sorted) {
              Arrays.setAll(segments, i -> draw.in(0, 3));
              Arrays.sort(segments); // some may be left out
              return one(tf, "Segment" + kind, x, tf.constant(segments));
            }
            Arrays.setAll(segments, i -> draw.in(-1, 3));
            Operand<?> numbers = tf.constant(segments);
            if (shape.length > 1 && draw.flip()) {
              int[] sizes = {(int) shape[0], (int) shape[1]};
              numbers =
                  tf.broadcastTo(
                      tf.reshape(tf.constant(segments), tf.constant(new int[] {-1, 1})),
                      tf.constant(sizes));
            }
            Operand<TFloat32> of = one(tf, "UnsortedSegment" + kind, x, numbers, tf.constant(4));
            // A segment without rows has the lowest number that there is, of doubles in the
            // reference.
            return tf.math.maximum(tf.math.minimum(of, tf.constant(99f)), tf.constant(-99f));
          });
    }
    Draw.check(
        seed + 1,
        new Domain(1, 3, true),
        (tf, draw, x, shape) -> {
          DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64);
          int[] segments = new int[(int) shape[0]];
          Arrays.setAll(segments, i -> draw.in(0, 2));
          Operand<?> whole = cast(tf, times(tf, x, 9), type);
          String kind = draw.of("Sum", "Prod", "Max", "Min");
          return one(tf, "UnsortedSegment" + kind, whole, tf.constant(segments), tf.constant(4));
        });
  }

  @Property(seed = "1", tries = 25)
  void slicesOfComputedBounds(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int cut = draw.in(1, shape.length);
          int added = draw.of(0, 0, 1, 2);
          int count = cut + added + draw.in(0, 1);
          int ellipsis = count > cut + added ? 1 << draw.in(0, count - 1) : 0;
          int fresh = 0;
          while (Integer.bitCount(fresh) < added) {
            fresh |= (1 << draw.in(0, count - 1)) & ~ellipsis;
          }
          int[] begin = new int[count];
          int[] end = new int[count];
          int[] step = new int[count];
          int shrink = 0;
          int axis = 0;
          for (int i = 0; i < count; i++) {
            step[i] = 1;
            if ((ellipsis >> i & 1) != 0) {
              axis = shape.length - cut + axis;
            } else if ((fresh >> i & 1) == 0) {
              int size = (int) shape[axis++];
              begin[i] = draw.in(-size, size - 1);
              end[i] = draw.in(-size, size + 1);
              if (draw.chance(0.3)) {
                shrink |= 1 << i;
              } else {
                step[i] = draw.in(1, 2);
              }
            }
          }
          Operand<?> from = atRunTime(tf, x, begin);
          Operand<?> to = draw.flip() ? tf.constant(end) : atRunTime(tf, x, end);
          return Runs.node(
                  tf,
                  "StridedSlice",
                  Map.of(
                      "begin_mask",
                      draw.in(0, (1 << count) - 1),
                      "end_mask",
                      draw.in(0, (1 << count) - 1),
                      "ellipsis_mask",
                      ellipsis,
                      "new_axis_mask",
                      fresh,
                      "shrink_axis_mask",
                      shrink),
                  x,
                  from,
                  to,
                  tf.constant(step))
              .output();
        });
  }

  /** Numbers that are not known before it runs: with those of x that are above 99, none. */
  static Operand<?> atRunTime(Ops tf, Operand<?> x, int... numbers) {
    Operand<?> above = one(tf, "Greater", x, tf.constant(99f));
    Operand<?> flat = one(tf, "Reshape", above, tf.constant(new int[] {-1}));
    Operand<?> any = one(tf, "Any", flat, tf.constant(0));
    return one(tf, "AddV2", tf.constant(numbers), cast(tf, any, DataType.DT_INT32));
  }

  @Property(seed = "1", tries = 4)
  void biasesOfTheFirstVersion(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 5, false),
        (tf, draw, x, shape) ->
            one(tf, "BiasAddV1", x, draw.constant(tf, shape[shape.length - 1])));
  }

  @Property(seed = "1", tries = 10)
  void boxesCutOutOfImages(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(4, 4, true),
        (tf, draw, x, shape) -> {
          // Some reach out of the image, some are upside down.
          float[][] boxes = {{0, 0, 1, 1}, {0.13f, 0.21f, 0.77f, 0.94f}, {0.9f, -0.3f, 0.2f, 1.2f}};
          int[] images = {0, (int) shape[0] - 1, 0};
          return Runs.node(
                  tf,
                  "CropAndResize",
                  Map.of(
                      "method",
                      draw.of("bilinear", "nearest"),
                      "extrapolation_value",
                      draw.of(0f, 0.5f)),
                  x,
                  tf.constant(boxes),
                  tf.constant(images),
                  tf.constant(new int[] {draw.in(1, 6), draw.in(1, 6)}))
              .output();
        });
  }

  @Example
  void cropsNotMuchSmallerThanTheirPictureAreProducts() {
    assertThat(crop(new int[] {7, 9}, 0)).contains("Einsum").doesNotContain("GatherND");
    assertThat(crop(new int[] {2, 9}, 0)).contains("GatherND").doesNotContain("Einsum");
    assertThat(crop(new int[] {7, 9}, 1)).contains("GatherND"); // what is outside is not 0
  }

  private static List<String> crop(int[] size, float outside) {
    float[][] boxes = {{0.1f, 0.3f, 0.8f, 1.1f}, {1, 0, 0, 1}};
    return Runs.ops(
        Runs.same(
            Runs.graph(
                new long[] {-1, 14, 11, 2},
                tf ->
                    x ->
                        Runs.node(
                                tf,
                                "CropAndResize",
                                Map.of("extrapolation_value", outside),
                                x,
                                tf.constant(boxes),
                                tf.constant(new int[] {1, 0}),
                                tf.constant(size))
                            .output()),
            Runs.random(1, 2, 14, 11, 2),
            2,
            14,
            11,
            2));
  }

  /** Whether the last pixel of such a box is inside is a matter of how its place is rounded. */
  @Example
  void boxesThatEndAtTheEdge() {
    float[][] boxes = new float[400][];
    Arrays.setAll(
        boxes, i -> new float[] {i % 20 / 20f, i % 23 / 23f, 1, i % 2 == 0 ? 1 : 0.5f + i / 800f});
    for (int side : new int[] {1, 2, 7, 14, 28}) {
      Runs.same(
          Runs.graph(
              new long[] {1, 14, 11, 1},
              tf ->
                  x ->
                      Runs.node(
                              tf,
                              "CropAndResize",
                              Map.of("extrapolation_value", side % 2 == 0 && side > 2 ? 0f : 9f),
                              x,
                              tf.constant(boxes),
                              tf.constant(new int[boxes.length]),
                              tf.constant(new int[] {side, side}))
                          .output()),
          Runs.random(side, 1, 14, 11, 1),
          1,
          14,
          11,
          1);
    }
  }

  @Property(seed = "1", tries = 6)
  void bins(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          DataType type = draw.of(DataType.DT_FLOAT, DataType.DT_INT32, DataType.DT_INT64);
          return new Runs.Made(
                  tf.scope()
                      .env()
                      .opBuilder("Bucketize", tf.scope().makeOpName("bins"), tf.scope())
                      .addInput(cast(tf, times(tf, x, 3), type).asOutput())
                      .setAttr("boundaries", new float[] {-1, 0, 1, 2.5f})
                      .build())
              .output();
        });
  }

  @Property(seed = "1", tries = 4)
  void placesInSortedRows(@ForAll long seed) {
    for (String op : List.of("LowerBound", "UpperBound")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(2, 2, true),
          (tf, draw, x, shape) -> {
            DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64);
            Operand<TFloat32> steps = tf.math.floor(times(tf, tf.math.abs(x), 2)); // some equal
            Operand<TFloat32> sorted = one(tf, "Cumsum", steps, tf.constant(1));
            Operand<TFloat32> values = tf.math.add(steps, tf.constant(1f));
            return Runs.node(tf, op, Map.of("out_type", type), sorted, values).output();
          });
    }
  }

  @Property(seed = "1", tries = 8)
  void countsOfNumbers(@ForAll long seed) {
    for (String op : List.of("Bincount", "DenseBincount")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(1, 2, true),
          (tf, draw, x, shape) -> {
            boolean dense = op.equals("DenseBincount");
            Operand<TFloat32> some = tf.math.abs(times(tf, x, 3)); // some beyond the last bin
            DataType type = dense && draw.flip() ? DataType.DT_INT64 : DataType.DT_INT32;
            Operand<?> size = type == DataType.DT_INT64 ? tf.constant(4L) : tf.constant(4);
            Operand<?> weights = draw.flip() ? tf.math.exp(x) : Runs.constant(tf, new float[0], 0);
            return Runs.node(
                    tf,
                    op,
                    dense ? Map.of("binary_output", draw.flip()) : Map.of(),
                    cast(tf, some, type),
                    size,
                    weights)
                .output();
          });
    }
  }

  @Property(seed = "1", tries = 12)
  void boxesThatOverlap(@ForAll long seed) {
    for (String op : List.of("", "V2", "V3", "V4", "V5")) {
      Draw draw = new Draw(seed ^ op.hashCode());
      int count = draw.in(1, 12);
      long[] sizes = {count, 5};
      boolean open = draw.flip();
      Runs.same(
          Runs.graph(
              new long[] {open ? -1 : count, 5},
              tf ->
                  x -> {
                    Operand<TFloat32> corner = part(tf, x, 0, 2);
                    Operand<TFloat32> side = tf.math.exp(part(tf, x, 2, 2));
                    Operand<TFloat32> boxes =
                        tf.concat(List.of(corner, tf.math.add(corner, side)), tf.constant(1));
                    Operand<?> scores = tf.squeeze(part(tf, x, 4, 1), Squeeze.axis(List.of(1L)));
                    List<Operand<?>> in =
                        new ArrayList<>(List.of(boxes, scores, tf.constant(draw.in(1, 8))));
                    float most = draw.of(0.1f, 0.3f, 0.6f);
                    if (!op.isEmpty()) {
                      in.add(tf.constant(most));
                    }
                    if (op.compareTo("V3") >= 0) {
                      in.add(tf.constant(draw.of(Float.NEGATIVE_INFINITY, 0f)));
                    }
                    if (op.equals("V5")) {
                      in.add(tf.constant(0f));
                    }
                    Map<String, ?> attributes =
                        op.isEmpty() ? Map.of("iou_threshold", most) : Map.of();
                    int outputs = op.equals("V5") ? 3 : op.equals("V4") ? 2 : 1;
                    return Runs.node(
                            tf, "NonMaxSuppression" + op, attributes, in.toArray(Operand[]::new))
                        .output(draw.in(0, outputs - 1));
                  }),
          Runs.random(seed, sizes),
          sizes);
    }
  }

  private static Operand<TFloat32> part(Ops tf, Operand<TFloat32> x, int from, int columns) {
    return tf.slice(x, tf.constant(new int[] {0, from}), tf.constant(new int[] {-1, columns}));
  }
}
