package org.medoid.ops.host;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import org.tensorflow.proto.DataType;

/** The attributes of the node that a kernel is made for. Valid only while the kernel is made. */
public final class KernelAttributes implements AutoCloseable {
  private Pointer construction;
  private final Pointer status;

  KernelAttributes(Pointer construction, Pointer status) {
    this.construction = construction;
    this.status = status;
  }

  /**
   * A string attribute.
   *
   * @param name the attribute
   * @return its value, decoded as UTF-8
   * @throws IllegalArgumentException if the op has no such string attribute
   */
  public String string(String name) {
    int[] listSize = new int[1];
    int[] size = new int[1];
    CApi.TF_OpKernelConstruction_GetAttrSize(open(), name, listSize, size, status);
    check(name);
    byte[] value = new byte[Math.max(size[0], 1)];
    CApi.TF_OpKernelConstruction_GetAttrString(construction, name, value, size[0], status);
    check(name);
    return new String(value, 0, size[0], StandardCharsets.UTF_8);
  }

  /**
   * An int attribute.
   *
   * @param name the attribute
   * @return its value
   * @throws IllegalArgumentException if the op has no such int attribute
   */
  public long integer(String name) {
    long[] value = new long[1];
    CApi.TF_OpKernelConstruction_GetAttrInt64(open(), name, value, status);
    check(name);
    return value[0];
  }

  /**
   * A float attribute.
   *
   * @param name the attribute
   * @return its value
   * @throws IllegalArgumentException if the op has no such float attribute
   */
  public float real(String name) {
    float[] value = new float[1];
    CApi.TF_OpKernelConstruction_GetAttrFloat(open(), name, value, status);
    check(name);
    return value[0];
  }

  /**
   * A bool attribute.
   *
   * @param name the attribute
   * @return its value
   * @throws IllegalArgumentException if the op has no such bool attribute
   */
  public boolean bool(String name) {
    byte[] value = new byte[1];
    CApi.TF_OpKernelConstruction_GetAttrBool(open(), name, value, status);
    check(name);
    return value[0] != 0;
  }

  /**
   * A type attribute.
   *
   * @param name the attribute
   * @return its value
   * @throws IllegalArgumentException if the op has no such type attribute
   */
  public DataType type(String name) {
    int[] value = new int[1];
    CApi.TF_OpKernelConstruction_GetAttrType(open(), name, value, status);
    check(name);
    return DataType.forNumber(value[0]);
  }

  private Pointer open() {
    if (construction == null) {
      throw new IllegalStateException(
          "attributes are read while the kernel is made, not when it computes");
    }
    return construction;
  }

  private void check(String name) {
    if (CApi.TF_GetCode(status) != CApi.OK) {
      throw new IllegalArgumentException("attribute '" + name + "': " + CApi.TF_Message(status));
    }
  }

  /** Ends the access: TensorFlow is about to forget the construction. */
  @Override
  public void close() {
    construction = null;
  }
}
