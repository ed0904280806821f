package org.medoid.export;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * What a model gives for some pictures, and how that differs from what another gives.
 *
 * @param values float [count, size] in a row
 * @param count pictures
 * @param size numbers for each
 */
record Embeddings(float[] values, int count, int size) {
  /** Pictures in one run: at 227x227 pixels 10 MB of input. */
  private static final int BATCH = 16;

  /** Runs pictures {@code from} to {@code to}; gives [to - from, size]. */
  private interface Run {
    Embeddings run(int from, int to) throws OrtException;
  }

  /** Through a TensorFlow session, from pixels [count, height, width, 3]. */
  static Embeddings ofPixels(
      Session session, String input, String output, float[] pixels, ImageBytes image) {
    int size = image.height() * image.width() * 3;
    return inBatches(
        pixels.length / size,
        (from, to) -> {
          Shape shape = Shape.of(to - from, image.height(), image.width(), 3);
          try (TFloat32 batch =
              TFloat32.tensorOf(
                  shape,
                  DataBuffers.of(pixels, true, false)
                      .slice((long) from * size, (long) (to - from) * size))) {
            return run(session, input, batch, output);
          }
        });
  }

  /** Through a TensorFlow session, from encoded pictures. */
  static Embeddings ofBytes(Session session, String input, String output, List<byte[]> encoded) {
    return inBatches(
        encoded.size(),
        (from, to) -> {
          NdArray<byte[]> files = NdArrays.ofObjects(byte[].class, Shape.of(to - from));
          for (int i = from; i < to; i++) {
            files.setObject(encoded.get(i), i - from);
          }
          try (TString batch = TString.tensorOfBytes(files)) {
            return run(session, input, batch, output);
          }
        });
  }

  private static Embeddings run(Session session, String input, Tensor batch, String output) {
    try (Result result = session.runner().feed(input, batch).fetch(output).run()) {
      if (!(result.get(0) instanceof TFloat32 embedding) || embedding.rank() != 2) {
        throw new IllegalArgumentException(
            "the output %s is %s %s, it must be float [batch, d]%s"
                .formatted(
                    output,
                    result.get(0).dataType(),
                    result.get(0).shape(),
                    result.get(0).rank() == 4 ? ": end the model in a global pooling" : ""));
      }
      float[] values = new float[Math.toIntExact(embedding.size())];
      embedding.copyTo(DataBuffers.of(values, false, false));
      return new Embeddings(values, (int) embedding.shape().get(0), (int) embedding.shape().get(1));
    }
  }

  /** Through onnxruntime, from pixels [count, height, width, 3]. */
  static Embeddings ofOnnx(Path file, String input, String output, float[] pixels, ImageBytes image)
      throws IOException {
    int size = image.height() * image.width() * 3;
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    // Its content, not its name, which onnxruntime would read in the locale's charset.
    try (OrtSession session = environment.createSession(Files.readAllBytes(file))) {
      return inBatches(
          pixels.length / size,
          (from, to) -> {
            long[] shape = {to - from, image.height(), image.width(), 3};
            FloatBuffer values = FloatBuffer.wrap(pixels, from * size, (to - from) * size);
            try (OnnxTensor batch = OnnxTensor.createTensor(environment, values, shape);
                OrtSession.Result result = session.run(Map.of(input, batch))) {
              OnnxValue embedding = result.get(output).orElseThrow();
              long[] given = ((OnnxTensor) embedding).getInfo().getShape();
              FloatBuffer buffer = ((OnnxTensor) embedding).getFloatBuffer();
              float[] rows = new float[buffer.remaining()];
              buffer.get(rows);
              return new Embeddings(rows, (int) given[0], rows.length / (int) given[0]);
            }
          });
    } catch (OrtException e) {
      throw new IllegalStateException(
          "onnxruntime does not run " + file.getFileName() + ": " + e.getMessage(), e);
    }
  }

  /** The first picture alone, then the rest in batches: that the batch is free is tried as well. */
  private static Embeddings inBatches(int count, Run run) {
    float[] values = null;
    int size = 0;
    try {
      for (int from = 0, to = 1; from < count; from = to, to = Math.min(count, from + BATCH)) {
        Embeddings part = run.run(from, to);
        if (part.count != to - from) {
          throw new IllegalStateException(
              "%d pictures give %d embeddings".formatted(to - from, part.count));
        }
        if (values == null) {
          size = part.size;
          values = new float[Math.multiplyExact(count, size)];
        }
        System.arraycopy(part.values, 0, values, from * size, part.values.length);
      }
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "TensorFlow does not run the model: " + Variables.firstLine(e), e);
    } catch (OrtException e) {
      throw new IllegalStateException("onnxruntime does not run the model: " + e.getMessage(), e);
    }
    return new Embeddings(values, count, size);
  }

  /** The largest difference of a value; infinite for another count or size, NaN never. */
  double difference(Embeddings other) {
    if (count != other.count || size != other.size) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      double difference = Math.abs((double) values[i] - other.values[i]);
      largest = Math.max(largest, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
    }
    return largest;
  }

  /** The length of a row. */
  private double length(int row) {
    double sum = 0;
    for (int i = row * size; i < (row + 1) * size; i++) {
      sum += (double) values[i] * values[i];
    }
    return Math.sqrt(sum);
  }

  /** The largest absolute value. */
  double largest() {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Whether every row has length one, as far as float numbers go. */
  boolean normalised() {
    for (int row = 0; row < count; row++) {
      if (!(Math.abs(length(row) - 1) < 1e-4)) {
        return false;
      }
    }
    return true;
  }
}
