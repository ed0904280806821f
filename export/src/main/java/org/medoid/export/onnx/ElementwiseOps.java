package org.medoid.export.onnx;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/** Operations that compute each element of the result from those at the same place. */
final class ElementwiseOps {
  private ElementwiseOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String op :
        List.of(
            "Abs",
            "Ceil",
            "Cos",
            "Elu",
            "Erf",
            "Exp",
            "Floor",
            "Log",
            "Neg",
            "Reciprocal",
            "Round",
            "Selu",
            "Sigmoid",
            "Sign",
            "Sin",
            "Softplus",
            "Softsign",
            "Sqrt",
            "Tan",
            "Tanh",
            "Acos",
            "Asin",
            "Atan",
            "Cosh",
            "Sinh",
            "Acosh",
            "Asinh",
            "Atanh")) {
      table.put(op, node -> apply(node, op));
    }
    table.put("Inv", node -> apply(node, "Reciprocal"));
    table.put("Rint", node -> apply(node, "Round"));
    table.put("LogicalNot", node -> apply(node, "Not"));
    table.put("IsNan", node -> apply(node, "IsNaN"));
    table.put("IsInf", node -> apply(node, "IsInf"));
    table.put("IsFinite", ElementwiseOps::isFinite);
    // What patterns are made of stays one node until they have been looked for.
    table.put("Rsqrt", node -> apply(node, OnnxGraph.RSQRT));
    table.put("Square", node -> apply(node, OnnxGraph.SQUARE));
    table.put("Erfc", ElementwiseOps::erfc);
    table.put("Relu", ElementwiseOps::positive);
    table.put("Relu6", node -> clip(node, 0, 6));
    table.put(
        "LeakyRelu",
        node ->
            node.alignedOutput(
                0, node.emit("LeakyRelu", node.aligned(), Map.of("alpha", node.decimal("alpha")))));
    table.put("Log1p", with(ElementwiseOps::log1p));
    table.put("Expm1", with(ElementwiseOps::expm1));
    table.put("ZerosLike", with((node, x) -> filled(node, x, 0)));
    table.put("OnesLike", with((node, x) -> filled(node, x, 1)));
    table.put("Cast", with((node, x) -> node.cast(x, node.type(0), node.outputType(0))));
    table.put("Softmax", node -> softmax(node, "Softmax"));
    table.put("LogSoftmax", node -> softmax(node, "LogSoftmax"));

    for (String op : List.of("Add", "Sub", "Mul", "Pow", "Greater", "Less", "Equal")) {
      table.put(op, node -> apply(node, op));
    }
    table.put("AddV2", node -> apply(node, "Add"));
    table.put("AddN", ElementwiseOps::addAll);
    table.put("RealDiv", node -> apply(node, "Div"));
    table.put("Div", node -> apply(node, "Div"));
    table.put("TruncateDiv", node -> apply(node, "Div")); // of whole numbers alone
    table.put("Maximum", node -> apply(node, "Max"));
    table.put("Minimum", node -> apply(node, "Min"));
    table.put("GreaterEqual", node -> apply(node, "GreaterOrEqual"));
    table.put("LessEqual", node -> apply(node, "LessOrEqual"));
    table.put("LogicalAnd", node -> apply(node, "And"));
    table.put("LogicalOr", node -> apply(node, "Or"));
    table.put(
        "NotEqual",
        node -> node.alignedOutput(0, node.emit("Not", node.emit("Equal", node.aligned()))));
    table.put(
        "SquaredDifference",
        node ->
            node.alignedOutput(0, node.emit(OnnxGraph.SQUARE, node.emit("Sub", node.aligned()))));
    table.put("FloorMod", ElementwiseOps::floorMod);
    for (String op : List.of("Mod", "TruncateMod")) { // two names of the same
      table.put(
          op, node -> node.alignedOutput(0, node.emit("Mod", node.aligned(), Map.of("fmod", 1))));
    }
    table.put("FloorDiv", ElementwiseOps::floorDiv);
    table.put("ClipByValue", ElementwiseOps::clipByValue);
    table.put("BiasAdd", ElementwiseOps::biasAdd);
    table.put("BiasAddV1", node -> apply(node, "Add"));
    table.put("DivNoNan", node -> unlessZero(node, 1, t -> node.emit("Div", t)));
    table.put("MulNoNan", node -> unlessZero(node, 1, t -> node.emit("Mul", t)));
    table.put("Xdivy", node -> unlessZero(node, 0, t -> node.emit("Div", t)));
    table.put(
        "Xlogy",
        node -> unlessZero(node, 0, t -> node.emit("Mul", t.get(0), node.emit("Log", t.get(1)))));
    table.put(
        "Xlog1py",
        node -> unlessZero(node, 0, t -> node.emit("Mul", t.get(0), log1p(node, t.get(1)))));
    table.put("Atan2", ElementwiseOps::angle);
    table.put("SelectV2", node -> node.alignedOutput(0, chosen(node, node.aligned())));
    table.put("Select", ElementwiseOps::select);

    for (String op :
        List.of(
            "Identity",
            "StopGradient",
            "PreventGradient",
            "Snapshot",
            "EnsureShape",
            "CheckNumerics",
            "CheckNumericsV2",
            "DeepCopy",
            "GuaranteeConst",
            "PlaceholderWithDefault")) {
      table.put(op, node -> node.same(0, 0));
    }
    table.put(
        "IdentityN",
        node -> {
          for (int i = 0; i < node.inputCount(); i++) {
            node.same(i, i);
          }
        });
  }

  private static void apply(TfNode node, String op) {
    List<String> tensors = node.aligned();
    node.alignedOutput(0, node.emit(op, tensors));
  }

  /** ONNX's Sum takes floats alone. */
  private static void addAll(TfNode node) {
    if (Types.isFloating(node.type(0))) {
      apply(node, "Sum");
      return;
    }
    List<String> tensors = node.aligned();
    String sum = tensors.get(0);
    for (String more : tensors.subList(1, tensors.size())) {
      sum = node.emit("Add", sum, more);
    }
    node.alignedOutput(0, sum);
  }

  private static void positive(TfNode node) {
    if (Types.isFloating(node.type(0))) {
      apply(node, "Relu");
    } else {
      String x = node.aligned().get(0);
      node.alignedOutput(0, node.emit("Max", x, node.scalar(node.type(0), 0)));
    }
  }

  private static OpConverter with(BiFunction<TfNode, String, String> function) {
    return node -> {
      String x = node.aligned().get(0);
      node.alignedOutput(0, function.apply(node, x));
    };
  }

  private static String one(TfNode node) {
    return node.scalar(node.type(0), 1);
  }

  /**
   * log(1 + x), for small numbers too: what 1 + x loses of x, its logarithm lacks in proportion.
   */
  private static String log1p(TfNode node, String x) {
    String u = node.emit("Add", x, one(node));
    String log = node.emit("Log", u);
    // Nothing is left of x, or it is infinite.
    String same = node.emit("Or", node.emit("Equal", u, one(node)), node.emit("Equal", u, log));
    String share = node.emit("Div", log, node.emit("Sub", u, one(node)));
    return node.emit("Where", same, x, node.emit("Mul", x, share));
  }

  /** exp(x) - 1, for small numbers too: as in {@link #log1p}, turned round. */
  private static String expm1(TfNode node, String x) {
    String u = node.emit("Exp", x);
    String less = node.emit("Sub", u, one(node));
    String log = node.emit("Log", u);
    String between = node.emit("Mul", less, node.emit("Div", x, log));
    // Nothing is left of exp(x), or it is infinite.
    String far =
        node.emit(
            "Or",
            node.emit("Equal", less, node.scalar(node.type(0), -1)),
            node.emit("Equal", u, log));
    String most = node.emit("Where", far, less, between);
    return node.emit("Where", node.emit("Equal", u, one(node)), x, most);
  }

  private static String filled(TfNode node, String x, double value) {
    return node.emit("Expand", node.scalar(node.type(0), value), node.emit("Shape", x));
  }

  private static void erfc(TfNode node) {
    if (node.type(0) == DataType.DT_FLOAT) {
      apply(node, OnnxGraph.ERFC);
    } else {
      String erf = node.emit("Erf", node.aligned());
      node.alignedOutput(0, node.emit("Sub", one(node), erf));
    }
  }

  private static void isFinite(TfNode node) {
    List<String> x = node.aligned();
    String no = node.emit("Or", node.emit("IsNaN", x), node.emit("IsInf", x));
    node.alignedOutput(0, node.emit("Not", no));
  }

  /** Zero where an input is zero, whatever the other is. */
  private static void unlessZero(TfNode node, int input, Function<List<String>, String> otherwise) {
    List<String> tensors = node.aligned();
    String zero = node.scalar(node.type(0), 0);
    String none = node.emit("Equal", tensors.get(input), zero);
    node.alignedOutput(0, node.emit("Where", none, zero, otherwise.apply(tensors)));
  }

  /** The angle of (x, y): ONNX knows that of y / x alone, which lies within a half circle. */
  private static void angle(TfNode node) {
    List<String> tensors = node.aligned();
    String y = tensors.get(0);
    String x = tensors.get(1);
    String zero = node.scalar(node.type(0), 0);
    String level = node.emit("Equal", y, zero);
    String steep = node.emit("Atan", node.emit("Div", y, x));
    String within = node.emit("Where", level, zero, steep); // (0, 0) has the angle 0
    String half =
        node.emit(
            "Where",
            isNegative(node, y),
            node.scalar(node.type(0), -Math.PI),
            node.scalar(node.type(0), Math.PI));
    String turn = node.emit("Where", isNegative(node, x), half, zero);
    node.alignedOutput(0, node.emit("Add", within, turn));
  }

  /** Whether numbers are below zero, or zero from below: that decides between π and -π. */
  private static String isNegative(TfNode node, String x) {
    String zero = node.scalar(node.type(0), 0);
    String inverse = node.emit("Div", node.scalar(node.type(0), 1), x);
    return node.emit("Or", node.emit("Less", x, zero), node.emit("Less", inverse, zero));
  }

  private static void clip(TfNode node, double low, double high) {
    DataType type = node.type(0);
    String x = node.aligned().get(0);
    node.alignedOutput(0, node.emit("Clip", x, node.scalar(type, low), node.scalar(type, high)));
  }

  private static void clipByValue(TfNode node) {
    List<String> tensors = node.aligned();
    node.alignedOutput(
        0, node.emit("Max", node.emit("Min", tensors.get(0), tensors.get(2)), tensors.get(1)));
  }

  private static void softmax(TfNode node, String op) {
    int rank = node.rank(0);
    List<String> tensors = node.aligned();
    int axis = node.isAlignedChannelsFirst() ? 1 : rank - 1;
    node.alignedOutput(0, node.emit(op, tensors, Map.of("axis", axis)));
  }

  /** The remainder with the divisor's sign. */
  private static void floorMod(TfNode node) {
    List<String> tensors = node.aligned();
    node.alignedOutput(0, floorMod(node, tensors));
  }

  private static String floorMod(TfNode node, List<String> tensors) {
    if (!Types.isFloating(node.type(0))) {
      return node.emit("Mod", tensors); // ONNX's integer Mod is Python's
    }
    // With the dividend's sign; a quotient that rounds up to a whole number is no matter so.
    String y = tensors.get(1);
    String rest = node.emit("Mod", tensors, Map.of("fmod", 1));
    String product = node.emit("Mul", node.emit("Sign", rest), y);
    String other = node.emit("Less", product, node.scalar(node.type(0), 0));
    return node.emit("Where", other, node.emit("Add", rest, y), rest);
  }

  private static void floorDiv(TfNode node) {
    List<String> tensors = node.aligned();
    if (Types.isFloating(node.type(0))) {
      node.alignedOutput(0, node.emit("Floor", node.emit("Div", tensors)));
    } else {
      // ONNX's integer Div rounds to zero; without the remainder there is nothing to round.
      String multiple = node.emit("Sub", tensors.get(0), floorMod(node, tensors));
      node.alignedOutput(0, node.emit("Div", multiple, tensors.get(1)));
    }
  }

  private static void biasAdd(TfNode node) {
    if (node.text("data_format").equals("NCHW")) {
      String bias;
      if (node.isConstant(1)) {
        long[] shape = TfNode.ones(node.rank(0) - 1);
        shape[0] = node.known(1).size();
        bias = node.constant(1, node.known(1).reshaped(shape));
      } else {
        bias = node.alongFirst(node.input(1), node.rank(0) - 1);
      }
      node.output(0, node.emit("Add", node.input(0), bias));
    } else {
      apply(node, "Add");
    }
  }

  /** Select of TensorFlow 1: a vector of conditions chooses rows. */
  private static void select(TfNode node) {
    if (node.rank(0) == 1 && node.rank(1) > 1) {
      String rows = node.alongFirst(node.input(0), node.rank(1));
      node.output(0, chosen(node, List.of(rows, node.input(1), node.input(2))));
    } else {
      node.alignedOutput(0, chosen(node, node.aligned()));
    }
  }

  /**
   * Where a condition holds, one, elsewhere the other; onnxruntime has no Where of truth values.
   */
  private static String chosen(TfNode node, List<String> tensors) {
    if (node.type(1) != DataType.DT_BOOL) {
      return node.emit("Where", tensors);
    }
    String holds = tensors.get(0);
    String one = node.emit("And", holds, tensors.get(1));
    return node.emit("Or", one, node.emit("And", node.emit("Not", holds), tensors.get(2)));
  }
}
