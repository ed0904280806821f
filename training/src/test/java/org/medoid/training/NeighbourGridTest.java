package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.data.ImageDataSet;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

class NeighbourGridTest {
  @TempDir private Path folder;

  private ImageDataSet plain(int[] labels, Color... colours) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < colours.length; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 64; p++) {
        image.setRGB(p % 8, p / 8, colours[i].getRGB());
      }
      files.add(folder.resolve(i + ".png"));
      ImageIO.write(image, "png", files.get(i).toFile());
    }
    return new ImageDataSet("plain", files, labels, List.of("a", "b", "alone"));
  }

  private static Color at(TFloat32 grid, int row, int column, int within) {
    float[] rgb = new float[3];
    for (int c = 0; c < 3; c++) {
      rgb[c] =
          grid.getFloat(
              0, row * NeighbourGrid.CELL + within, column * NeighbourGrid.CELL + within, c);
    }
    return new Color(rgb[0], rgb[1], rgb[2]);
  }

  @Test
  void showsTheNearestFirstAndWhetherItIsOfTheClass() throws IOException {
    ImageDataSet data =
        plain(
            new int[] {0, 0, 1, 1, 2},
            Color.BLACK,
            Color.BLUE,
            Color.CYAN,
            Color.PINK,
            Color.WHITE);
    // On a line: 0 is nearest to 2 of the other class, then 1; 2 is nearest to 0, then 1, then 3.
    try (NeighbourGrid drawn = new NeighbourGrid(data);
        TFloat32 grid = drawn.draw(new float[] {0, 3, 1, 5, 90})) {
      int middle = NeighbourGrid.CELL / 2;
      // No row for a class that has nothing to find.
      assertThat(grid.shape())
          .isEqualTo(Shape.of(1, 2 * NeighbourGrid.CELL, 5 * NeighbourGrid.CELL, 3));
      assertThat(at(grid, 0, 0, middle)).isEqualTo(Color.BLACK);
      assertThat(at(grid, 0, 1, middle)).isEqualTo(Color.CYAN);
      assertThat(at(grid, 0, 2, middle)).isEqualTo(Color.BLUE);
      assertThat(at(grid, 0, 4, middle)).isEqualTo(Color.WHITE);
      assertThat(at(grid, 1, 0, middle)).isEqualTo(Color.CYAN);
      assertThat(at(grid, 0, 1, 0).getRed()).isGreaterThan(at(grid, 0, 1, 0).getGreen());
      assertThat(at(grid, 0, 2, 0).getGreen()).isGreaterThan(at(grid, 0, 2, 0).getRed());
    }
  }
}
