package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.data.Iterator;
import org.tensorflow.op.data.IteratorGetNext;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

class WarmupTest {
  @TempDir private Path folder;

  /** TensorFlow's own reader checks the lengths and both checksums. */
  @Test
  void tensorFlowReadsTheRecords() throws Exception {
    TensorProto value =
        TensorProto.newBuilder().setDtype(DataType.DT_FLOAT).addFloatVal(0.5f).build();
    Path file = folder.resolve("requests");
    Files.write(
        file,
        Warmup.file("icons", List.of(new Warmup.Request("serving_default", "images", value))));
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TType> records =
          tf.scope()
              .opBuilder("TFRecordDataset", "records")
              .addInput(tf.constant(file.toString()).asOutput())
              .addInput(tf.constant("").asOutput())
              .addInput(tf.constant(0L).asOutput())
              .build()
              .output(0);
      Iterator iterator = tf.data.iterator("", "", List.of(TString.class), List.of(Shape.scalar()));
      session.run(tf.data.makeIterator(records, iterator));
      IteratorGetNext next =
          tf.data.iteratorGetNext(iterator, List.of(TString.class), List.of(Shape.scalar()));
      try (Result result = session.runner().fetch(next.iterator().next()).run()) {
        byte[] record = ((TString) result.get(0)).asBytes().getObject();
        // PredictionLog.predict_log (6) of PredictLog.request (1) of a PredictRequest.
        assertThat(record).startsWith(6 << 3 | 2, record.length - 2, 1 << 3 | 2, record.length - 4);
        assertThat(new String(record, java.nio.charset.StandardCharsets.ISO_8859_1))
            .contains("\n\u0005icons\u001a\u000fserving_default", "\n\u0006images\u0012");
      }
    }
  }
}
