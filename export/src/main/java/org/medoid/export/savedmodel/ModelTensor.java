package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * An input or an output of a signature.
 *
 * @param name its name in the signature
 * @param tensor {@code node:index} in the SavedModel's graph
 * @param type its data type there
 * @param shape its shape there, as far as the signature says
 */
public record ModelTensor(String name, String tensor, DataType type, Shape shape) {

  static ModelTensor of(String name, TensorInfo info) {
    if (info.getEncodingCase() != TensorInfo.EncodingCase.NAME) {
      throw new IllegalArgumentException(name + " is not a dense tensor");
    }
    return new ModelTensor(name, info.getName(), info.getDtype(), shape(info.getTensorShape()));
  }

  static Shape shape(TensorShapeProto proto) {
    return proto.getUnknownRank()
        ? Shape.unknown()
        : Shape.of(proto.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray());
  }

  /** The same of another shape. */
  ModelTensor of(Shape other) {
    return new ModelTensor(name, tensor, type, other);
  }

  /** The same with what the graph shows where the signature leaves its shape open. */
  ModelTensor with(Shape inferred) {
    if (inferred.isUnknown() || rank() != inferred.numDimensions()) {
      return inferred.isUnknown() ? this : of(inferred);
    }
    long[] sizes = shape.asArray();
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = sizes[axis] < 0 ? inferred.get(axis) : sizes[axis];
    }
    return of(Shape.of(sizes));
  }

  /** A size of it; -1 if unknown, also where the rank is. */
  long size(int axis) {
    return shape.isUnknown() ? Shape.UNKNOWN_SIZE : shape.get(axis);
  }

  int rank() {
    return shape.numDimensions();
  }

  boolean isFloating() {
    return switch (type) {
      case DT_FLOAT, DT_HALF, DT_BFLOAT16, DT_DOUBLE -> true;
      default -> false;
    };
  }

  boolean isInteger() {
    return switch (type) {
      case DT_UINT8, DT_INT8, DT_UINT16, DT_INT16, DT_INT32, DT_UINT32, DT_INT64, DT_UINT64 -> true;
      default -> false;
    };
  }

  /** Describes several for a person. */
  static String list(List<ModelTensor> tensors) {
    return String.join(", ", tensors.stream().map(ModelTensor::toString).toList());
  }

  /**
   * Describes it for a person.
   *
   * @return for instance {@code images float32 [?, 224, 224, 3]}
   */
  @Override
  public String toString() {
    String sizes = "of unknown rank";
    if (!shape.isUnknown()) {
      List<String> each = new ArrayList<>();
      for (long size : shape.asArray()) {
        each.add(size < 0 ? "?" : Long.toString(size));
      }
      sizes = each.toString();
    }
    return name + " " + Precision.name(type) + " " + sizes;
  }
}
