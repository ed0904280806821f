package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_BOOL;
import static org.tensorflow.proto.DataType.DT_DOUBLE;
import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT16;
import static org.tensorflow.proto.DataType.DT_INT32;
import static org.tensorflow.proto.DataType.DT_INT64;
import static org.tensorflow.proto.DataType.DT_INT8;
import static org.tensorflow.proto.DataType.DT_UINT16;
import static org.tensorflow.proto.DataType.DT_UINT32;
import static org.tensorflow.proto.DataType.DT_UINT8;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;

/**
 * Operations for which onnxruntime has no kernel in some types of whole numbers, or ONNX allows
 * none: they are computed in a wider type that holds the same numbers, and cast back.
 */
final class WiderTypes {
  private static final Map<DataType, DataType> SHORT =
      new EnumMap<>(Map.of(DT_INT16, DT_INT32, DT_UINT16, DT_INT32));
  private static final Map<DataType, DataType> NARROW = with(SHORT, DT_INT32, DT_INT8, DT_UINT8);
  private static final Map<DataType, DataType> TRUTHS = with(NARROW, DT_INT32, DT_BOOL);

  private static final Map<DataType, DataType> LONG = new EnumMap<>(Map.of(DT_UINT32, DT_INT64));

  /** For those that have kernels of floating-point numbers alone; the same type: none holds it. */
  private static final Map<DataType, DataType> FLOATING =
      new EnumMap<>(
          Map.of(
              DT_BOOL, DT_FLOAT, DT_INT8, DT_FLOAT, DT_UINT8, DT_FLOAT, DT_INT16, DT_FLOAT,
              DT_UINT16, DT_FLOAT, DT_INT32, DT_DOUBLE, DT_INT64, DT_INT64));

  private WiderTypes() {}

  private static Map<DataType, DataType> with(
      Map<DataType, DataType> types, DataType to, DataType... more) {
    Map<DataType, DataType> all = new EnumMap<>(types);
    for (DataType type : more) {
      all.put(type, to);
    }
    return all;
  }

  /** Lets the converters in a table compute in other types where they must. */
  static void apply(Map<String, OpConverter> table) {
    widen(table, SHORT, "MirrorPad", "Pad", "PadV2", "Tile");
    widen(
        table,
        NARROW,
        "ClipByValue",
        "Cumprod",
        "Cumsum",
        "Max",
        "Maximum",
        "Mean",
        "Min",
        "Minimum",
        "NthElement",
        "Prod",
        "Relu",
        "Relu6",
        "Select",
        "SelectV2",
        "Sum",
        "TopKV2");
    for (String version : List.of("", "V2", "V3")) {
      String with = "Diag" + version;
      widen(table, TRUTHS, "Matrix" + with, "MatrixDiagPart" + version, "MatrixSet" + with);
    }
    widen(table, TRUTHS, "ArgMax", "ArgMin", "OneHot");
    widen(table, LONG, "Max", "Mean", "Min", "Prod", "Sum");
    widen(
        table,
        FLOATING,
        "DepthToSpace",
        "MaxPool",
        "MaxPoolV2",
        "MaxPoolWithArgmax",
        "SpaceToDepth");
  }

  private static void widen(
      Map<String, OpConverter> table, Map<DataType, DataType> types, String... ops) {
    for (String op : ops) {
      OpConverter converter = table.get(op);
      table.put(op, node -> convert(node, converter, types));
    }
  }

  private static void convert(TfNode node, OpConverter converter, Map<DataType, DataType> types) {
    List<Value> in = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      boolean data = isData(node.definition.getInputArg(i));
      in.add(data ? wide(node, node.valueIn(i), types) : node.valueIn(i));
    }
    List<Value> made = IntStream.range(0, node.outputCount()).mapToObj(node::valueOut).toList();
    List<Value> out = new ArrayList<>(made);
    for (int i = 0; i < out.size(); i++) {
      DataType type = types.get(made.get(i).type());
      if (type != null && isData(node.definition.getOutputArg(i))) {
        out.set(i, node.another(made.get(i), type, null));
      }
    }
    converter.convert(node.with(in, out));
    for (int i = 0; i < out.size(); i++) {
      if (out.get(i) != made.get(i)) {
        cast(node, out.get(i).resolved(), made.get(i));
      }
    }
  }

  /** TensorFlow calls the type of data so, in each of these operations; sizes have other types. */
  private static boolean isData(OpDef.ArgDef argument) {
    return argument.getTypeAttr().equals("T");
  }

  private static Value wide(TfNode node, Value value, Map<DataType, DataType> types) {
    DataType type = types.get(value.type());
    if (type == null) {
      return value;
    }
    if (type == value.type()) {
      throw node.unsupported("whole numbers of 64 bits, for which runtimes have no kernel");
    }
    if (value.constant() != null) {
      Constant constant = value.constant();
      return node.another(value, type, Constant.of(type, constant.shape(), constant.doubles()));
    }
    Value wide = node.another(value, type, null);
    cast(node, value, wide);
    return wide;
  }

  private static void cast(TfNode node, Value from, Value to) {
    if (from.isChannelsFirst()) {
      to.setChannelsFirst(node.cast(from.channelsFirst(), from.type(), to.type()));
    } else {
      to.setPlain(node.cast(from.plain(), from.type(), to.type()));
    }
  }
}
