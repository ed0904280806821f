package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.FloatList;
import org.tensorflow.proto.Int64List;
import org.tensorflow.types.TString;

/**
 * How a signature is given the content of picture files.
 *
 * @param base64 whether it is in base64, web-safe
 * @param features those of the {@code tf.train.Example} that it lies in; none if it lies in none
 */
record PictureFiles(boolean base64, List<ExampleParser.Feature> features) {
  /** As they are. */
  static final PictureFiles PLAIN = new PictureFiles(false, List.of());

  /** Both ways together, as a signature has one of each at the most. */
  PictureFiles and(PictureFiles other) {
    List<ExampleParser.Feature> all = new ArrayList<>(features);
    other.features.stream().filter(each -> !all.contains(each)).forEach(all::add);
    return new PictureFiles(base64 || other.base64, all);
  }

  /**
   * Packs files into examples.
   *
   * @param files any shape
   * @return a new tensor of the same shape
   */
  TString packed(TString files) {
    NdArray<byte[]> packed = NdArrays.ofObjects(byte[].class, files.shape());
    files
        .asBytes()
        .scalars()
        .forEachIndexed(
            (at, file) -> packed.setObject(example(ByteString.copyFrom(file.getObject())), at));
    return TString.tensorOfBytes(packed);
  }

  private byte[] example(ByteString file) {
    Features.Builder all = Features.newBuilder();
    features.forEach(each -> all.putFeature(each.key(), feature(each, file)));
    return Example.newBuilder().setFeatures(all).build().toByteArray();
  }

  /** The file for each string, and zeros for numbers, which the picture's features do not need. */
  private static Feature feature(ExampleParser.Feature asked, ByteString file) {
    int size =
        Math.max(0, Math.toIntExact(asked.shape().size())); // as few as a varying number may be
    Feature.Builder given = Feature.newBuilder();
    switch (asked.type()) {
      case DT_STRING ->
          given.setBytesList(BytesList.newBuilder().addAllValue(Collections.nCopies(size, file)));
      case DT_INT64 ->
          given.setInt64List(Int64List.newBuilder().addAllValue(Collections.nCopies(size, 0L)));
      default ->
          given.setFloatList(FloatList.newBuilder().addAllValue(Collections.nCopies(size, 0f)));
    }
    return given.build();
  }
}
