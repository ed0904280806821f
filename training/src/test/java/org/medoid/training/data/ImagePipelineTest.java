package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.export.image.ImageSize;
import org.tensorflow.types.TFloat32;

class ImagePipelineTest {
  private static final int COUNT = 7;

  @TempDir private Path folder;
  private ImageDataSet data;

  /** The red of each picture is ten times its number. */
  @BeforeEach
  void write() throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      BufferedImage picture = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 16; p++) {
        picture.setRGB(p % 4, p / 4, (10 * i) << 16);
      }
      files.add(folder.resolve(i + ".png"));
      ImageIO.write(picture, "png", files.get(i).toFile());
    }
    data = new ImageDataSet("reds", files, new int[COUNT], List.of("class"));
  }

  private static int number(TFloat32 images) {
    return Math.round(images.getFloat(0, 0, 0, 0) * 255 / 10);
  }

  @Test
  void whatIsComputedComesInTheOrderOfTheImages() {
    CountDownLatch second = new CountDownLatch(1);
    List<Integer> taken = new ArrayList<>();
    try (ImagePipeline pipeline = ImagePipeline.evaluation(data, 1, ImageSize.square(4, 0))) {
      pipeline.<Integer, RuntimeException>compute(
          images -> {
            int number = number(images);
            if (number == 1) {
              second.countDown();
            } else if (number == 0) { // ends after the one behind it
              try {
                assertThat(second.await(60, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
            return number;
          },
          taken::add);
    }
    assertThat(taken).isEqualTo(IntStream.range(0, COUNT).boxed().toList());
  }

  @Test
  void whatIsThrownOnEitherSideReachesTheCaller() {
    try (ImagePipeline pipeline = ImagePipeline.evaluation(data, 2, ImageSize.square(4, 0))) {
      assertThatThrownBy(
              () ->
                  pipeline.<Integer, RuntimeException>compute(
                      images -> {
                        throw new IllegalArgumentException("network " + number(images));
                      },
                      number -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("network 0");
      assertThatThrownBy(
              () ->
                  pipeline.<Integer, IOException>compute(
                      ImagePipelineTest::number,
                      number -> {
                        throw new IOException("disk " + number);
                      }))
          .isInstanceOf(IOException.class)
          .hasMessage("disk 0");
      List<Integer> taken = new ArrayList<>();
      pipeline.<Integer, RuntimeException>compute(ImagePipelineTest::number, taken::add);
      assertThat(taken).containsExactly(0, 2, 4, 6); // it can be used again
    }
  }
}
