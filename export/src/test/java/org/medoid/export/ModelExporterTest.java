package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

class ModelExporterTest {
  private Path folder = Path.of("/tmp/expo");

  @Test
  void aSavedModel() throws Exception {
    Path target = folder.resolve("an é export");
    try (SmallModel model = new SmallModel(Shape.of(-1, 16, 24, 3))) {
      FrozenGraph frozen = model.frozen();
      ExportReport report =
          ModelExporter.of(frozen)
              .formats(EnumSet.of(ModelExporter.Format.SAVEDMODEL))
              .resize(40)
              .export(target);
      System.out.println(report.info().toPrettyString());
      System.out.println(Files.walk(target).toList());
      assertThat(report.embeddingSize()).isEqualTo(5);
    }
  }

  @Test
  void mobileNet() throws Exception {
    ExportReport report = ModelExporter.ofSavedModel(Path.of("../../shared/data/mobilenet_v1_savedmodel"), null)
              .formats(EnumSet.of(ModelExporter.Format.SAVEDMODEL)).tolerance(1e-4)
              .layout(ModelExporter.Layout.TF_SERVING)
              .export(folder.resolve("mobile"));
      System.out.println(report.info().toPrettyString());
      System.out.println(Files.walk(folder).toList());
  }
}
