package org.medoid.ops.host;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * The inputs and outputs of one run of a kernel. Its buffers lie over TensorFlow's memory: nothing
 * is copied, and nothing may be kept after {@link HostKernel#compute} returns.
 */
public final class KernelContext implements AutoCloseable {
  /** Types whose elements hold addresses. */
  private static final Set<DataType> NOT_IN_PLACE =
      EnumSet.of(DataType.DT_STRING, DataType.DT_RESOURCE, DataType.DT_VARIANT);

  private final Pointer context;
  private final Pointer status;
  private final List<Pointer> tensors = new ArrayList<>(12);
  private final boolean[] written;
  private boolean closed;

  KernelContext(Pointer context, Pointer status) {
    this.context = context;
    this.status = status;
    written = new boolean[CApi.TF_NumOutputs(context)];
  }

  /**
   * An input.
   *
   * @param index from 0
   * @return the tensor, in place
   * @throws IndexOutOfBoundsException if the node has no such input
   * @throws IllegalArgumentException if it has elements without a fixed size (strings, resources,
   *     variants), or more than 2 GiB of them
   */
  public HostTensor input(int index) {
    requireOpen();
    Objects.checkIndex(index, CApi.TF_NumInputs(context));
    PointerByReference reference = new PointerByReference();
    CApi.TF_GetInput(context, index, reference, status);
    CApi.check(status);
    Pointer tensor = reference.getValue();
    tensors.add(tensor);
    DataType type = DataType.forNumber(CApi.TF_TensorType(tensor));
    if (NOT_IN_PLACE.contains(type)) {
      throw new IllegalArgumentException(
          "input " + index + " is of type " + type + ", which a Java kernel cannot read");
    }
    long[] dimensions = new long[CApi.TF_NumDims(tensor)];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = CApi.TF_Dim(tensor, i);
    }
    return new HostTensor(
        type,
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
   * @throws IndexOutOfBoundsException if the node has no such output
   * @throws IllegalStateException if the output has been allocated before
   * @throws IllegalArgumentException if the type is not the op's, a dimension is not known, or the
   *     elements would take more than 2 GiB
   * @throws OutOfMemoryError if TensorFlow cannot allocate it
   */
  public ByteBuffer output(int index, DataType type, Shape shape) {
    requireOpen();
    if (written[Objects.checkIndex(index, written.length)]) {
      throw new IllegalStateException("the kernel wrote output " + index + " twice");
    }
    if (shape.hasUnknownDimension()) {
      throw new IllegalArgumentException("output " + index + " cannot have the shape " + shape);
    }
    int expected = CApi.TF_ExpectedOutputDataType(context, index);
    if (expected != type.getNumber()) {
      throw new IllegalArgumentException(
          "output " + index + " is " + DataType.forNumber(expected) + ", not " + type);
    }
    long[] dimensions = shape.asArray();
    long bytes = elementBytes(type);
    for (long size : dimensions) {
      bytes = Math.multiplyExact(bytes, size);
    }
    requireAddressable(bytes);
    Pointer tensor =
        CApi.TF_AllocateOutput(
            context, index, type.getNumber(), dimensions, dimensions.length, bytes, status);
    CApi.check(status);
    tensors.add(tensor);
    written[index] = true;
    return buffer(tensor);
  }

  /** TensorFlow would go on with an output that is not there, in eager mode without a word. */
  void requireOutputs() {
    for (int i = 0; i < written.length; i++) {
      if (!written[i]) {
        throw new IllegalStateException("the kernel did not write output " + i);
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the context of a kernel ends with its compute method");
    }
  }

  private static void requireAddressable(long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a tensor of " + bytes + " bytes is too large for a Java kernel (2 GiB - 1)");
    }
  }

  private static ByteBuffer buffer(Pointer tensor) {
    long bytes = CApi.TF_TensorByteSize(tensor);
    requireAddressable(bytes);
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
    closed = true;
  }
}
