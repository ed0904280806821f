package org.medoid.ops.host;

import com.sun.jna.Pointer;
import java.util.Arrays;
import org.tensorflow.ndarray.Shape;

/** What a shape function sees while a node is added to a graph. */
public final class ShapeContext implements AutoCloseable {
  private Pointer context;
  private final Pointer status;

  ShapeContext(Pointer context, Pointer status) {
    this.context = context;
    this.status = status;
  }

  /**
   * The shape of an input as far as it is known.
   *
   * @param index from 0
   * @return the shape; {@link Shape#unknown()} if not even the rank is known, else with {@link
   *     Shape#UNKNOWN_SIZE} for each unknown dimension
   * @throws IllegalArgumentException if the node has no such input
   */
  public Shape input(int index) {
    requireOpen();
    Pointer handle = CApi.TF_NewShapeHandle();
    Pointer dimension = CApi.TF_NewDimensionHandle();
    try {
      CApi.TF_ShapeInferenceContextGetInput(context, index, handle, status);
      CApi.check(status);
      if (CApi.TF_ShapeInferenceContextRankKnown(context, handle) == 0) {
        return Shape.unknown();
      }
      long[] sizes = new long[(int) CApi.TF_ShapeInferenceContextRank(context, handle)];
      for (int i = 0; i < sizes.length; i++) {
        CApi.TF_ShapeInferenceContextDim(context, handle, i, dimension);
        sizes[i] =
            CApi.TF_DimensionHandleValueKnown(dimension) == 0
                ? Shape.UNKNOWN_SIZE
                : CApi.TF_DimensionHandleValue(dimension);
      }
      return Shape.of(sizes);
    } finally {
      CApi.TF_DeleteDimensionHandle(dimension);
      CApi.TF_DeleteShapeHandle(handle);
    }
  }

  /**
   * The shape of an input, which must have a certain rank.
   *
   * @param index from 0
   * @param name what to call the input in the error
   * @param rank the rank
   * @return a shape of that rank, with {@link Shape#UNKNOWN_SIZE} where unknown
   * @throws IllegalArgumentException if its rank is known to be another
   */
  public Shape input(int index, String name, int rank) {
    Shape shape = input(index);
    if (shape.isUnknown()) {
      long[] sizes = new long[rank];
      Arrays.fill(sizes, Shape.UNKNOWN_SIZE);
      return Shape.of(sizes);
    }
    if (shape.numDimensions() != rank) {
      throw new IllegalArgumentException(
          name + " must have rank " + rank + " but its shape is " + shape);
    }
    return shape;
  }

  /**
   * States the shape of an output.
   *
   * @param index from 0
   * @param shape the shape; {@link Shape#unknown()} and {@link Shape#UNKNOWN_SIZE} are allowed
   * @throws IllegalArgumentException if the node has no such output
   */
  public void output(int index, Shape shape) {
    requireOpen();
    if (shape.isUnknown()) {
      // The C API can only say it of all outputs at once, so say nothing: unknown is the default.
      return;
    }
    Pointer handle = CApi.TF_ShapeInferenceContextScalar(context);
    try {
      for (long size : shape.asArray()) {
        // A size of -1 is TensorFlow's own mark of an unknown dimension, also as size_t.
        Pointer vector = CApi.TF_ShapeInferenceContextVectorFromSize(context, size);
        Pointer longer = CApi.TF_NewShapeHandle();
        CApi.TF_ShapeInferenceContextConcatenateShapes(context, handle, vector, longer, status);
        CApi.TF_DeleteShapeHandle(vector);
        CApi.TF_DeleteShapeHandle(handle);
        handle = longer;
        CApi.check(status);
      }
      CApi.TF_ShapeInferenceContextSetOutput(context, index, handle, status);
      CApi.check(status);
    } finally {
      CApi.TF_DeleteShapeHandle(handle);
    }
  }

  private void requireOpen() {
    if (context == null) {
      throw new IllegalStateException("the context of a shape function ends with its call");
    }
  }

  /** Ends the access: TensorFlow is about to forget the context. */
  @Override
  public void close() {
    context = null;
  }
}
