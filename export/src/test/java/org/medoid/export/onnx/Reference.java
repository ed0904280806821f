package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.Graph;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.proto.TensorProto;
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
final class Reference {
  /** Operations without a kernel for double, or whose result is float whatever they read. */
  private static final Set<String> FLOAT =
      Set.of(
          "AdjustContrastv2",
          "AdjustHue",
          "AdjustSaturation",
          "FakeQuantWithMinMaxArgs",
          "FakeQuantWithMinMaxVars",
          "FakeQuantWithMinMaxVarsPerChannel",
          "FusedBatchNorm",
          "FusedBatchNormV2",
          "FusedBatchNormV3",
          "LRN",
          "ResizeBilinear",
          "ResizeBicubic",
          "ResizeArea",
          "ScaleAndTranslate",
          "CropAndResize",
          "MaxPool3D",
          "AvgPool3D");

  private static final Set<DataType> AS_THEY_ARE = Set.of(DataType.DT_HALF, DataType.DT_COMPLEX64);

  /**
   * TensorFlow computes what the graph says: its optimiser folds a division by zero into a kernel,
   * adds a bias to the wrong axis, and aborts the process for some products behind a convolution.
   */
  private static final ConfigProto AS_WRITTEN =
      ConfigProto.newBuilder()
          .setGraphOptions(
              GraphOptions.newBuilder()
                  .setRewriteOptions(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)))
          .build();

  /** A tensor as doubles, and the type that it has in the graph as written. */
  record Values(DataType type, long[] shape, double[] values) {}

  private final GraphDef written;
  private final boolean asWritten;
  private final float[] x;
  private final long[] shape;

  Reference(GraphDef written, float[] x, long... shape) {
    this.written = written;
    this.asWritten =
        written.getNodeList().stream()
            .anyMatch(
                node ->
                    node.getOp().startsWith("NonMaxSuppression") // has no kernel for double
                        || node.getAttrMap().values().stream()
                            .anyMatch(attribute -> AS_THEY_ARE.contains(attribute.getType())));
    this.x = x;
    this.shape = shape;
  }

  /** The values of y. */
  Values exact() {
    return run(null);
  }

  /**
   * How far each value of y moves when the input and the constants are off by a float's rounding:
   * the most of four draws. No program that computes in float can be asked for more than that.
   */
  double[] noise() {
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
    return random == null ? 1 : 1 + Math.scalb(2 * random.nextDouble() - 1, -23);
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
        graph.importGraphDef(asWritten ? written : inDouble(random));
        try (Session session = new Session(graph, AS_WRITTEN);
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

  /** The graph with double for float; the constants are those of the graph, times a factor. */
  private GraphDef inDouble(Random random) {
    GraphDef.Builder graph = GraphDef.newBuilder().setVersions(written.getVersions());
    for (NodeDef node : written.getNodeList()) {
      String name = node.getName();
      if (node.getOp().equals("Const")) {
        if (node.getAttrMap().get("dtype").getType() == DataType.DT_FLOAT) {
          TensorProto tensor = node.getAttrMap().get("value").getTensor();
          graph.addNode(node.toBuilder().setName(name + "/float"));
          graph.addNode(cast(name + "/double", name + "/float", true));
          graph.addNode(factors(name + "/factors", tensor, random));
          graph.addNode(
              NodeDef.newBuilder()
                  .setName(name)
                  .setOp("Mul")
                  .addAllInput(List.of(name + "/double", name + "/factors"))
                  .putAttr("T", type(DataType.DT_DOUBLE)));
        } else {
          graph.addNode(node);
        }
      } else if (FLOAT.contains(node.getOp())) {
        NodeDef.Builder single = node.toBuilder().setName(name + "/float").clearInput();
        List<DataType> types = inputTypes(node);
        for (int i = 0; i < node.getInputCount(); i++) {
          String input = node.getInput(i);
          if (types.get(i) == DataType.DT_FLOAT) {
            graph.addNode(cast(name + "/in" + i, input, false));
            input = name + "/in" + i;
          }
          single.addInput(input);
        }
        graph.addNode(single);
        graph.addNode(cast(name, name + "/float", true));
        written.getNodeList().stream()
            .flatMap(reader -> reader.getInputList().stream())
            .filter(input -> input.startsWith(name + ":"))
            .distinct()
            .forEach(
                input ->
                    graph.addNode(
                        cast(renamed(input), input.replace(name + ":", name + "/float:"), true)));
      } else {
        NodeDef.Builder twice = node.toBuilder();
        node.getAttrMap().forEach((key, value) -> twice.putAttr(key, inDouble(value)));
        for (int i = 0; i < node.getInputCount(); i++) {
          String from = node.getInput(i);
          boolean single =
              written.getNodeList().stream()
                  .anyMatch(n -> FLOAT.contains(n.getOp()) && from.startsWith(n.getName() + ":"));
          twice.setInput(i, single ? renamed(from) : from);
        }
        graph.addNode(twice);
      }
    }
    return graph.build();
  }

  /** The node that makes a double of a later output of a node of floats. */
  private static String renamed(String output) {
    return output.replace(":", "/out");
  }

  private List<DataType> inputTypes(NodeDef node) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(written);
      return IntStream.range(0, node.getInputCount())
          .mapToObj(
              i -> {
                Source.TensorName input = Source.TensorName.parse(node.getInput(i));
                return graph.operation(input.node()).output(input.index()).dataType();
              })
          .toList();
    }
  }

  private static AttrValue inDouble(AttrValue value) {
    if (value.getType() == DataType.DT_FLOAT) {
      return type(DataType.DT_DOUBLE);
    }
    if (value.getList().getTypeCount() > 0) {
      AttrValue.Builder out = value.toBuilder();
      for (int i = 0; i < value.getList().getTypeCount(); i++) {
        if (value.getList().getType(i) == DataType.DT_FLOAT) {
          out.getListBuilder().setType(i, DataType.DT_DOUBLE);
        }
      }
      return out.build();
    }
    return value;
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static NodeDef cast(String name, String input, boolean up) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Cast")
        .addInput(input)
        .putAllAttr(
            Map.of(
                "SrcT", type(up ? DataType.DT_FLOAT : DataType.DT_DOUBLE),
                "DstT", type(up ? DataType.DT_DOUBLE : DataType.DT_FLOAT)))
        .build();
  }

  private static NodeDef factors(String name, TensorProto like, Random random) {
    long size =
        like.getTensorShape().getDimList().stream()
            .mapToLong(dimension -> dimension.getSize())
            .reduce(1, (a, b) -> a * b);
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_DOUBLE).setTensorShape(like.getTensorShape());
    for (long i = 0; i < size; i++) {
      tensor.addDoubleVal(factor(random));
    }
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .putAttr("dtype", type(DataType.DT_DOUBLE))
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }
}
