package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Struct;

class DataSetsTest {
  @TempDir private Path folder;

  private static Path image(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    String name = file.getFileName().toString();
    ImageIO.write(
        new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB),
        name.substring(name.lastIndexOf('.') + 1),
        file.toFile());
    return file;
  }

  @Test
  void foldersAreClassesHalfOfThemUnseen() throws IOException {
    for (String c : List.of("a", "b", "c", "d", "e")) {
      image(folder.resolve(c).resolve("1.png"));
      image(folder.resolve(c).resolve("2.jpg"));
    }
    DataSplit split = DataSets.open("folder:" + folder);
    assertThat(split.train().classNames()).containsExactly("a", "b", "c");
    assertThat(split.test().classNames()).containsExactly("d", "e");
    assertThat(split.test().labels()).containsExactly(0, 0, 1, 1);
  }

  @Test
  void foldersTrainAndTestAreTheSplit() throws IOException {
    for (String c : List.of("train/a", "train/b", "test/c", "test/d")) {
      image(folder.resolve(c).resolve("1.png"));
      image(folder.resolve(c).resolve("2.png"));
    }
    DataSplit split = DataSets.open("folder:" + folder);
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.test().classNames()).containsExactly("c", "d");
  }

  @Test
  void omniglotsClassesAreCharactersOfAlphabets() throws IOException {
    for (String c :
        List.of(
            "images_background/Greek/character01",
            "images_background/Greek/character02",
            "images_evaluation/Oriya/character01",
            "images_evaluation/Oriya/character02")) {
      image(folder.resolve(c).resolve("1.png"));
      image(folder.resolve(c).resolve("2.png"));
    }
    DataSplit split = DataSets.open("omniglot:" + folder);
    assertThat(split.train().classNames())
        .containsExactly("Greek/character01", "Greek/character02");
    assertThat(split.test().classNames()).containsExactly("Oriya/character01", "Oriya/character02");
  }

  @Test
  void cubsSecondHundredClassesAreUnseen() throws IOException {
    StringBuilder images = new StringBuilder();
    StringBuilder labels = new StringBuilder();
    StringBuilder classes = new StringBuilder();
    for (int c = 1; c <= 200; c++) {
      classes.append(c).append(" bird").append(c).append('\n');
      for (int i = 0; i < 2; i++) {
        int id = 2 * c + i;
        images.append(id).append(" bird").append(c).append('/').append(i).append(".png\n");
        labels.append(id).append(' ').append(c).append('\n');
        image(folder.resolve("images").resolve("bird" + c).resolve(i + ".png"));
      }
    }
    Files.writeString(folder.resolve("images.txt"), images);
    Files.writeString(folder.resolve("image_class_labels.txt"), labels);
    Files.writeString(folder.resolve("classes.txt"), classes);
    DataSplit split = DataSets.open("cub200:" + folder);
    assertThat(split.train().classNames()).hasSize(100).contains("bird1", "bird100");
    assertThat(split.test().classNames()).hasSize(100).contains("bird101", "bird200");
    assertThat(split.test().size()).isEqualTo(200);
  }

  @Test
  void carsAnnotationsAreReadFromMatFiles() throws IOException {
    Struct annotations = Mat5.newStruct(1, 392);
    for (int i = 0; i < 392; i++) {
      String name = String.format("car_ims/%06d.jpg", i + 1);
      annotations.set("relative_im_path", i, Mat5.newString(name));
      annotations.set("class", i, Mat5.newScalar(i / 2 + 1));
      image(folder.resolve(name));
    }
    try (Mat5File file = Mat5.newMatFile()) {
      file.addArray("annotations", annotations);
      Mat5.writeToFile(file, folder.resolve("cars_annos.mat").toFile());
    }
    DataSplit split = DataSets.open("cars196:" + folder);
    assertThat(split.train().classNames()).hasSize(98).startsWith("001").endsWith("098");
    assertThat(split.test().classNames()).hasSize(98).startsWith("099").endsWith("196");
    assertThat(split.test().files().get(0)).hasFileName("000197.jpg");
  }

  @Test
  void productsAreSplitAsTheirListsSay() throws IOException {
    String head = "image_id class_id super_class_id path\n";
    Files.writeString(
        folder.resolve("Ebay_train.txt"), head + "1 1 1 bed/1.jpg\n2 1 1 bed/2.jpg\n");
    Files.writeString(folder.resolve("Ebay_test.txt"), head + "3 7 1 bed/3.jpg\n4 7 1 bed/4.jpg\n");
    for (int i = 1; i <= 4; i++) {
      image(folder.resolve("bed").resolve(i + ".jpg"));
    }
    DataSplit split = DataSets.open("sop:" + folder);
    assertThat(split.train().classNames()).containsExactly("1");
    assertThat(split.test().files())
        .extracting(each -> each.getFileName().toString())
        .containsExactly("3.jpg", "4.jpg");

    Files.delete(folder.resolve("bed").resolve("3.jpg"));
    assertThatThrownBy(() -> DataSets.open("sop:" + folder)).hasMessageContaining("3.jpg");
  }

  @Test
  void namesTheImageThatCannotBeRead() throws IOException {
    Path broken = fourClassesWith("d/2.png", "no picture");
    DataSplit split = DataSets.open("folder:" + folder);
    assertThatThrownBy(() -> read(split.test()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(broken.toString())
        .hasMessageContaining("--skip-broken");
  }

  @Test
  void skippingBrokenImagesLeavesTheRest() throws IOException {
    Path broken = fourClassesWith("d/2.png", "no picture");
    Files.writeString(folder.resolve("a").resolve("3.jpg"), "");
    DataSplit split = DataSets.open("folder:" + folder, true);
    assertThat(split.train().size()).isEqualTo(6);
    assertThat(split.test().files()).doesNotContain(broken).hasSize(5);
    read(split.test());
  }

  @Test
  void aClassWithOnePictureIsNamedOrLeftOut() throws IOException {
    fourClassesWith("e/1.png", null);
    image(folder.resolve("e").resolve("1.png"));
    assertThatThrownBy(() -> DataSets.open("folder:" + folder))
        .hasMessageContaining("'e'")
        .hasMessageContaining("two images");
    assertThat(DataSets.open("folder:" + folder, true).test().classNames()).containsExactly("d");
  }

  @Test
  void listsTheKindsOfDataSets() {
    assertThatThrownBy(() -> DataSets.open("imagenet:" + folder))
        .hasMessageContaining("imagenet")
        .hasMessageContaining("omniglot:DIR");
  }

  private Path fourClassesWith(String file, String content) throws IOException {
    for (String c : List.of("a", "b", "c", "d")) {
      for (int i : IntStream.range(0, 3).toArray()) {
        image(folder.resolve(c).resolve(i + ".png"));
      }
    }
    Path broken = folder.resolve(file);
    if (content != null) {
      Files.writeString(broken, content);
    }
    return broken;
  }

  private static void read(ImageDataSet data) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      ImagePipeline pipeline = ImagePipeline.evaluation(Ops.create(graph), data, 2, 8, 8);
      pipeline.start(session);
      for (int done = 0; done < data.size(); done += 2) {
        pipeline.next(session).close();
      }
    }
  }
}
