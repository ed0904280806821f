package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.abort;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class ClassFoldersTest {
  @TempDir private Path folder;
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger().addAppender(log);
  }

  @AfterEach
  void stop() {
    logger().detachAppender(log);
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("org.medoid.training.data");
  }

  private String told() {
    return log.list.stream()
        .map(ILoggingEvent::getFormattedMessage)
        .collect(Collectors.joining("\n"));
  }

  private Path image(String name) throws IOException {
    return image(name, "png");
  }

  private Path image(String name, String format) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB), format, file.toFile());
    return file;
  }

  private void classes(String... names) throws IOException {
    for (String name : names) {
      image(name + "/1.png");
      image(name + "/2.png");
    }
  }

  private DataSplit open() throws IOException {
    return DataSets.open("folder:" + folder);
  }

  @Test
  void picturesBesideTheFoldersOfClassesAreTold() throws IOException {
    classes("a", "b", "c", "d");
    image("1.png");
    image("2.gif", "gif");
    assertThat(open().train().size() + open().test().size()).isEqualTo(8);
    assertThat(told()).contains(folder + ": left out 2 pictures that lie in no folder of a class");
  }

  @Test
  void picturesBesideTheFoldersOfPartsAreTold() throws IOException {
    classes("train/a", "train/b", "test/c", "test/d");
    image("1.png");
    image("test/1.png");
    open();
    assertThat(told())
        .contains(folder + ": left out 1 pictures")
        .contains(folder.resolve("test") + ": left out 1 pictures")
        .doesNotContain(folder.resolve("train") + ": left out");
  }

  @Test
  void linksToFoldersAndPicturesAreFollowedAndLoopsTold() throws IOException {
    classes("data/a", "data/b", "data/c", "elsewhere/d");
    Files.createSymbolicLink(folder.resolve("data/d"), folder.resolve("elsewhere/d"));
    Files.createSymbolicLink(
        folder.resolve("data/a/3.png"), folder.resolve("elsewhere").resolve("d").resolve("1.png"));
    Files.createSymbolicLink(folder.resolve("data/b/up"), folder.resolve("data"));
    Files.createSymbolicLink(folder.resolve("data/c/gone.png"), folder.resolve("nothing"));
    DataSplit split = DataSets.open("folder:" + folder.resolve("data"));
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.test().classNames()).containsExactly("c", "d");
    assertThat(split.train().labels()).containsExactly(0, 0, 0, 1, 1);
    assertThat(told()).contains("1 link to nothing").contains("link to a folder around it");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("data/a"));
    assertThat(DataSets.unlabelled(link, false).size()).isEqualTo(3);
  }

  /** Else it would be a class of all pictures, those of the others too. */
  @Test
  void aLinkToAFolderAroundIsNoClass() throws IOException {
    classes("set/a", "set/b", "set/c", "set/d", "other/e");
    Files.createSymbolicLink(folder.resolve("set/up"), Path.of(".."));
    Files.createSymbolicLink(folder.resolve("set/self"), Path.of("."));
    DataSplit split = DataSets.open("folder:" + folder.resolve("set"));
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.test().classNames()).containsExactly("c", "d");
    assertThat(told()).contains("2 link to a folder around it");
  }

  @Test
  void whatIsHiddenIsPassedOverAtAnyDepth() throws IOException {
    classes("a", "b", "c", "d", ".git/x", "__MACOSX/y", "a/.ipynb_checkpoints", "b/deep/@eaDir");
    image("c/._1.png");
    image("d/Thumbs.db");
    Files.writeString(folder.resolve("d/.DS_Store"), "x");
    DataSplit split = open();
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.train().size() + split.test().size()).isEqualTo(8);
    assertThat(told()).doesNotContain("left out");
  }

  /** TensorBoard's pictures of runs that were written beside the classes are no class. */
  @Test
  void foldersOfRunsArePassedOver() throws IOException {
    classes("a", "b", "c", "d", "runs/one/events", "runs/two/events", "three/events", "a/four");
    for (String run : List.of("runs/one", "runs/two", "three", "a/four")) {
      Files.createFile(folder.resolve(run).resolve("settings.json"));
      Files.createFile(folder.resolve(run).resolve("data.json"));
    }
    DataSplit split = open();
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.test().classNames()).containsExactly("c", "d");
    assertThat(split.train().size()).isEqualTo(4);
    assertThat(told()).contains("folder of a run");
  }

  @Test
  void picturesAreKnownByTheirContentAndTheRestIsToldWithItsNumber() throws IOException {
    classes("a", "b", "c", "d");
    image("a/photo.jfif", "jpg");
    image("a/PHOTO.PNG", "jpg");
    image("a/none", "gif");
    image("a/data.bin", "bmp");
    Files.writeString(folder.resolve("b/1.webp"), "RIFFxxxxWEBPVP8 ");
    Files.writeString(folder.resolve("b/2.jpg"), "RIFFxxxxWEBPVP8 ");
    Files.write(folder.resolve("c/1.tif"), new byte[] {'I', 'I', '*', 0, 8, 0, 0, 0});
    Files.writeString(folder.resolve("c/1.avif"), "\0\0\0\u001cftypavif");
    Files.writeString(folder.resolve("c/1.svg"), "<?xml version='1.0'?>\n<svg/>");
    Files.writeString(folder.resolve("d/notes.txt"), "BMW");
    Files.writeString(folder.resolve("d/README"), "");
    DataSplit split = open();
    assertThat(split.train().size()).isEqualTo(8);
    assertThat(split.test().size()).isEqualTo(4);
    assertThat(told())
        .contains("1 .txt", "1 without an ending", "1 TIFF (.tif)", "1 WebP (.jpg)")
        .contains("1 WebP (.webp)", "1 AVIF or HEIC (.avif)", "1 SVG (.svg)");
  }

  @Test
  void brokenAndEmptyPicturesAreKeptToBeNamed() throws IOException {
    classes("a", "b", "c", "d");
    Path empty = Files.createFile(folder.resolve("a/0.png"));
    Files.writeString(folder.resolve("a/3.jpeg"), "no picture");
    assertThat(open().train().files()).contains(empty).hasSize(6);
    assertThat(DataSets.open("folder:" + folder, true).train().size()).isEqualTo(4);
    assertThat(told()).contains("0.png: is empty").contains("3.jpeg");
  }

  @ParameterizedTest
  @ValueSource(strings = {"test", "testing", "val", "Valid", "validation", "eval"})
  void theSecondPartHasAnyUsualName(String name) throws IOException {
    classes("Train/a", "Train/b", name + "/c", name + "/d");
    DataSplit split = open();
    assertThat(split.train().classNames()).containsExactly("a", "b");
    assertThat(split.test().classNames()).containsExactly("c", "d");
    assertThat(told()).isEmpty();
  }

  @Test
  void ofThreePartsTestTestsAndTheOtherIsTold() throws IOException {
    classes("train/a", "train/b", "val/c", "val/d", "test/a", "test/f");
    DataSplit split = open();
    assertThat(split.test().classNames()).containsExactly("a", "f");
    assertThat(told())
        .contains(folder.resolve("val") + ": not used")
        .contains("1 of 2 classes are in train too");
  }

  @Test
  void aFolderThatWrapsTheOthersIsOpened() throws IOException {
    classes("data/images/train/a", "data/images/train/b", "data/images/val/c");
    classes("__MACOSX/x");
    assertThat(open().test().classNames()).containsExactly("c");
  }

  @Test
  void aTrainAloneIsHalvedAndAClassMayBeCalledTrain() throws IOException {
    classes("train/a", "train/b", "train/c", "train/d");
    assertThat(open().test().classNames()).containsExactly("c", "d");
    classes("other/car", "other/train", "other/test", "other/van");
    assertThat(DataSets.open("folder:" + folder.resolve("other")).train().classNames())
        .containsExactly("car", "test");
  }

  @Test
  void whatIsMissingIsSaidWithTheMend() throws IOException {
    classes("val/a", "val/b", "test/c", "test/d");
    assertThatThrownBy(this::open).hasMessageContaining("none called train");
    Path flat = folder.resolve("flat");
    image("flat/1.png");
    image("flat/2.png");
    assertThatThrownBy(() -> DataSets.open("folder:" + flat))
        .hasMessageContaining("2 pictures")
        .hasMessageContaining("a folder of its own");
    classes("three/a", "three/b", "three/c");
    assertThatThrownBy(() -> DataSets.open("folder:" + folder.resolve("three")))
        .hasMessageContaining("3 classes");
  }

  @Test
  void classesWithoutAPairAreLeftOutAndTold() throws IOException {
    classes("a", "b", "c", "d");
    image("lonely/1.png");
    Files.createDirectory(folder.resolve("nobody"));
    assertThat(open().test().classNames()).containsExactly("c", "d");
    assertThat(told()).contains("left out 2 of 6 classes").contains("lonely, nobody");
  }

  @Test
  void subfoldersBelongToTheirClassAndThatIsTold() throws IOException {
    classes("a/x", "a/y", "b", "c", "d");
    DataSplit split = open();
    assertThat(split.train().labels()).containsExactly(0, 0, 0, 0, 1, 1);
    assertThat(told()).contains("1 of the classes have folders in them");
  }

  @Test
  void onePictureIsASetOfOne() throws IOException {
    Path one = image("one.png");
    assertThat(DataSets.unlabelled(one, false).files()).containsExactly(one);
    Path text = Files.writeString(folder.resolve("a.txt"), "text");
    assertThatThrownBy(() -> DataSets.unlabelled(text, false))
        .hasMessageContaining("neither a folder");
    assertThatThrownBy(
            () -> DataSets.unlabelled(Files.createDirectory(folder.resolve("empty")), false))
        .hasMessageContaining("in this folder");
  }

  @Test
  void namesKeepTheirBytes() {
    assertThat(
            new String(
                FileNames.bytes(Path.of("/a b/V\u00f6gel %41#.png")), StandardCharsets.UTF_8))
        .isEqualTo("/a b/V\u00f6gel %41#.png");
    assertThat(
            List.of(Path.of("b"), Path.of("B"), Path.of("a")).stream().sorted(FileNames.BY_BYTES))
        .containsExactly(Path.of("B"), Path.of("a"), Path.of("b"));
  }

  /** For a process in another locale: what it finds in a folder, in ASCII. */
  static final class Listing {
    private Listing() {}

    public static void main(String[] arguments) throws IOException {
      DataSplit split = DataSets.open("folder:" + arguments[0]);
      for (ImageDataSet part : List.of(split.train(), split.test())) {
        part.classNames().forEach(Listing::print);
        part.files().forEach(file -> print(FileNames.name(file)));
      }
    }

    private static void print(String name) {
      System.out.println(name.chars().mapToObj(Integer::toHexString).toList());
    }
  }

  /** There a path's string has U+FFFD for each byte of them: all four would be one class. */
  @Test
  void namesThatAreNotAsciiAreReadInThePosixLocaleToo() throws Exception {
    assumeThat(File.separatorChar).as("skipped: no such locale").isEqualTo('/');
    for (String name : List.of("\u00e4", "\u00e9", "\u00f6", "\u00fc")) {
      image(name + "/\u00df.png");
      image(name + "/a.png");
    }
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Listing.class.getName(),
            folder.toString());
    java.environment().put("LC_ALL", "POSIX");
    Process process = java.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String files = "[61, 2e, 70, 6e, 67]\n[df, 2e, 70, 6e, 67]\n".repeat(2);
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
        .isEqualToNormalizingNewlines("[e4]\n[e9]\n" + files + "[f6]\n[fc]\n" + files);
  }

  @Test
  void twoFoldersWhoseNamesReadTheSameAreRefused() throws IOException {
    assumeThat(File.separatorChar).as("skipped: all names are text").isEqualTo('/');
    classes("a", "b", "c");
    for (String latin1 : List.of("%E4", "%F6")) {
      Path place = Path.of(URI.create(folder.toUri() + latin1));
      try {
        Files.createDirectory(place);
      } catch (IOException e) {
        abort("skipped: the file system takes UTF-8 only");
      }
      Files.copy(folder.resolve("a/1.png"), place.resolve("1.png"));
      Files.copy(folder.resolve("a/1.png"), place.resolve("2.png"));
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(folder + "/")
        .hasMessageContaining("as another class's does: rename it in UTF-8");
  }
}
