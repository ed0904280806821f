package org.medoid.export;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.medoid.export.onnx.pass.Types;
import org.medoid.export.savedmodel.TensorValues;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;

/**
 * A frozen graph in double precision: what the graph says, whatever processor and build of
 * TensorFlow it is asked on. oneDNN, whose float kernels and fusions differ by processor (that of
 * TensorFlow 2.18 computes BatchMatMulV2 wrong with AVX-512), has none for doubles.
 *
 * <p>Optionally every constant is moved at random by a rounding: what that does to the outputs is
 * what any computation with numbers of that many digits may do to them.
 */
final class DoubleGraph {
  /** Operations without a kernel for doubles, or whose result is float whatever they read. */
  private static final Set<String> SINGLE =
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

  private static final Set<String> NORMALISATIONS =
      Set.of("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3");

  private static final Pattern LATER_OUTPUT = Pattern.compile("([^^:]+):([1-9]\\d*)");

  private final GraphDef written;
  private final double step;
  private final int draw;
  private final Set<String> singles = new HashSet<>();
  private final GraphDef.Builder graph = GraphDef.newBuilder();

  private DoubleGraph(GraphDef written, double step, int draw) {
    this.written = written;
    this.step = step;
    this.draw = draw;
  }

  /** The graph with doubles in place of all other floating-point numbers. */
  static GraphDef of(GraphDef written) {
    return new DoubleGraph(written, 0, 0).convert();
  }

  /**
   * The same with each constant times a number between 1 - step and 1 + step.
   *
   * @param draw which random numbers
   */
  static GraphDef moved(GraphDef written, double step, int draw) {
    return new DoubleGraph(written, step, draw).convert();
  }

  private GraphDef convert() {
    graph.setVersions(written.getVersions());
    written.getLibrary().getFunctionList().stream()
        .map(DoubleGraph::inDouble)
        .forEach(graph.getLibraryBuilder()::addFunction);
    Set<String> several = new HashSet<>(); // of which another output than the first is read
    for (NodeDef node : written.getNodeList()) {
      node.getInputList().stream()
          .map(LATER_OUTPUT::matcher)
          .filter(Matcher::matches)
          .forEach(input -> several.add(input.group(1)));
    }
    try (Graph imported = new Graph()) {
      imported.importGraphDef(written);
      for (NodeDef node : written.getNodeList()) {
        if (node.getOp().equals("Const")) {
          constant(node);
        } else if (NORMALISATIONS.contains(node.getOp())
            && isPlain(node)
            && !several.contains(node.getName())) {
          normalisation(node);
        } else if (SINGLE.contains(node.getOp())) {
          single(node, imported);
        } else {
          graph.addNode(as(node.toBuilder(), DataType.DT_DOUBLE));
        }
      }
    }
    for (NodeDef.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        Matcher later = LATER_OUTPUT.matcher(node.getInput(i));
        if (later.matches() && singles.contains(later.group(1))) {
          node.setInput(i, later.group(1) + "/out" + later.group(2));
        }
      }
    }
    return graph.build();
  }

  /** What a loop runs; its constants, small ones, are not moved. */
  private static FunctionDef inDouble(FunctionDef function) {
    FunctionDef.Builder changed = function.toBuilder();
    OpDef.Builder signature = changed.getSignatureBuilder();
    Stream.concat(
            signature.getInputArgBuilderList().stream(),
            signature.getOutputArgBuilderList().stream())
        .filter(argument -> Types.isFloating(argument.getType()))
        .forEach(argument -> argument.setType(DataType.DT_DOUBLE));
    for (NodeDef.Builder node : changed.getNodeDefBuilderList()) {
      TensorProto value = node.getAttrOrDefault("value", flag(false)).getTensor();
      as(node, DataType.DT_DOUBLE);
      if (node.getOp().equals("Const") && Types.isFloating(value.getDtype())) {
        TensorProto.Builder all =
            TensorProto.newBuilder()
                .setDtype(DataType.DT_DOUBLE)
                .setTensorShape(value.getTensorShape());
        Arrays.stream(TensorValues.of(value).all()).forEach(all::addDoubleVal);
        node.putAttr("value", AttrValue.newBuilder().setTensor(all).build());
      }
    }
    return changed.build();
  }

  private void constant(NodeDef node) {
    DataType type = node.getAttrOrThrow("dtype").getType();
    if (!Types.isFloating(type)) {
      graph.addNode(node);
      return;
    }
    String name = node.getName();
    graph.addNode(node.toBuilder().setName(name + "/written"));
    if (step == 0) {
      graph.addNode(cast(name, name + "/written", type, DataType.DT_DOUBLE));
      return;
    }
    graph.addNode(cast(name + "/double", name + "/written", type, DataType.DT_DOUBLE));
    add("Shape", name + "/shape", List.of(name + "/double"), DataType.DT_DOUBLE)
        .putAttr("out_type", type(DataType.DT_INT32));
    scalars(name + "/seed", DataType.DT_INT32, graph.getNodeCount(), draw);
    add(
            "StatelessRandomUniform",
            name + "/random",
            List.of(name + "/shape", name + "/seed"),
            DataType.DT_INT32)
        .putAttr("dtype", type(DataType.DT_DOUBLE))
        .putAttr("Tseed", type(DataType.DT_INT32));
    scalars(name + "/step", DataType.DT_DOUBLE, 2 * step);
    scalars(name + "/least", DataType.DT_DOUBLE, 1 - step);
    mul(name + "/stretched", name + "/random", name + "/step");
    sum(name + "/factors", name + "/stretched", name + "/least");
    mul(name, name + "/double", name + "/factors");
  }

  /** Inference over the last axis. */
  private boolean isPlain(NodeDef node) {
    String layout = node.getAttrOrDefault("data_format", text("NHWC")).getS().toStringUtf8();
    boolean training = node.getAttrOrDefault("is_training", flag(true)).getB();
    return layout.equals("NHWC") && !training;
  }

  private static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(com.google.protobuf.ByteString.copyFromUtf8(value)).build();
  }

  private static AttrValue flag(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  /** (x - mean) · (scale / sqrt(variance + ε)) + offset. */
  private void normalisation(NodeDef node) {
    String name = node.getName();
    AttrValue usual = AttrValue.newBuilder().setF(1e-4f).build();
    scalars(name + "/epsilon", DataType.DT_DOUBLE, node.getAttrOrDefault("epsilon", usual).getF());
    sum(name + "/variance", node.getInput(4), name + "/epsilon");
    add("Rsqrt", name + "/rsqrt", List.of(name + "/variance"), DataType.DT_DOUBLE);
    mul(name + "/scale", name + "/rsqrt", node.getInput(1));
    add("Sub", name + "/centred", List.of(node.getInput(0), node.getInput(3)), DataType.DT_DOUBLE);
    mul(name + "/scaled", name + "/centred", name + "/scale");
    sum(name, name + "/scaled", node.getInput(2));
  }

  private void single(NodeDef node, Graph imported) {
    String name = node.getName();
    NodeDef.Builder single =
        as(node.toBuilder().setName(name + "/single"), DataType.DT_FLOAT).clearInput();
    for (int i = 0; i < node.getInputCount(); i++) {
      String input = node.getInput(i);
      if (!input.startsWith("^") && Types.isFloating(imported.output(input).dataType())) {
        graph.addNode(cast(name + "/in" + i, input, DataType.DT_DOUBLE, DataType.DT_FLOAT));
        input = name + "/in" + i;
      }
      single.addInput(input);
    }
    graph.addNode(single);
    singles.add(name);
    Operation operation = imported.operation(name);
    for (int i = 0; i < operation.numOutputs(); i++) {
      boolean floating = Types.isFloating(operation.output(i).dataType());
      DataType type = floating ? DataType.DT_FLOAT : operation.output(i).dataType();
      graph.addNode(
          cast(
              i == 0 ? name : name + "/out" + i,
              name + "/single:" + i,
              type,
              floating ? DataType.DT_DOUBLE : type));
    }
  }

  private static NodeDef.Builder as(NodeDef.Builder node, DataType wanted) {
    for (String key : new ArrayList<>(node.getAttrMap().keySet())) {
      AttrValue value = node.getAttrMap().get(key);
      if (Types.isFloating(value.getType())) {
        node.putAttr(key, type(wanted));
      } else if (value.getList().getTypeCount() > 0) {
        AttrValue.Builder types = value.toBuilder();
        for (int i = 0; i < value.getList().getTypeCount(); i++) {
          if (Types.isFloating(value.getList().getType(i))) {
            types.getListBuilder().setType(i, wanted);
          }
        }
        node.putAttr(key, types.build());
      }
    }
    return node;
  }

  private void mul(String name, String a, String b) {
    add("Mul", name, List.of(a, b), DataType.DT_DOUBLE);
  }

  private void sum(String name, String a, String b) {
    add("AddV2", name, List.of(a, b), DataType.DT_DOUBLE);
  }

  private NodeDef.Builder add(String op, String name, List<String> inputs, DataType type) {
    return graph
        .addNodeBuilder()
        .setOp(op)
        .setName(name)
        .addAllInput(inputs)
        .putAttr("T", type(type));
  }

  /** A constant: a scalar, or a vector of whole numbers. */
  private void scalars(String name, DataType type, double... values) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDtype(type);
    if (type == DataType.DT_DOUBLE) {
      tensor.getTensorShapeBuilder();
      tensor.addDoubleVal(values[0]);
    } else {
      tensor.getTensorShapeBuilder().addDimBuilder().setSize(values.length);
      for (double value : values) {
        tensor.addIntVal((int) value);
      }
    }
    graph
        .addNodeBuilder()
        .setOp("Const")
        .setName(name)
        .putAttr("dtype", type(type))
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build());
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static NodeDef cast(String name, String input, DataType from, DataType to) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Cast")
        .addInput(input)
        .putAttr("SrcT", type(from))
        .putAttr("DstT", type(to))
        .build();
  }
}
