package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

class TensorValuesTest {
  private static TensorProto.Builder tensor(DataType type, long... sizes) {
    return TensorProto.newBuilder().setDtype(type).setTensorShape(Nodes.shape(sizes));
  }

  private static ByteString bytes(ByteBuffer written) {
    return ByteString.copyFrom(written.flip());
  }

  @Test
  void everyHalfIsTheNumberOfItsValueInBytesAndInLists() {
    // From IEEE 754: 1, -2, the largest, the smallest normal and subnormal, infinity, minus zero.
    List<Integer> bits = List.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00, 0x8000, 0x3555);
    double[] values = {1, -2, 65504, 0x1p-14, 0x1p-24, Double.POSITIVE_INFINITY, -0.0, 0x1.554p-2};
    ByteBuffer written = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    bits.forEach(each -> written.putShort(each.shortValue()));
    TensorProto.Builder half = tensor(DataType.DT_HALF, 8);
    assertThat(TensorValues.of(half.clone().addAllHalfVal(bits).build()).all())
        .containsExactly(values);
    assertThat(TensorValues.of(half.setTensorContent(bytes(written)).build()).all())
        .containsExactly(values);
  }

  @Test
  void theLastOfAListStandsForTheRestAndNoneForZeros() {
    TensorProto.Builder whole = tensor(DataType.DT_INT64, 2, 2).addInt64Val(7).addInt64Val(-3);
    assertThat(TensorValues.of(whole.build()).all()).containsExactly(7, -3, -3, -3);
    assertThat(TensorValues.of(whole.clearInt64Val().build()).all()).containsExactly(0, 0, 0, 0);
    TensorProto.Builder pairs = tensor(DataType.DT_COMPLEX64, 3);
    for (float part : new float[] {1, 2, 3, 4}) {
      pairs.addScomplexVal(part);
    }
    assertThat(TensorValues.of(pairs.build()).all()).containsExactly(1, 2, 3, 4, 3, 4);
  }

  @Test
  void bytesAreUnsignedWhereTheTypeIs() {
    ByteString high = ByteString.copyFrom(new byte[] {(byte) 200});
    assertThat(TensorValues.of(tensor(DataType.DT_UINT8).setTensorContent(high).build()).at(0))
        .isEqualTo(200);
    assertThat(TensorValues.of(tensor(DataType.DT_INT8).setTensorContent(high).build()).at(0))
        .isEqualTo(-56);
  }

  @Test
  void textHasNoNumbersAndTooFewBytesAreRefused() {
    assertThat(TensorValues.of(tensor(DataType.DT_STRING).build())).isNull();
    ByteString four = ByteString.copyFrom(new byte[4]);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TensorValues.of(tensor(DataType.DT_FLOAT, 2).setTensorContent(four).build()))
        .withMessageContaining("2 numbers of float32 has 4 bytes");
  }
}
