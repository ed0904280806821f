package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.export.ExportReport;
import org.medoid.export.image.ImageSize;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.Embeddings;

@Timeout(240)
class EmbeddingModelTest {
  private static final int HEIGHT = 12;
  private static final int WIDTH = 8;

  @TempDir private Path folder;

  /** Red above and the given blue below, by 12 rows of 8 pixels or more. */
  private static BufferedImage picture(int blue, int times) {
    BufferedImage picture =
        new BufferedImage(WIDTH * times, HEIGHT * times, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        picture.setRGB(x, y, y < picture.getHeight() / 2 ? 0xffff0000 : 0xff000000 | blue);
      }
    }
    return picture;
  }

  private List<Path> files(int count) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path file = folder.resolve("ä picture " + i + ".png");
      ImageIO.write(picture(i, 1), "png", file.toFile());
      files.add(file);
    }
    return files;
  }

  private static void assertRows(Embeddings rows, int count) {
    assertThat(rows.rows()).isEqualTo(count);
    assertThat(rows.width()).isEqualTo(6);
    for (int i = 0; i < count; i++) {
      assertThat(rows.row(i))
          .containsExactly(new double[] {1, 0, 0, 0, 0, i / 255.0}, within(1e-6));
    }
  }

  @Test
  void filesBytesImagesAndPixelsOfOnePictureHaveOneEmbeddingInOrder() throws IOException {
    // More than a batch, and a part of one.
    int count = 70;
    List<Path> files = files(count);
    try (EmbeddingModel model =
        EmbeddingModel.ofSavedModel(SmallSavedModel.write(folder.resolve("m"), HEIGHT, WIDTH))) {
      assertThat(model.imageSize()).isEqualTo(new ImageSize(HEIGHT, WIDTH, 0));
      assertThat(model.width()).isEqualTo(6);
      assertThat(model.distance()).isEmpty();
      assertThat(model.notes()).isNotEmpty();
      assertRows(model.embedFiles(files), count);
      List<byte[]> encoded = new ArrayList<>();
      List<BufferedImage> images = new ArrayList<>();
      float[] pixels = new float[count * HEIGHT * WIDTH * 3];
      for (int i = 0; i < count; i++) {
        encoded.add(Files.readAllBytes(files.get(i)));
        images.add(picture(i, 2));
        for (int k = 0; k < HEIGHT * WIDTH; k++) {
          boolean above = k < HEIGHT * WIDTH / 2;
          pixels[(i * HEIGHT * WIDTH + k) * 3 + (above ? 0 : 2)] = above ? 1 : i / 255f;
        }
      }
      assertRows(model.embedBytes(encoded), count);
      assertRows(model.embedImages(images), count);
      assertRows(model.embedPixels(pixels), count);
      assertThatIllegalArgumentException().isThrownBy(() -> model.embedPixels(new float[7]));
      assertThatIllegalArgumentException().isThrownBy(() -> model.embedBytes(List.of()));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.embedBytes(List.of(encoded.get(0), new byte[] {1, 2})))
          .withMessageContaining("picture 1 cannot be decoded");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.embedBytes(Arrays.asList(encoded.get(0), null)))
          .withMessage("picture 1 is null");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.embedImages(Arrays.asList(images.get(0), null)))
          .withMessage("picture 1 is null");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
  void greyImagesHaveTheEmbeddingsOfTheirFiles(int type) throws IOException {
    BufferedImage grey = new BufferedImage(WIDTH, HEIGHT, type);
    int[] samples = new int[WIDTH * HEIGHT];
    int largest = type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 65_535;
    Arrays.setAll(samples, i -> i * largest / samples.length);
    grey.getRaster().setSamples(0, 0, WIDTH, HEIGHT, 0, samples);
    Path file = folder.resolve("grey.png");
    assertThat(ImageIO.write(grey, "png", file.toFile())).isTrue();
    try (EmbeddingModel model =
        EmbeddingModel.ofSavedModel(SmallSavedModel.write(folder.resolve("m"), HEIGHT, WIDTH))) {
      double[] wanted = model.embedFiles(List.of(file)).row(0);
      for (BufferedImage image : List.of(grey, ImageIO.read(file.toFile()))) {
        assertThat(model.embedImages(List.of(image)).row(0)).containsExactly(wanted, within(1e-5));
      }
    }
  }

  @Test
  void aClosedModelEmbedsNothingThoughItWasNeverUsed() throws IOException {
    EmbeddingModel model =
        EmbeddingModel.ofSavedModel(SmallSavedModel.write(folder.resolve("m"), HEIGHT, WIDTH));
    model.close();
    assertThatThrownBy(() -> model.embedPixels(new float[HEIGHT * WIDTH * 3]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the model is closed");
  }

  @Test
  void anExportEmbedsAsItsSourceAndKnowsTheCut() throws IOException {
    List<Path> files = files(3);
    ImageDataSet pictures = new ImageDataSet("three", files, new int[3], List.of("pictures"));
    Path export = folder.resolve("export");
    try (EmbeddingModel model =
        EmbeddingModel.ofSavedModel(SmallSavedModel.write(folder.resolve("m"), HEIGHT, WIDTH))) {
      ExportReport report = model.exporter(pictures).export(export);
      assertThat(report.pictures()).isEqualTo(3);
      assertThat(report.differences()).containsKeys("reference", "savedmodel", "onnx");
    }
    try (EmbeddingModel model = EmbeddingModel.ofSavedModel(export)) {
      // What export.json says need not be guessed.
      assertThat(model.notes()).noneMatch(note -> note.contains("does not show their range"));
      assertRows(model.embedFiles(files), 3);
    }
    Files.writeString(
        export.resolve("export.json"),
        "{\"image_height\": 12, \"image_width\": 8, \"resize\": 24, \"distance\": \"cosine\"}");
    try (EmbeddingModel model = EmbeddingModel.ofSavedModel(export)) {
      assertThat(model.imageSize()).isEqualTo(new ImageSize(HEIGHT, WIDTH, 24));
      assertThat(model.distance()).contains("cosine");
      // Of a picture as large as the cut one half is left, its edge between the colours wider.
      assertThat(model.embedFiles(files).row(0)[0]).isBetween(0.9, 0.99);
    }
    Files.writeString(export.resolve("export.json"), "{");
    assertThatIOException()
        .isThrownBy(() -> EmbeddingModel.ofSavedModel(export))
        .withMessageContaining("export.json is damaged");
  }

  @Test
  void whereTheSizeIsOpenItMustBeGivenAndAnotherThanTheModelsIsRefused() throws IOException {
    Path open = SmallSavedModel.write(folder.resolve("open"), -1, -1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EmbeddingModel.ofSavedModel(open))
        .withMessageContaining("leaves the size of the images open");
    try (EmbeddingModel model =
        EmbeddingModel.ofSavedModel(open, SignatureChoice.FITTING, HEIGHT, WIDTH)) {
      assertThat(model.embedFiles(files(1)).row(0)[0]).isBetween(0.49, 0.51);
    }
    Path closed = SmallSavedModel.write(folder.resolve("closed"), HEIGHT, WIDTH);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EmbeddingModel.ofSavedModel(closed, SignatureChoice.FITTING, 12, 12))
        .withMessageContaining("takes images of width 8, not 12");
  }
}
