package org.medoid.export.onnx.pass;

import ai.onnx.proto.OnnxMl;
import java.util.EnumMap;
import java.util.Map;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;
import org.tensorflow.proto.DataType;

/** TensorFlow's data types and ONNX's. */
public final class Types {
  private static final Map<DataType, OnnxMl.TensorProto.DataType> ONNX =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(DataType.DT_FLOAT, OnnxMl.TensorProto.DataType.FLOAT),
              Map.entry(DataType.DT_DOUBLE, OnnxMl.TensorProto.DataType.DOUBLE),
              Map.entry(DataType.DT_HALF, OnnxMl.TensorProto.DataType.FLOAT16),
              Map.entry(DataType.DT_BFLOAT16, OnnxMl.TensorProto.DataType.BFLOAT16),
              Map.entry(DataType.DT_INT64, OnnxMl.TensorProto.DataType.INT64),
              Map.entry(DataType.DT_INT32, OnnxMl.TensorProto.DataType.INT32),
              Map.entry(DataType.DT_INT16, OnnxMl.TensorProto.DataType.INT16),
              Map.entry(DataType.DT_INT8, OnnxMl.TensorProto.DataType.INT8),
              Map.entry(DataType.DT_UINT64, OnnxMl.TensorProto.DataType.UINT64),
              Map.entry(DataType.DT_UINT32, OnnxMl.TensorProto.DataType.UINT32),
              Map.entry(DataType.DT_UINT16, OnnxMl.TensorProto.DataType.UINT16),
              Map.entry(DataType.DT_UINT8, OnnxMl.TensorProto.DataType.UINT8),
              Map.entry(DataType.DT_BOOL, OnnxMl.TensorProto.DataType.BOOL)));

  private Types() {}

  /**
   * Whether ONNX has a type.
   *
   * @param type TensorFlow's type
   * @return true if it has
   */
  public static boolean known(DataType type) {
    return ONNX.containsKey(type);
  }

  /**
   * Returns ONNX's type.
   *
   * @param type TensorFlow's type
   * @return the type of the same numbers
   */
  public static OnnxMl.TensorProto.DataType onnx(DataType type) {
    OnnxMl.TensorProto.DataType found = ONNX.get(type);
    if (found == null) {
      throw new IllegalArgumentException("ONNX has no type for " + type);
    }
    return found;
  }

  /**
   * Returns the size of an element.
   *
   * @param type TensorFlow's type
   * @return bytes
   */
  public static int bytes(DataType type) {
    return switch (type) {
      case DT_DOUBLE, DT_INT64, DT_UINT64 -> 8;
      case DT_FLOAT, DT_INT32, DT_UINT32 -> 4;
      case DT_HALF, DT_BFLOAT16, DT_INT16, DT_UINT16 -> 2;
      case DT_INT8, DT_UINT8, DT_BOOL -> 1;
      default -> throw new IllegalArgumentException("ONNX has no type for " + type);
    };
  }

  /**
   * Whether a type is one of floating-point numbers.
   *
   * @param type TensorFlow's type
   * @return true for float, double, half and bfloat16
   */
  public static boolean isFloating(DataType type) {
    return switch (type) {
      case DT_FLOAT, DT_DOUBLE, DT_HALF, DT_BFLOAT16 -> true;
      default -> false;
    };
  }

  /** The nearest IEEE half; ties to even. */
  static short half(float value) {
    short[] bits = new short[1];
    DataLayouts.FLOAT16.applyTo(DataBuffers.of(bits, false, false)).setFloat(value, 0);
    return bits[0];
  }

  /** The nearest bfloat16; ties to even, where {@code DataLayouts.BFLOAT16} cuts off. */
  static short bfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    return Float.isNaN(value)
        ? (short) 0x7fc0
        : (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
