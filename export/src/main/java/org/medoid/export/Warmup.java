package org.medoid.export;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;
import org.medoid.export.image.ImageSize;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * Requests that TensorFlow Serving runs before it serves a model, so that the first client does not
 * wait: a TFRecord file of {@code PredictionLog}, whose classes are not among those of TensorFlow.
 * Its fields, from tensorflow_serving/apis: PredictionLog.predict_log = 6, PredictLog.request = 1,
 * PredictRequest.model_spec = 1 and inputs = 2 (a map: key = 1, value = 2), ModelSpec.name = 1 and
 * signature_name = 3.
 */
final class Warmup {
  /** Where TensorFlow Serving looks for it, in the SavedModel's folder. */
  static final String FILE = "assets.extra/tf_serving_warmup_requests";

  private Warmup() {}

  /**
   * A request.
   *
   * @param signature which signature it calls
   * @param input the name of its input
   * @param value what goes in
   */
  record Request(String signature, String input, TensorProto value) {}

  /** A picture by both signatures, as pixels and as a file. */
  static List<Request> requests(ComparedPictures pictures, ImageSize image) {
    ByteBuffer first =
        ByteBuffer.allocate(4 * image.height() * image.width() * 3).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; first.hasRemaining(); i++) {
      first.putFloat(pictures.pixels()[i]);
    }
    TensorProto.Builder images =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorContent(ByteString.copyFrom(first.flip()));
    for (int size : new int[] {1, image.height(), image.width(), 3}) {
      images.getTensorShapeBuilder().addDimBuilder().setSize(size);
    }
    TensorProto.Builder bytes =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .addStringVal(ByteString.copyFrom(pictures.encoded().get(0)));
    bytes.getTensorShapeBuilder().addDimBuilder().setSize(1);
    return List.of(
        new Request(SavedModelWriter.DEFAULT, ModelExporter.IMAGES, images.build()),
        new Request(ImageBytes.NAME, ImageBytes.NAME, bytes.build()));
  }

  /** The content of the file. */
  static byte[] file(String model, List<Request> requests) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    for (Request request : requests) {
      byte[] spec =
          message(
              out -> {
                out.writeString(1, model);
                out.writeString(3, request.signature);
              });
      byte[] input =
          message(
              out -> {
                out.writeString(1, request.input);
                out.writeMessage(2, request.value);
              });
      byte[] predict =
          message(
              out -> {
                out.writeByteArray(1, spec);
                out.writeByteArray(2, input);
              });
      byte[] log = message(out -> out.writeByteArray(1, predict));
      record(file, message(out -> out.writeByteArray(6, log)));
    }
    return file.toByteArray();
  }

  /** Length, its checksum, the data, its checksum. */
  private static void record(ByteArrayOutputStream file, byte[] data) {
    byte[] length =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
    file.writeBytes(length);
    file.writeBytes(masked(length));
    file.writeBytes(data);
    file.writeBytes(masked(data));
  }

  /** The checksum of a TFRecord: rotated and shifted, as data may hold checksums itself. */
  private static byte[] masked(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int masked = Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(masked).array();
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.useDeterministicSerialization();
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }
}
