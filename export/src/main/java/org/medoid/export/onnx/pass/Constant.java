package org.medoid.export.onnx.pass;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.medoid.export.savedmodel.TensorValues;
import org.tensorflow.proto.DataType;

/** A tensor whose values are known: row-major, little-endian, as ONNX's raw_data wants it. */
public final class Constant {
  private final DataType type;
  private final long[] shape;
  private final byte[] data;

  /**
   * Wraps data without a copy; nobody changes it afterwards.
   *
   * @param type its type
   * @param shape its sizes
   * @param data row-major, little-endian
   */
  public Constant(DataType type, long[] shape, byte[] data) {
    this.type = type;
    this.shape = shape;
    this.data = data;
    if (data.length != Shapes.size(shape) * Types.bytes(type)) {
      throw new IllegalArgumentException(
          data.length + " bytes for a " + type + " of shape " + Arrays.toString(shape));
    }
  }

  /**
   * Makes a vector of int64, what ONNX wants for shapes, axes and paddings.
   *
   * @param values its values
   * @return the constant
   */
  public static Constant integers(long... values) {
    return of(DataType.DT_INT64, new long[] {values.length}, values);
  }

  /**
   * Makes a float or integer tensor.
   *
   * @param type its type
   * @param shape its sizes
   * @param values row-major, rounded to the type
   * @return the constant
   */
  public static Constant of(DataType type, long[] shape, double[] values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Types.bytes(type))];
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      switch (type) {
        case DT_FLOAT -> data.putFloat((float) value);
        case DT_DOUBLE -> data.putDouble(value);
        case DT_HALF -> data.putShort(Types.half((float) value));
        case DT_BFLOAT16 -> data.putShort(Types.bfloat16((float) value));
        default -> putInteger(data, type, (long) value);
      }
    }
    return new Constant(type, shape, bytes);
  }

  /**
   * Makes an integer tensor.
   *
   * @param type its type
   * @param shape its sizes
   * @param values row-major
   * @return the constant
   */
  public static Constant of(DataType type, long[] shape, long[] values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Types.bytes(type))];
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      putInteger(data, type, value);
    }
    return new Constant(type, shape, bytes);
  }

  private static void putInteger(ByteBuffer data, DataType type, long value) {
    switch (type) {
      case DT_INT64, DT_UINT64 -> data.putLong(value);
      case DT_INT32, DT_UINT32 -> data.putInt((int) value);
      case DT_INT16, DT_UINT16 -> data.putShort((short) value);
      case DT_INT8, DT_UINT8, DT_BOOL -> data.put((byte) value);
      default -> throw new IllegalArgumentException("not an integer type: " + type);
    }
  }

  /**
   * Returns the type.
   *
   * @return TensorFlow's type
   */
  public DataType type() {
    return type;
  }

  /**
   * Returns the shape.
   *
   * @return the sizes; not to be changed
   */
  public long[] shape() {
    return shape;
  }

  /**
   * Returns the values as bytes.
   *
   * @return row-major, little-endian; not to be changed
   */
  public byte[] data() {
    return data;
  }

  /**
   * Returns the number of elements.
   *
   * @return the number
   */
  public int size() {
    return data.length / Types.bytes(type);
  }

  /**
   * Returns the values as integers, whatever the integer type.
   *
   * @return a new array, row-major
   */
  public long[] longs() {
    long[] values = TensorValues.longs(type, ByteBuffer.wrap(data), size());
    if (values == null) {
      throw new IllegalArgumentException("not an integer type: " + type);
    }
    return values;
  }

  /**
   * Returns the values as doubles, whatever the type.
   *
   * @return a new array, row-major
   */
  public double[] doubles() {
    return TensorValues.of(type, ByteBuffer.wrap(data), size()).all();
  }

  /**
   * Returns the same values in another shape.
   *
   * @param to the sizes
   * @return a constant that shares the data
   */
  public Constant reshaped(long... to) {
    return new Constant(type, to, data);
  }

  /**
   * Returns the tensor with its axes permuted.
   *
   * @param axes axis i of the result is axis {@code axes[i]} of this
   * @return a new constant
   */
  public Constant transposed(int... axes) {
    int rank = shape.length;
    int width = Types.bytes(type);
    int[] stride = new int[rank];
    int step = width;
    for (int i = rank - 1; i >= 0; i--) {
      stride[i] = step;
      step *= (int) shape[i];
    }
    long[] to = new long[rank];
    Arrays.setAll(to, i -> shape[axes[i]]);
    byte[] out = new byte[data.length];
    int[] index = new int[rank];
    for (int at = 0, from = 0; at < out.length; at += width) {
      for (int b = 0; b < width; b++) {
        out[at + b] = data[from + b];
      }
      for (int i = rank - 1; i >= 0; i--) {
        from += stride[axes[i]];
        if (++index[i] < to[i]) {
          break;
        }
        from -= (int) (stride[axes[i]] * to[i]);
        index[i] = 0;
      }
    }
    return new Constant(type, to, out);
  }
}
