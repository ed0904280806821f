package org.medoid.ops.host;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * The inputs and outputs of one run of a kernel. Its buffers lie over TensorFlow's memory: nothing
 * is copied, and nothing may be kept after {@link HostKernel#compute} returns.
 */
public final class KernelContext implements AutoCloseable {
  private final Pointer context;
  private final Pointer status;
  private final List<Pointer> tensors = new ArrayList<>(12);

  KernelContext(Pointer context, Pointer status) {
    this.context = context;
    this.status = status;
  }

  /**
   * The number of inputs.
   *
   * @return the number, lists counted by their elements
   */
  public int inputCount() {
    return CApi.TF_NumInputs(context);
  }

  /**
   * An input.
   *
   * @param index from 0
   * @return the tensor, in place
   */
  public HostTensor input(int index) {
    PointerByReference reference = new PointerByReference();
    CApi.TF_GetInput(context, index, reference, status);
    CApi.check(status);
    Pointer tensor = reference.getValue();
    tensors.add(tensor);
    long[] dimensions = new long[CApi.TF_NumDims(tensor)];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = CApi.TF_Dim(tensor, i);
    }
    return new HostTensor(
        DataType.forNumber(CApi.TF_TensorType(tensor)),
        Shape.of(dimensions),
        buffer(tensor).asReadOnlyBuffer().order(ByteOrder.nativeOrder()));
  }

  /**
   * Allocates an output.
   *
   * @param index from 0
   * @param type the element type; it must be the one that the op's definition and attributes give,
   *     and of fixed size (no strings)
   * @param shape the shape, every dimension known
   * @return the elements to fill, all of them: direct, row-major, native byte order, not cleared
   * @throws IllegalArgumentException if the type is not the op's, or TensorFlow cannot allocate it
   */
  public ByteBuffer output(int index, DataType type, Shape shape) {
    int expected = CApi.TF_ExpectedOutputDataType(context, index);
    if (expected != type.getNumber()) {
      throw new IllegalArgumentException(
          "output " + index + " is " + DataType.forNumber(expected) + ", not " + type);
    }
    long[] dimensions = shape.asArray();
    long bytes = Math.multiplyExact(elementBytes(type), shape.size());
    Pointer tensor =
        CApi.TF_AllocateOutput(
            context, index, type.getNumber(), dimensions, dimensions.length, bytes, status);
    CApi.check(status);
    tensors.add(tensor);
    return buffer(tensor);
  }

  private static ByteBuffer buffer(Pointer tensor) {
    long bytes = CApi.TF_TensorByteSize(tensor);
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a tensor of " + bytes + " bytes is too large for a Java kernel (2 GiB - 1)");
    }
    if (bytes == 0) {
      return ByteBuffer.allocateDirect(0); // TensorFlow gives an empty tensor no address
    }
    return CApi.TF_TensorData(tensor).getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
  }

  private static long elementBytes(DataType type) {
    return switch (type) {
      case DT_INT8, DT_UINT8, DT_BOOL -> 1;
      case DT_INT16, DT_UINT16, DT_HALF, DT_BFLOAT16 -> 2;
      case DT_FLOAT, DT_INT32, DT_UINT32 -> 4;
      case DT_DOUBLE, DT_INT64, DT_UINT64, DT_COMPLEX64 -> 8;
      case DT_COMPLEX128 -> 16;
      default ->
          throw new IllegalArgumentException("a Java kernel cannot write elements of type " + type);
    };
  }

  /** Gives back the handles, of inputs and outputs alike; the tensors themselves live on. */
  @Override
  public void close() {
    for (Pointer tensor : tensors) {
      CApi.TF_DeleteTensor(tensor);
    }
    tensors.clear();
  }
}
