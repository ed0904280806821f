package org.medoid.ops;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.medoid.ops.clustering.Clustering;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.ops.clustering.StructuredClustering;
import org.medoid.ops.host.HostKernel;
import org.medoid.ops.host.HostOp;
import org.medoid.ops.host.HostTensor;
import org.medoid.ops.host.KernelAttributes;
import org.medoid.ops.host.KernelContext;
import org.medoid.ops.host.ShapeContext;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.family.TNumber;

/**
 * What TensorFlow is told of {@link FacilityLocationLoss}: definition, shapes, kernel, gradient.
 */
final class FacilityLocationKernel {
  private FacilityLocationKernel() {}

  /** The definition of the op. */
  static HostOp definition(String name) {
    ClusteringOptions defaults = ClusteringOptions.defaults();
    return HostOp.define(name)
        .attribute("T: {float, double} = DT_FLOAT")
        .attribute("Tlabels: {int32, int64} = DT_INT64")
        .attribute(choice("margin", defaults.margin(), Margin.values(), Margin::attribute))
        .attribute(
            choice(
                "local_search",
                defaults.localSearch(),
                LocalSearch.values(),
                LocalSearch::attribute))
        .attribute(choice("distance", defaults.distance(), Distance.values(), Distance::attribute))
        .attribute("max_sweeps: int >= 0 = " + defaults.maxSweeps())
        .attribute(choice("start", defaults.start(), Start.values(), Start::attribute))
        .attribute("seed: int = " + defaults.seed())
        .input("embeddings: T")
        .input("labels: Tlabels")
        .input("margin_multiplier: float")
        .output("loss: T")
        .output("backprop: T")
        .output("medoids: int32")
        .output("assignments: int32")
        .output("facility_score: T")
        .output("oracle_score: T")
        .output("agreement: float")
        .shapes(FacilityLocationKernel::inferShapes)
        .kernel(FacilityLocationKernel::kernel)
        .gradient(FacilityLocationKernel::gradient);
  }

  /** The specification of a string attribute with its allowed values and its default. */
  private static <E> String choice(
      String name, E preset, E[] values, Function<E, String> attribute) {
    return Arrays.stream(values)
        .map(value -> "'" + attribute.apply(value) + "'")
        .collect(Collectors.joining(", ", name + ": {", "} = '" + attribute.apply(preset) + "'"));
  }

  private static void inferShapes(ShapeContext context) {
    Shape embeddings = context.input(0, "embeddings", 2);
    Shape labels = context.input(1, "labels", 1);
    context.input(2, "margin_multiplier", 0);
    long m = embeddings.get(0);
    long labelCount = labels.get(0);
    if (m != Shape.UNKNOWN_SIZE && labelCount != Shape.UNKNOWN_SIZE && m != labelCount) {
      throw new IllegalArgumentException(
          "embeddings has " + m + " rows but labels has " + labelCount + " values");
    }
    if (m == Shape.UNKNOWN_SIZE) {
      m = labelCount;
    }
    context.output(0, Shape.scalar());
    context.output(1, Shape.of(m, embeddings.get(1)));
    context.output(2, Shape.of(Shape.UNKNOWN_SIZE));
    context.output(3, Shape.of(m));
    context.output(4, Shape.scalar());
    context.output(5, Shape.scalar());
    context.output(6, Shape.scalar());
  }

  private static HostKernel kernel(KernelAttributes attributes) {
    StructuredClustering method =
        new StructuredClustering(
            new ClusteringOptions(
                Margin.of(attributes.string("margin")),
                LocalSearch.of(attributes.string("local_search")),
                Distance.of(attributes.string("distance")),
                Math.toIntExact(Math.min(attributes.integer("max_sweeps"), Integer.MAX_VALUE)),
                Start.of(attributes.string("start")),
                attributes.integer("seed")));
    return context -> compute(method, context);
  }

  private static void compute(StructuredClustering method, KernelContext context) {
    HostTensor embeddings = context.input(0);
    HostTensor labels = context.input(1);
    HostTensor multiplier = context.input(2);
    requireRank("embeddings", embeddings.shape(), 2);
    requireRank("labels", labels.shape(), 1);
    requireRank("margin_multiplier", multiplier.shape(), 0);
    int m = Math.toIntExact(embeddings.shape().get(0));
    int d = Math.toIntExact(embeddings.shape().get(1));

    Clustering result =
        method.solve(
            doubles(embeddings), m, d, longs(labels), multiplier.data().asFloatBuffer().get(0));

    DataType type = embeddings.type();
    writeScalar(context, 0, type, "loss", result.loss());
    double[] gradient = new double[m * d];
    result.gradient(gradient);
    ByteBuffer backprop = context.output(1, type, embeddings.shape());
    if (type == DataType.DT_DOUBLE) {
      backprop.asDoubleBuffer().put(gradient);
    } else {
      float[] narrow = new float[gradient.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = narrowed("gradient", gradient[i]);
      }
      backprop.asFloatBuffer().put(narrow);
    }
    writeInts(context, 2, result.medoids());
    writeInts(context, 3, result.assignments());
    writeScalar(context, 4, type, "facility score", result.facilityScore());
    writeScalar(context, 5, type, "oracle score", result.oracleScore());
    writeScalar(context, 6, DataType.DT_FLOAT, "agreement", result.agreement());
  }

  /** Of finite embeddings nothing is infinite: a step by it would be the last. */
  private static float narrowed(String name, double value) {
    float narrow = (float) value;
    if (Float.isInfinite(narrow)) {
      throw new IllegalArgumentException(
          "the " + name + " of embeddings overflows float32 (" + value + "); float64 holds it");
    }
    return narrow;
  }

  private static void requireRank(String name, Shape shape, int rank) {
    if (shape.numDimensions() != rank) {
      throw new IllegalArgumentException(
          name + " must have rank " + rank + " but its shape is " + shape);
    }
  }

  private static double[] doubles(HostTensor tensor) {
    if (tensor.type() == DataType.DT_DOUBLE) {
      DoubleBuffer source = tensor.data().asDoubleBuffer();
      double[] values = new double[source.remaining()];
      source.get(values);
      return values;
    }
    FloatBuffer source = tensor.data().asFloatBuffer();
    float[] narrow = new float[source.remaining()];
    source.get(narrow);
    double[] values = new double[narrow.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = narrow[i];
    }
    return values;
  }

  private static long[] longs(HostTensor tensor) {
    if (tensor.type() == DataType.DT_INT64) {
      LongBuffer source = tensor.data().asLongBuffer();
      long[] values = new long[source.remaining()];
      source.get(values);
      return values;
    }
    IntBuffer source = tensor.data().asIntBuffer();
    int[] narrow = new int[source.remaining()];
    source.get(narrow);
    return Arrays.stream(narrow).asLongStream().toArray();
  }

  private static void writeScalar(
      KernelContext context, int index, DataType type, String name, double value) {
    ByteBuffer target = context.output(index, type, Shape.scalar());
    if (type == DataType.DT_DOUBLE) {
      target.putDouble(0, value);
    } else {
      target.putFloat(0, narrowed(name, value));
    }
  }

  private static void writeInts(KernelContext context, int index, int[] values) {
    context.output(index, DataType.DT_INT32, Shape.of(values.length)).asIntBuffer().put(values);
  }

  private static List<Operand<?>> gradient(
      Ops tf, GraphOperation operation, List<Output<?>> gradients) {
    Operand<TNumber> ofLoss = cast(gradients.get(0));
    Operand<TNumber> backprop = cast(operation.output(1));
    return List.of(
        tf.math.mul(ofLoss, backprop),
        tf.zerosLike(operation.input(1)),
        tf.zerosLike(operation.input(2)));
  }

  @SuppressWarnings("unchecked") // both are of the op's type T, which only the graph knows
  private static Operand<TNumber> cast(Output<?> output) {
    return (Operand<TNumber>) output;
  }
}
