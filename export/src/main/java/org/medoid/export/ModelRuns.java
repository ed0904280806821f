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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.medoid.export.image.ImageSize;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TString;

/** Runs pictures through a model, in TensorFlow or in onnxruntime. */
final class ModelRuns {
  /** Pictures in one run: at 227x227 pixels 10 MB of input. */
  private static final int BATCH = 16;

  private ModelRuns() {}

  /** Runs pictures {@code from} to {@code to}; gives [to - from, size]. */
  private interface Run {
    Vectors run(int from, int to) throws OrtException;
  }

  /** Through a TensorFlow session, from pixels [count, height, width, 3]. */
  static Vectors ofPixels(
      Session session, String input, String output, float[] pixels, ImageSize image) {
    int size = values(image);
    return inBatches(
        pixels.length / size,
        (from, to) -> {
          try (TFloat32 batch =
              TFloat32.tensorOf(
                  shape(to - from, image),
                  DataBuffers.of(pixels, true, false)
                      .slice((long) from * size, (long) (to - from) * size))) {
            return run(session, input, batch, output);
          }
        });
  }

  /** The same of a graph in double precision, each pixel changed as the function says. */
  static Vectors ofDoubles(
      Session session,
      String input,
      String output,
      float[] pixels,
      ImageSize image,
      DoubleUnaryOperator change) {
    int size = values(image);
    return inBatches(
        pixels.length / size,
        (from, to) -> {
          double[] wide = new double[(to - from) * size];
          Arrays.setAll(wide, i -> change.applyAsDouble(pixels[from * size + i]));
          try (TFloat64 batch =
              TFloat64.tensorOf(shape(to - from, image), DataBuffers.of(wide, true, false))) {
            return run(session, input, batch, output);
          }
        });
  }

  private static int values(ImageSize image) {
    return image.height() * image.width() * 3;
  }

  private static Shape shape(int count, ImageSize image) {
    return Shape.of(count, image.height(), image.width(), 3);
  }

  /** Through a TensorFlow session, from encoded pictures. */
  static Vectors ofBytes(Session session, String input, String output, List<byte[]> encoded) {
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

  private static Vectors run(Session session, String input, Tensor batch, String output) {
    try (Result result = session.runner().feed(input, batch).fetch(output).run()) {
      Tensor given = result.get(0);
      int count = given.shape().numDimensions() == 2 ? (int) given.shape().get(0) : -1;
      float[] values = new float[Math.toIntExact(given.shape().size())];
      if (count >= 0 && given instanceof TFloat32 single) {
        single.copyTo(DataBuffers.of(values, false, false));
      } else if (count >= 0 && given instanceof TFloat64 twice) {
        double[] wide = new double[values.length];
        twice.copyTo(DataBuffers.of(wide, false, false));
        for (int i = 0; i < wide.length; i++) {
          values[i] = (float) wide[i];
        }
      } else {
        throw new IllegalArgumentException(
            "the output %s is %s %s, it must be float [batch, d]%s"
                .formatted(
                    output,
                    given.dataType(),
                    given.shape(),
                    given.shape().numDimensions() == 4
                        ? ": end the model in a global pooling"
                        : ""));
      }
      return new Vectors(values, count, (int) given.shape().get(1));
    }
  }

  /** Through onnxruntime, from pixels [count, height, width, 3]. */
  static Vectors ofOnnx(Path file, String input, String output, float[] pixels, ImageSize image)
      throws IOException {
    int size = values(image);
    OrtEnvironment environment = onnxruntime();
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
              return new Vectors(rows, (int) given[0], rows.length / (int) given[0]);
            }
          });
    } catch (OrtException e) {
      throw new IllegalStateException(
          "onnxruntime does not run " + file.getFileName() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Its library is unpacked first, among temporary files; a failure is an Error, told only once.
   */
  private static OrtEnvironment onnxruntime() {
    try {
      return OrtEnvironment.getEnvironment();
    } catch (LinkageError e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new IllegalStateException(
          "onnxruntime, which the ONNX file is compared by, cannot be loaded (%s); its library is unpacked to java.io.tmpdir, which is %s; a SavedModel alone does not need it"
              .formatted(root.getMessage(), System.getProperty("java.io.tmpdir")),
          e);
    }
  }

  /** The first picture alone, then the rest in batches: that the batch is free is tried as well. */
  private static Vectors inBatches(int count, Run run) {
    float[] values = null;
    int size = 0;
    try {
      for (int from = 0, to = 1; from < count; from = to, to = Math.min(count, from + BATCH)) {
        Vectors part = run.run(from, to);
        if (part.count() != to - from) {
          throw new IllegalStateException(
              "%d pictures give %d embeddings".formatted(to - from, part.count()));
        }
        if (values == null) {
          size = part.size();
          values = new float[Math.multiplyExact(count, size)];
        }
        System.arraycopy(part.values(), 0, values, from * size, part.values().length);
      }
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "TensorFlow does not run the model: " + VariableValues.firstLine(e), e);
    } catch (OrtException e) {
      throw new IllegalStateException("onnxruntime does not run the model: " + e.getMessage(), e);
    }
    return new Vectors(values, count, size);
  }
}
