package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.export.image.ImageSize;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Sink;
import us.hebi.matlab.mat.types.Sinks;
import us.hebi.matlab.mat.types.Struct;

class DataSetsTest {
  /** A JPEG of 8x6 pixels in Adobe's inverted CMYK. */
  private static final String CMYK =
      "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwW"
          + "FiAsICMmJykqKRkfLTAtKDAlKCko/8AAFAgABgAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAA"
          + "AAgH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwCPEeVJOP/Z";

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

    Path list = folder.resolve("image_class_labels.txt");
    Files.writeString(list, labels.toString().replace("\n4 2\n", "\n4 two\n"));
    Files.writeString(folder.resolve("classes.txt"), classes + "two bird2\n");
    assertThatThrownBy(() -> DataSets.open("cub200:" + folder))
        .isInstanceOf(IOException.class)
        .hasMessage(list + " is damaged: line 3 has 'two', not a whole number");
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
    DataSplit split;
    Locale before = Locale.getDefault();
    try { // the names are the same in every locale
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      split = DataSets.open("cars196:" + folder);
    } finally {
      Locale.setDefault(before);
    }
    assertThat(split.train().classNames()).hasSize(98).startsWith("001").endsWith("098");
    assertThat(split.test().classNames()).hasSize(98).startsWith("099").endsWith("196");
    assertThat(split.test().files().get(0)).hasFileName("000197.jpg");
  }

  @Test
  void aMatFileTakesNoMoreMemoryThanItCanFill() throws IOException {
    Struct annotations = Mat5.newStruct(1, 3);
    for (int i = 0; i < 3; i++) {
      annotations.set("relative_im_path", i, Mat5.newString("car_ims/1.jpg"));
      annotations.set("class", i, Mat5.newMatrix(7, 11));
    }
    Path mat = folder.resolve("cars_annos.mat");
    try (Mat5File file = Mat5.newMatFile();
        Sink sink = Sinks.newStreamingFile(mat.toFile())) {
      file.addArray("annotations", annotations);
      Mat5.newWriter(sink).setDeflateLevel(Deflater.NO_COMPRESSION).writeMat(file);
    }
    byte[] whole = Files.readAllBytes(mat);
    List<String> refused = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(whole.clone()).order(ByteOrder.nativeOrder());
    for (int at = 128; at + 4 <= whole.length; at += 4) {
      int number = bytes.getInt(at);
      if (number > 1 && number < 1000) { // perhaps a length
        bytes.putInt(at, 0x7ffffff0);
        Files.write(mat, bytes.array());
        bytes.putInt(at, number);
        try {
          DataSets.open("cars196:" + folder);
        } catch (IllegalArgumentException | IOException e) {
          refused.add(e.getMessage());
        }
      }
    }
    assertThat(refused)
        .allMatch(message -> message.startsWith(folder.toString()))
        .anyMatch(message -> message.contains("more than the file can hold"));
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
  void publishedSetsAreFoundInFoldersAroundThemAndWhatIsMissingIsNamed() throws IOException {
    Path deep = folder.resolve("download").resolve("Stanford_Online_Products");
    for (int i = 1; i <= 4; i++) {
      image(deep.resolve("bed").resolve(i + ".jpg"));
    }
    String head = "image_id class_id super_class_id path\n";
    Files.writeString(deep.resolve("Ebay_test.txt"), head + "3 7 1 bed/3.jpg\n4 7 1 bed/4.jpg\n");
    assertThatThrownBy(() -> DataSets.open("sop:" + folder))
        .hasMessageStartingWith(deep.resolve("Ebay_train.txt").toString())
        .hasMessageContaining("Stanford Online Products");
    Files.writeString(deep.resolve("Ebay_train.txt"), head + "1 1 1 bed/1.jpg\n2 1 1 bed/2.jpg\n");
    assertThat(DataSets.open("sop:" + folder).test().size()).isEqualTo(2);

    for (String part : List.of("images_background", "images_evaluation")) {
      Path place = folder.resolve("omniglot-master").resolve("python").resolve(part).resolve(part);
      image(place.resolve("Greek").resolve("alpha").resolve("1.png"));
      image(place.resolve("Greek").resolve("alpha").resolve("2.png"));
    }
    assertThat(DataSets.open("omniglot:" + folder).train().classNames())
        .containsExactly("Greek/alpha");

    Path empty = Files.createDirectories(folder.resolve("empty").resolve("devkit")).getParent();
    assertThatThrownBy(() -> DataSets.open("omniglot:" + empty))
        .hasMessageStartingWith(empty.resolve("images_background").toString())
        .hasMessageContaining("nor in the folders below");
    assertThatThrownBy(() -> DataSets.open("cub200:" + empty))
        .hasMessageStartingWith(empty.resolve("images.txt").toString());
    assertThatThrownBy(() -> DataSets.open("cars196:" + empty))
        .hasMessageContaining("cars_annos.mat or devkit/cars_train_annos.mat");
  }

  @Test
  void brokenImagesOfBothPartsAreNamedBeforeTheyAreNeeded() throws IOException {
    Path test = fourClassesWith("d/2.png", "no picture");
    Path train = folder.resolve("a").resolve("1.png");
    Files.write(train, Arrays.copyOf(Files.readAllBytes(train), 40));
    DataSplit split = DataSets.open("folder:" + folder);
    assertThatThrownBy(split::requireReadable)
        .isInstanceOf(BrokenImagesException.class)
        .hasMessageStartingWith(train + ": ")
        .hasMessageContaining("; nor can " + test + " be read; remove them");
    assertThatThrownBy(DataSets.unlabelled(folder, false)::requireReadable)
        .hasMessageContaining(train.toString())
        .hasMessageContaining(test.toString());
    ImageDataSet rest = DataSets.unlabelled(folder, true);
    assertThat(rest.files()).doesNotContain(train, test).isNotEmpty();
    rest.requireReadable();
  }

  @Test
  void whatIsCutShortOrNoImageIsNamedWithoutDecodingTheRest() throws IOException {
    Path text = fourClassesWith("d/2.png", "no picture");
    Path cut = folder.resolve("a").resolve("1.png");
    Path damaged = folder.resolve("b").resolve("1.png");
    Path jpeg = folder.resolve("a").resolve("photo.jpg");
    Path cutJpeg = folder.resolve("b").resolve("photo.jpg");
    Path gif = folder.resolve("c").resolve("drawing.gif");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 40));
    byte[] bytes = Files.readAllBytes(damaged);
    Arrays.fill(bytes, 30, 50, (byte) 7);
    Files.write(damaged, bytes);
    BufferedImage picture = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(picture, "jpg", jpeg.toFile());
    ImageIO.write(picture, "gif", gif.toFile()); // is decoded, and well
    byte[] whole = Files.readAllBytes(jpeg);
    Files.write(cutJpeg, Arrays.copyOf(whole, whole.length - 60));

    ImageDataSet data = DataSets.unlabelled(folder, false);
    assertThatThrownBy(data::requireWhole)
        .isInstanceOf(BrokenImagesException.class)
        .hasMessageContaining(text.toString())
        .hasMessageContaining(cut.toString())
        .hasMessageContaining(cutJpeg.toString())
        .hasMessageNotContaining(jpeg.toString())
        .hasMessageNotContaining(gif.toString())
        .hasMessageNotContaining(damaged.toString());
    assertThatThrownBy(data::requireReadable).hasMessageContaining(damaged.toString());
  }

  @Test
  void namesTheImageThatCannotBeRead() throws IOException {
    Path broken = fourClassesWith("d/2.png", "no picture");
    DataSplit split = DataSets.open("folder:" + folder);
    assertThatThrownBy(() -> read(split.test()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(broken.toString())
        .hasMessageContaining("leave it out");
  }

  @Test
  void namesAllImagesThatCannotBeReadAtOnce() throws IOException {
    fourClassesWith("d/2.png", "no picture");
    Files.writeString(folder.resolve("c").resolve("1.png"), "");
    DataSplit split = DataSets.open("folder:" + folder);
    assertThatThrownBy(() -> read(split.test()))
        .hasMessageStartingWith(folder.resolve("c").resolve("1.png") + ": is empty")
        .hasMessageContaining("; nor can " + folder.resolve("d").resolve("2.png") + " be read")
        .hasMessageContaining("remove them");

    for (int i = 3; i < 30; i++) {
      Files.writeString(folder.resolve("d").resolve(i + ".png"), "no picture");
    }
    DataSplit many = DataSets.open("folder:" + folder); // 29 are broken, 20 of them named
    assertThatThrownBy(() -> read(many.test())).hasMessageContaining(" and 9 others be read");
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
  void anImageTooLargeToDecodeIsNamedByItsHeaderOrLeftOut() throws IOException {
    fourClassesWith("d/9.png", null);
    Path huge = folder.resolve("d").resolve("9.png");
    // 81 million pixels in 10 KB: decoded it would be 1 GB.
    ImageIO.write(
        new BufferedImage(9000, 9000, BufferedImage.TYPE_BYTE_BINARY), "png", huge.toFile());
    assertThatThrownBy(() -> DataSets.open("folder:" + folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(huge.toString())
        .hasMessageContaining("9000 x 9000 pixels")
        .hasMessageContaining("leave it out");
    assertThatThrownBy(() -> DataSets.unlabelled(folder, false))
        .hasMessageContaining(huge.toString());
    assertThat(DataSets.open("folder:" + folder, true).test().files())
        .hasSize(6)
        .doesNotContain(huge);
  }

  @Test
  void cmykGreyAndDeepImagesAreReadAsRgb() throws IOException {
    Path cmyk = folder.resolve("cmyk.jpg");
    Files.write(cmyk, Base64.getDecoder().decode(CMYK));
    Path grey = folder.resolve("grey.jpg");
    Path deep = folder.resolve("deep.png");
    Path clear = folder.resolve("clear.png");
    for (Map.Entry<Path, Integer> each :
        Map.of(
                grey, BufferedImage.TYPE_BYTE_GRAY,
                deep, BufferedImage.TYPE_USHORT_GRAY,
                clear, BufferedImage.TYPE_INT_ARGB)
            .entrySet()) {
      BufferedImage image = new BufferedImage(8, 6, each.getValue());
      for (int i = 0; i < 48; i++) {
        image.setRGB(i % 8, i / 8, 0xff808080);
      }
      String name = each.getKey().getFileName().toString();
      ImageIO.write(image, name.substring(name.indexOf('.') + 1), each.getKey().toFile());
    }
    // Pillow converts the CMYK colour (200, 20, 0, 10) to the RGB colour (53, 226, 245).
    assertThat(pixel(cmyk)).containsExactly(new float[] {53f, 226f, 245f}, within(2f));
    for (Path file : List.of(grey, deep, clear)) {
      // Java takes its grey for linear light, so that 128 becomes 55.
      float[] rgb = pixel(file);
      assertThat(rgb[0]).isBetween(40f, 150f);
      assertThat(rgb).as(file.toString()).containsExactly(rgb[0], rgb[0], rgb[0]);
    }
  }

  @Test
  void ofAnAnimationTheFirstFrameIsRead() throws IOException {
    Path file = folder.resolve("animated.gif");
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
      for (int colour : new int[] {0xff0000, 0x0000ff}) {
        BufferedImage frame = new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 48; i++) {
          frame.setRGB(i % 8, i / 8, colour);
        }
        writer.writeToSequence(new IIOImage(frame, null, null), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }
    assertThat(pixel(file)).containsExactly(255f, 0f, 0f);
  }

  /** The middle of an image as the pipeline reads it, RGB from 0 to 255. */
  private static float[] pixel(Path file) {
    ImageDataSet one = new ImageDataSet("one", List.of(file), new int[1], List.of("class"));
    float[] rgb = new float[3];
    try (ImagePipeline pipeline = ImagePipeline.evaluation(one, 1, ImageSize.square(8, 0))) {
      pipeline.forEach(
          image -> {
            for (int c = 0; c < 3; c++) {
              rgb[c] = 255 * image.getFloat(0, 4, 4, c);
            }
          });
    }
    return rgb;
  }

  @Test
  void aPublishedClassWithOnePictureIsNamedOrLeftOut() throws IOException {
    String head = "\ufeffimage_id class_id super_class_id path\r\n";
    Files.writeString(
        folder.resolve("Ebay_train.txt"), head + "1 1 1 bed/1.jpg \r\n2 1 1 bed/2.jpg\r\n\r\n");
    Files.writeString(folder.resolve("Ebay_test.txt"), head + "3 7 1 bed/3.jpg\r\n");
    for (int i = 1; i <= 3; i++) {
      image(folder.resolve("bed").resolve(i + ".jpg"));
    }
    assertThatThrownBy(() -> DataSets.open("sop:" + folder))
        .hasMessageContaining("'7'")
        .hasMessageContaining("two images");
    Files.writeString(
        folder.resolve("Ebay_test.txt"), head + "3 7 1 bed/3.jpg\r\n1 7 1 bed/1.jpg\r\n");
    assertThat(DataSets.open("sop:" + folder).test().classNames()).containsExactly("7");
  }

  @Test
  void aFolderWithoutAKindOrAKindWithoutAFolderIsToldTheMend() {
    assertThatThrownBy(() -> DataSets.open(folder.toString()))
        .hasMessageContaining("folder:" + folder);
    assertThatThrownBy(() -> DataSets.open("sop: "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sop:DIR");
  }

  @Test
  void ofOnePictureTheFormatThatIsNotReadIsNamed() throws IOException {
    Path picture = folder.resolve("a.jpg");
    Files.write(picture, "RIFF....WEBPVP8 ".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> DataSets.unlabelled(picture, false))
        .hasMessageContaining("a.jpg")
        .hasMessageContaining("WebP")
        .hasMessageContaining("save it as PNG or JPEG");
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
    try (ImagePipeline pipeline = ImagePipeline.evaluation(data, 2, ImageSize.square(8, 0))) {
      pipeline.forEach(images -> {});
    }
  }

  @Test
  void whatOtherProgramsLeaveAmongTheIconsIsNoConcept() throws IOException {
    DataSplit rendered = Icons.open(folder);
    Path concept = rendered.train().files().get(0).getParent();
    Files.writeString(concept.resolveSibling(".DS_Store"), "x");
    Files.createDirectory(concept.resolveSibling(".idea"));
    assertThat(Icons.open(folder).train().classNames()).isEqualTo(rendered.train().classNames());
  }
}
