package org.medoid.graph.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
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
}
