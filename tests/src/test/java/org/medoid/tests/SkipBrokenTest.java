package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkipBrokenTest {
  @TempDir private Path folder;

  @Test
  void whatARunLeftOutIsLeftOutWhenItIsEvaluated() throws IOException {
    Path data = folder.resolve("data");
    for (String c : List.of("a", "b", "c", "d")) {
      Files.createDirectories(data.resolve(c));
      for (int i = 0; i < 4; i++) {
        BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
        image.setRGB(i, 3 + c.charAt(0) % 7, 0xffffff);
        ImageIO.write(image, "png", data.resolve(c).resolve(i + ".png").toFile());
      }
    }
    Files.writeString(data.resolve("d").resolve("9.png"), "no picture");
    Path run = folder.resolve("run");
    Shell.medoid(
            "train",
            "--data",
            "folder:" + data,
            "--model",
            "convnet",
            "--batch",
            4,
            "--classes-per-batch",
            2,
            "--steps",
            1,
            "--skip-broken",
            "--out",
            run)
        .output();
    assertThat(Shell.medoid("evaluate", "--run", run, "--json").json().get("queries").asInt())
        .isEqualTo(8);
  }
}
