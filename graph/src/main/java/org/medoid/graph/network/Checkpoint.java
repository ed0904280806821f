package org.medoid.graph.network;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_CheckpointReaderGetVariable;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_CheckpointReaderGetVariableDataType;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_CheckpointReaderGetVariableNumDims;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_CheckpointReaderGetVariableShape;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_CheckpointReaderSize;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeleteCheckpointReader;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_NewCheckpointReader;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.medoid.export.savedmodel.LiteralPath;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.internal.c_api.TF_CheckpointReader;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * The table of contents of a TensorFlow checkpoint: which tensors it holds, without their values.
 *
 * <p>Both formats are read: the V2 format ({@code prefix.index} beside {@code
 * prefix.data-00000-of-00001}), which {@code Session.save} and every TensorFlow since 1.0 write,
 * and the V1 format of older ones, one file that is called by the prefix itself. TensorFlow Java
 * has no public call for this; the reader is that of TensorFlow's C interface.
 *
 * @param prefix what TensorFlow's restoring operations take
 * @param tensors by name, in alphabetical order
 */
public record Checkpoint(String prefix, Map<String, Entry> tensors) {

  private static final Pattern PART = Pattern.compile("\\.(index|data-\\d{5}-of-\\d{5})$");

  /**
   * What is known of a tensor without reading it.
   *
   * @param type of its elements
   * @param shape in full
   */
  public record Entry(DataType type, Shape shape) {}

  /**
   * Copies the map.
   *
   * @param prefix what TensorFlow's restoring operations take
   * @param tensors by name
   */
  public Checkpoint {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
  }

  /**
   * Reads the table of contents.
   *
   * @param file the prefix, the V1 file, or one of the files of a V2 checkpoint
   * @return what it holds
   * @throws NoSuchFileException if there is neither such a file nor such a prefix
   * @throws IOException if it is not a checkpoint or it is damaged
   */
  public static Checkpoint read(Path file) throws IOException {
    String prefix = PART.matcher(file.toString()).replaceFirst("");
    Path index = Path.of(prefix + ".index");
    if (Files.isDirectory(Path.of(prefix)) && !Files.exists(index)) {
      throw new IOException(
          prefix + " is a folder: give the checkpoint in it, as FOLDER/NAME without .index");
    }
    if (!Files.exists(index) && !Files.exists(Path.of(prefix))) {
      throw new NoSuchFileException(
          prefix, null, "no checkpoint here: neither this file (V1) nor " + index + " (V2) exists");
    }
    TensorFlow.version(); // loads the native library
    try (LiteralPath path = LiteralPath.of(Path.of(prefix));
        TF_Status status = TF_Status.newStatus()) {
      TF_CheckpointReader reader = TF_NewCheckpointReader(path.name(), status);
      try {
        status.throwExceptionIfNotOK();
      } catch (TensorFlowException | IllegalArgumentException | UnsupportedOperationException e) {
        throw new IOException(notReadable(prefix, e), e);
      }
      try {
        return new Checkpoint(prefix, list(reader, status));
      } finally {
        TF_DeleteCheckpointReader(reader);
      }
    }
  }

  private static Map<String, Entry> list(TF_CheckpointReader reader, TF_Status status) {
    Map<String, Entry> tensors = new TreeMap<>();
    int size = TF_CheckpointReaderSize(reader);
    for (int i = 0; i < size; i++) {
      BytePointer name = TF_CheckpointReaderGetVariable(reader, i);
      long[] dimensions = new long[TF_CheckpointReaderGetVariableNumDims(reader, name)];
      TF_CheckpointReaderGetVariableShape(reader, name, dimensions, dimensions.length, status);
      status.throwExceptionIfNotOK();
      DataType type = DataType.forNumber(TF_CheckpointReaderGetVariableDataType(reader, name));
      tensors.put(name.getString(), new Entry(type, Shape.of(dimensions)));
    }
    return tensors;
  }

  /** One line of what TensorFlow said, and the file. */
  static String notReadable(String prefix, RuntimeException cause) {
    String reason = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    return prefix
        + " is not a TensorFlow checkpoint or is damaged (an archive must be unpacked first): "
        + reason;
  }
}
