package org.medoid.export;

import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.savedmodel.AsWritten;
import org.tensorflow.Graph;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * What a graph of float numbers computes, on any machine: TensorFlow runs it in double precision.
 * Its float kernels are no yardstick. With oneDNN, which is on by default on processors with
 * AVX512_VNNI, TensorFlow 2.18 fails on a convolution behind a padding of channels and computes
 * products of batches of matrices wrong; doubles never reach oneDNN.
 *
 * <p>Graphs with half precision run as they are: a double and a float are not rounded to the same
 * half. So do those with complex numbers.
 */
public final class Reference {
  /** A rounding of a float. */
  private static final double STEP = Math.scalb(1.0, -23);

  private static final Set<DataType> AS_THEY_ARE = Set.of(DataType.DT_HALF, DataType.DT_COMPLEX64);

  /** A tensor as doubles, and the type that it has in the graph as written. */
  public record Values(DataType type, long[] shape, double[] values) {}

  private final GraphDef written;
  private final boolean asWritten;
  private final float[] x;
  private final long[] shape;

  /**
   * A graph with the input {@code x} and the output {@code y}.
   *
   * @param x its values
   * @param shape theirs
   */
  public Reference(GraphDef written, float[] x, long... shape) {
    this.written = written;
    this.asWritten =
        written.getNodeList().stream()
            .anyMatch(
                node ->
                    node.getOp().startsWith("NonMaxSuppression") // has no kernel for double
                        || node.getOp().startsWith("ImageProjective") // whose numbers are floats
                        || node.getAttrMap().values().stream()
                            .anyMatch(attribute -> AS_THEY_ARE.contains(attribute.getType())));
    this.x = x;
    this.shape = shape;
  }

  /** The values of y. */
  public Values exact() {
    return run(null);
  }

  /**
   * How far each value of y moves when the input and the constants are off by a float's rounding:
   * the most of four draws. No program that computes in float can be asked for more than that.
   */
  public double[] noise() {
    double[] values = exact().values();
    double[] most = new double[values.length];
    for (int draw = 0; draw < 4; draw++) {
      double[] moved = run(new Random(draw)).values();
      Arrays.setAll(
          most,
          i -> moved[i] == values[i] ? most[i] : Math.max(most[i], Math.abs(moved[i] - values[i])));
    }
    return most;
  }

  private static double factor(Random random) {
    return random == null ? 1 : 1 + STEP * (2 * random.nextDouble() - 1);
  }

  private Values run(Random random) {
    double[] fed = IntStream.range(0, x.length).mapToDouble(i -> x[i] * factor(random)).toArray();
    float[] single = new float[fed.length];
    for (int i = 0; i < fed.length; i++) {
      single[i] = (float) fed[i];
    }
    try (Graph imported = new Graph()) {
      imported.importGraphDef(written);
      DataType type = imported.operation("y").output(0).dataType();
      try (Graph graph = new Graph()) {
        graph.importGraphDef(
            asWritten
                ? written
                : random == null
                    ? DoubleGraph.of(written)
                    : DoubleGraph.moved(written, STEP, random.nextInt()));
        try (Session session = new Session(graph, AsWritten.CONFIG);
            Tensor in =
                asWritten
                    ? TFloat32.tensorOf(Shape.of(shape), DataBuffers.of(single))
                    : TFloat64.tensorOf(Shape.of(shape), DataBuffers.of(fed));
            Result result = session.runner().feed("x", in).fetch("y").run()) {
          return new Values(type, result.get(0).shape().asArray(), doubles(result.get(0)));
        }
      }
    }
  }

  private static double[] doubles(Tensor tensor) {
    RawTensor raw = tensor.asRawTensor();
    byte[] data = new byte[Math.toIntExact(raw.numBytes())];
    if (data.length > 0) {
      raw.data().read(data);
    }
    return new Constant(raw.dataType(), raw.shape().asArray(), data).doubles();
  }
}
