package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TensorFlowLogTest {
  @Test
  void isSetOnceHoweverOftenAskedWithoutHarmToTheProcess() throws Exception {
    assumeThat(Files.isReadable(Path.of("/proc/self/maps"))).as("skipped: not Linux").isTrue();
    for (int i = 0; i < 3; i++) {
      TensorFlowLog.initialize();
      System.gc(); // which unmaps what was mapped to read the library's file
    }
  }

  @Test
  void onlyAnAddressInWritableDataIsWrittenTo() {
    String data = "7f0000001000-7f0000002000 rw-p 00001000 fe:00 12   /libtensorflow_cc.so.2";
    assertThat(TensorFlowLog.isWritable(data, 0x7f0000001000L)).isTrue();
    assertThat(TensorFlowLog.isWritable(data, 0x7f0000001fffL)).isTrue();
    assertThat(TensorFlowLog.isWritable(data, 0x7f0000002000L)).isFalse();
    assertThat(TensorFlowLog.isWritable(data, 0x7f0000000fffL)).isFalse();
    assertThat(TensorFlowLog.isWritable(data.replace("rw-p", "r--s"), 0x7f0000001000L)).isFalse();
  }
}
