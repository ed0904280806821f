package org.medoid.graph.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.medoid.export.image.ImageSize;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

class ImagesTest {
  private static final int FROM = 6;
  private static final int SIZE = 4;

  /** Every value tells its place: row, column and channel as digits. */
  private static float[] pixels() {
    float[] pixels = new float[FROM * FROM * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = 100 * (i / (3 * FROM)) + 10 * (i / 3 % FROM) + i % 3;
    }
    return pixels;
  }

  /** What is cut, described as "row column mirrored" for each seed. */
  private static Set<String> cuts(boolean mirror, int seeds) {
    Set<String> cuts = new HashSet<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> image =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(FROM, FROM, 3)));
      Placeholder<TInt64> seed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      Operand<TFloat32> cut =
          Images.randomCrop(tf, image, ImageSize.square(SIZE, FROM), mirror, seed);
      try (TFloat32 x = TFloat32.tensorOf(Shape.of(FROM, FROM, 3), DataBuffers.of(pixels()))) {
        for (int s = 0; s < seeds; s++) {
          try (TInt64 value = TInt64.vectorOf(7, s)) {
            String first = cut(session, image, x, seed, value, cut);
            assertThat(cut(session, image, x, seed, value, cut)).isEqualTo(first);
            cuts.add(first);
          }
        }
      }
    }
    return cuts;
  }

  private static String cut(
      Session session,
      Placeholder<TFloat32> image,
      TFloat32 x,
      Placeholder<TInt64> seed,
      TInt64 value,
      Operand<TFloat32> cut) {
    try (Result result = session.runner().feed(image, x).feed(seed, value).fetch(cut).run()) {
      TFloat32 part = (TFloat32) result.get(0);
      assertThat(part.shape()).isEqualTo(Shape.of(SIZE, SIZE, 3));
      boolean mirrored = part.getFloat(0, 0, 0) > part.getFloat(0, 1, 0);
      int row = (int) part.getFloat(0, 0, 0) / 100;
      int column = (int) part.getFloat(0, mirrored ? SIZE - 1 : 0, 0) / 10 % 10;
      for (int i = 0; i < SIZE; i++) {
        for (int j = 0; j < SIZE; j++) {
          int from = column + (mirrored ? SIZE - 1 - j : j);
          for (int c = 0; c < 3; c++) {
            assertThat(part.getFloat(i, j, c)).isEqualTo(100 * (row + i) + 10 * from + c);
          }
        }
      }
      return row + " " + column + (mirrored ? " mirrored" : "");
    }
  }

  @Test
  void randomCropsReachEveryCornerAndTheirMirrorImages() {
    assertThat(cuts(true, 300)).hasSize(3 * 3 * 2);
  }

  @Test
  void nothingIsMirroredUnlessWanted() {
    assertThat(cuts(false, 150)).hasSize(3 * 3).noneMatch(each -> each.endsWith("mirrored"));
  }

  /** The corners of resized crops of a picture whose red tells the row and green the column. */
  private static List<float[]> resized(int height, int width, ImageSize size, int seeds) {
    float[] pixels = new float[height * width * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        pixels[(y * width + x) * 3] = y + 0.5f;
        pixels[(y * width + x) * 3 + 1] = x + 0.5f;
      }
    }
    List<float[]> boxes = new ArrayList<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 x = TFloat32.tensorOf(Shape.of(height, width, 3), DataBuffers.of(pixels))) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> image =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, -1, 3)));
      Placeholder<TInt64> seed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      Operand<TFloat32> cut = Images.randomResizedCrop(tf, image, size, true, seed);
      for (int s = 0; s < seeds; s++) {
        try (TInt64 value = TInt64.vectorOf(3, s);
            Result first = session.runner().feed(image, x).feed(seed, value).fetch(cut).run();
            Result again = session.runner().feed(image, x).feed(seed, value).fetch(cut).run()) {
          TFloat32 part = (TFloat32) first.get(0);
          assertThat(part.shape()).isEqualTo(Shape.of(size.height(), size.width(), 3));
          assertThat(again.get(0)).isEqualTo(part);
          int down = size.height() - 1;
          int right = size.width() - 1;
          // The distance of the outermost pixel centres is the part's side less one of its steps.
          boxes.add(
              new float[] {
                (part.getFloat(down, 0, 0) - part.getFloat(0, 0, 0)) * size.height() / down,
                (part.getFloat(0, right, 1) - part.getFloat(0, 0, 1)) * size.width() / right
              });
        }
      }
    }
    return boxes;
  }

  @Test
  void resizedCropsHaveTheAreaAndShapeThatTheyAreDrawnFrom() {
    ImageSize size = new ImageSize(20, 30, 0);
    List<float[]> boxes = resized(300, 400, size, 400);
    int mirrored = 0;
    double smallest = 1;
    double largest = 0;
    for (float[] box : boxes) {
      mirrored += box[1] < 0 ? 1 : 0;
      double area = box[0] * Math.abs(box[1]) / (300 * 400);
      smallest = Math.min(smallest, area);
      largest = Math.max(largest, area);
      assertThat(area).isBetween(0.155, 1.001);
      // Relative to the network's 30:20, 3:4 to 4:3, but for the rounding to pixels.
      assertThat(Math.abs(box[1]) / box[0] / 1.5).isBetween(0.74, 1.35);
    }
    assertThat(mirrored).as("of 400, standard deviation 10").isBetween(150, 250);
    assertThat(smallest).isLessThan(0.2);
    assertThat(largest).isGreaterThan(0.75);
  }

  @Test
  void aPictureTooLongForAnyPartIsClipped() {
    for (float[] box : resized(4, 400, ImageSize.square(8, 0), 20)) {
      assertThat(box[0]).isBetween(0f, 4.01f);
      assertThat(Math.abs(box[1])).isBetween(0f, 400.1f);
    }
  }
}
