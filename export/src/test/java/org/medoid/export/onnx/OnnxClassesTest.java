package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

/** A consumer project in .ci/run tries the real protobuf 3.21.9. */
class OnnxClassesTest {
  /** As protobuf 3.21.9 has it. */
  @SuppressWarnings("unused")
  private static final class Old {
    static Old emptyList() {
      return new Old();
    }
  }

  @Test
  void theVersionThatTheBuildTakesSuits() {
    assertThatCode(OnnxClasses::check).doesNotThrowAnyException();
  }

  @Test
  void anOlderOneIsToldWithTheMend() {
    assertThat(OnnxClasses.suits(Old.class)).isFalse();
    assertThat(OnnxClasses.problem("3.21.9")).contains("3.21.9", "3.25", "medoid-bom");
  }
}
