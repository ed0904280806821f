package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
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

  /** One picture as programs hold it: 12 bits in 16, signed, floats, 32 bits, with an alpha. */
  @Test
  void greyImagesOfOtherTypesHaveTheEmbeddingOfTheirBytes() throws IOException {
    BufferedImage bytes = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    int count = WIDTH * HEIGHT;
    List<BufferedImage> others = new ArrayList<>();
    others.add(grey(DataBuffer.TYPE_USHORT, 4095, Transparency.OPAQUE, false, 12));
    others.add(grey(DataBuffer.TYPE_SHORT, 32_767, Transparency.OPAQUE, false));
    others.add(grey(DataBuffer.TYPE_FLOAT, 1, Transparency.OPAQUE, false));
    others.add(grey(DataBuffer.TYPE_DOUBLE, 1, Transparency.OPAQUE, false));
    others.add(grey(DataBuffer.TYPE_INT, 0xffff_ffffL, Transparency.OPAQUE, false));
    others.add(grey(DataBuffer.TYPE_USHORT, 65_535, Transparency.TRANSLUCENT, false));
    others.add(grey(DataBuffer.TYPE_USHORT, 65_535, Transparency.TRANSLUCENT, true));
    for (int i = 0; i < count; i++) {
      bytes.getRaster().setSample(i % WIDTH, i / WIDTH, 0, i * 255 / count);
    }
    try (EmbeddingModel model =
        EmbeddingModel.ofSavedModel(SmallSavedModel.write(folder.resolve("m"), HEIGHT, WIDTH))) {
      double[] wanted = model.embedImages(List.of(bytes)).row(0);
      for (BufferedImage image : others) {
        assertThat(model.embedImages(List.of(image)).row(0))
            .as(image.toString())
            .containsExactly(wanted, within(1e-2));
      }
      BufferedImage beyond = grey(DataBuffer.TYPE_FLOAT, 255, Transparency.OPAQUE, false);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.embedImages(List.of(bytes, beyond)))
          .withMessageMatching("picture 1 has the value [0-9.]+, pixels are in \\[0, 1\\]");
      float[] pixels = new float[2 * count * 3];
      pixels[count * 3 + 1] = Float.NaN;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.embedPixels(pixels))
          .withMessage("picture 1 has the value NaN, pixels are in [0, 1]");
    }
  }

  /** The same ramp, up to the largest; half transparent where there is an alpha. */
  private static BufferedImage grey(
      int type, double largest, int transparency, boolean weighted, int... bits) {
    boolean alpha = transparency != Transparency.OPAQUE;
    ColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            bits.length == 0 ? null : bits,
            alpha,
            weighted,
            transparency,
            type);
    WritableRaster raster = model.createCompatibleWritableRaster(WIDTH, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      int byteValue = i * 255 / (WIDTH * HEIGHT);
      double value = largest * byteValue / 255;
      int x = i % WIDTH;
      int y = i / WIDTH;
      if (alpha) {
        raster.setSample(x, y, 1, largest / 2);
      }
      if (type == DataBuffer.TYPE_INT) {
        raster.setSample(x, y, 0, (int) (long) value);
      } else {
        raster.setSample(x, y, 0, weighted ? value / 2 : value);
      }
    }
    return new BufferedImage(model, raster, weighted, null);
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
    Files.writeString(export.resolve("export.json"), "{}");
    assertThatIOException()
        .isThrownBy(() -> EmbeddingModel.ofSavedModel(export))
        .withMessageContaining("export.json is damaged: it says nothing of the model");
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
