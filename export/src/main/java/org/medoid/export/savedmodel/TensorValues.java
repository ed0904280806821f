package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The numbers of a tensor as a graph or a file holds them, row-major; the real and the imaginary
 * part of each complex number, one after the other. Truth values are 0 and 1.
 */
public final class TensorValues {
  private final int count;
  private final IntToDoubleFunction at;

  private TensorValues(int count, IntToDoubleFunction at) {
    this.count = count;
    this.at = at;
  }

  /**
   * The numbers of a constant.
   *
   * @param tensor its bytes, or a list in which the last value stands for all that follow, and none
   *     for zeros
   * @return its numbers; null if it has another type
   * @throws ArithmeticException if it has 2³¹ elements or more
   * @throws IllegalArgumentException if there are too few bytes
   */
  public static TensorValues of(TensorProto tensor) {
    DataType type = tensor.getDtype();
    int elements = 1;
    for (TensorShapeProto.Dim dim : tensor.getTensorShape().getDimList()) {
      elements = Math.multiplyExact(elements, Math.toIntExact(dim.getSize()));
    }
    ByteString content = tensor.getTensorContent();
    IntToDoubleFunction at =
        content.isEmpty() ? listed(tensor) : written(type, content.asReadOnlyByteBuffer());
    if (at == null) {
      return null;
    }
    if (!content.isEmpty() && content.size() < elements * VariableValues.bytes(type)) {
      throw new IllegalArgumentException(
          "a constant of %d numbers of %s has %d bytes"
              .formatted(elements, Precision.name(type), content.size()));
    }
    boolean pairs = type == DataType.DT_COMPLEX64 || type == DataType.DT_COMPLEX128;
    return new TensorValues(pairs ? Math.multiplyExact(2, elements) : elements, at);
  }

  /**
   * Reads bytes.
   *
   * @param type of the numbers; not complex
   * @param data little-endian; from its position on
   * @param count how many they are
   * @return the numbers; null if there are none of this type
   */
  public static TensorValues of(DataType type, ByteBuffer data, int count) {
    IntToDoubleFunction at = written(type, data.slice());
    return at == null ? null : new TensorValues(count, at);
  }

  /**
   * Reads bytes of whole numbers, of which {@link #of(DataType, ByteBuffer, int)} would round those
   * beyond 2⁵³.
   *
   * @param type of the numbers
   * @param data little-endian; from its position on
   * @param count how many they are
   * @return the numbers, truth values as 0 and 1; null if the type is another
   */
  public static long[] longs(DataType type, ByteBuffer data, int count) {
    IntToLongFunction at = whole(type, data.slice().order(ByteOrder.LITTLE_ENDIAN));
    if (at == null) {
      return null;
    }
    long[] values = new long[count];
    Arrays.setAll(values, at);
    return values;
  }

  private static IntToLongFunction whole(DataType type, ByteBuffer in) {
    return switch (type) {
      case DT_INT64, DT_UINT64 -> i -> in.getLong(8 * i);
      case DT_INT32 -> i -> in.getInt(4 * i);
      case DT_UINT32 -> i -> Integer.toUnsignedLong(in.getInt(4 * i));
      case DT_INT16 -> i -> in.getShort(2 * i);
      case DT_UINT16 -> i -> Short.toUnsignedLong(in.getShort(2 * i));
      case DT_INT8 -> in::get;
      case DT_UINT8, DT_BOOL -> i -> Byte.toUnsignedLong(in.get(i));
      default -> null;
    };
  }

  private static IntToDoubleFunction written(DataType type, ByteBuffer data) {
    ByteBuffer in = data.order(ByteOrder.LITTLE_ENDIAN);
    IntToLongFunction whole = whole(type, in);
    if (whole != null) {
      return whole::applyAsLong;
    }
    return switch (type) {
      case DT_FLOAT, DT_COMPLEX64 -> i -> in.getFloat(4 * i);
      case DT_DOUBLE, DT_COMPLEX128 -> i -> in.getDouble(8 * i);
      case DT_HALF -> DataLayouts.FLOAT16.applyTo(DataBuffers.of(in.asShortBuffer()))::getFloat;
      case DT_BFLOAT16 -> i -> Float.intBitsToFloat(in.getShort(2 * i) << 16);
      default -> null;
    };
  }

  private static IntToDoubleFunction listed(TensorProto tensor) {
    return switch (tensor.getDtype()) {
      case DT_FLOAT -> last(tensor.getFloatValCount(), tensor::getFloatVal);
      case DT_COMPLEX64 -> lastPair(tensor.getScomplexValCount(), tensor::getScomplexVal);
      case DT_DOUBLE -> last(tensor.getDoubleValCount(), tensor::getDoubleVal);
      case DT_COMPLEX128 -> lastPair(tensor.getDcomplexValCount(), tensor::getDcomplexVal);
      case DT_HALF -> last(tensor.getHalfValCount(), i -> half((short) tensor.getHalfVal(i)));
      case DT_BFLOAT16 ->
          last(tensor.getHalfValCount(), i -> Float.intBitsToFloat(tensor.getHalfVal(i) << 16));
      case DT_INT64 -> last(tensor.getInt64ValCount(), tensor::getInt64Val);
      case DT_UINT64 -> last(tensor.getUint64ValCount(), tensor::getUint64Val);
      case DT_UINT32 -> last(tensor.getUint32ValCount(), tensor::getUint32Val);
      case DT_INT32, DT_INT16, DT_UINT16, DT_INT8, DT_UINT8 ->
          last(tensor.getIntValCount(), tensor::getIntVal);
      case DT_BOOL -> last(tensor.getBoolValCount(), i -> tensor.getBoolVal(i) ? 1 : 0);
      default -> null;
    };
  }

  private static float half(short bits) {
    return DataLayouts.FLOAT16.applyTo(DataBuffers.of(bits)).getFloat(0);
  }

  private static IntToDoubleFunction last(int given, IntToDoubleFunction value) {
    return given == 0 ? i -> 0 : i -> value.applyAsDouble(Math.min(i, given - 1));
  }

  private static IntToDoubleFunction lastPair(int given, IntToDoubleFunction value) {
    IntUnaryOperator place = i -> Math.min(i - i % 2, given - 2) + i % 2;
    return given == 0 ? i -> 0 : i -> value.applyAsDouble(place.applyAsInt(i));
  }

  /**
   * How many numbers there are.
   *
   * @return the number of elements, of complex ones twice that
   */
  public int count() {
    return count;
  }

  /**
   * One of the numbers.
   *
   * @param i from 0 on
   * @return it; whole numbers beyond 2⁵³ are rounded
   */
  public double at(int i) {
    return at.applyAsDouble(i);
  }

  /**
   * All of them.
   *
   * @return a new array
   */
  public double[] all() {
    double[] values = new double[count];
    Arrays.setAll(values, at);
    return values;
  }
}
