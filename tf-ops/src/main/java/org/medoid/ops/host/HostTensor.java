package org.medoid.ops.host;

import java.nio.ByteBuffer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * An input of a kernel, seen in place: valid only until {@link HostKernel#compute} returns.
 *
 * @param type the element type
 * @param shape the shape, every dimension known
 * @param data the elements in row-major order and native byte order, read-only; a direct buffer
 *     over TensorFlow's own memory
 */
public record HostTensor(DataType type, Shape shape, ByteBuffer data) {}
