package org.medoid.training.data;

import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.attributes.ViewBox;
import com.github.weisj.jsvg.parser.SVGLoader;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Icons as a data set: a class is a concept ({@code lock}, {@code search}), its images are that
 * concept as drawn by different icon families. The families are WebJars on the class path.
 *
 * <p>The concept of a file is its name without the family's own prefixes ({@code ios-}) and without
 * endings that say the style ({@code -outline}). Of each family at most one drawing is taken, its
 * outline style if it has one, so that every retrieval crosses families; concepts in fewer than
 * four families are left out. 418 concepts remain, 2,141 images.
 *
 * <p>Each SVG is rendered once, black on white, {@value #SIZE} pixels square, into a cache folder
 * whose name changes with the versions of the families and the way of rendering. Half of the
 * concepts, by a hash of their names, train; the others test.
 */
final class Icons {
  /** Side of the pictures in pixels. */
  static final int SIZE = 64;

  /** White around the icon in pixels; the icons have their own margins too. */
  private static final int MARGIN = 2;

  private static final int FAMILIES_NEEDED = 4;

  /** Raised when the same SVG would give another picture or name than before. */
  private static final int EDITION = 1;

  private static final Pattern STYLE =
      Pattern.compile("-(outline|outlined|fill|filled|line|solid|regular|sharp|o)$");

  private static final Logger LOG = LoggerFactory.getLogger(Icons.class);

  /**
   * A family.
   *
   * @param name what its pictures are called
   * @param group of the WebJar
   * @param artifact of the WebJar
   * @param prefix that its file names may have
   * @param folders inside the WebJar, in order of preference
   */
  private record Family(
      String name, String group, String artifact, Pattern prefix, List<String> folders) {
    Family(String name, String group, String artifact, String prefix, String... folders) {
      this(name, group, artifact, Pattern.compile(prefix), List.of(folders));
    }
  }

  private static final List<Family> FAMILIES =
      List.of(
          npm(
              "ant-design",
              "ant-design__icons-svg",
              "",
              "inline-svg/outlined",
              "inline-svg/filled"),
          npm("bootstrap", "bootstrap-icons", "", "icons"),
          npm("feather", "feather-icons", "", "dist/icons"),
          npm(
              "font-awesome",
              "fortawesome__fontawesome-free",
              "",
              "svgs/regular",
              "svgs/solid",
              "svgs/brands"),
          npm("ionicons", "ionicons", "^(ios|md|logo)-", "dist/ionicons/svg"),
          npm("lucide", "lucide-static", "", "icons"),
          npm("material", "mdi__svg", "", "svg"),
          new Family("octicons", "org.webjars", "octicons", "", "build/svg"),
          npm("tabler", "tabler__icons", "", "icons/outline", "icons/filled"));

  private Icons() {}

  private static Family npm(String name, String artifact, String prefix, String... folders) {
    return new Family(name, "org.webjars.npm", artifact, prefix, folders);
  }

  /** Opens the data set; renders it first if it is not in the cache. */
  static DataSplit open(Path cache) throws IOException {
    StringBuilder key = new StringBuilder().append(EDITION).append(SIZE).append(MARGIN);
    for (Family family : FAMILIES) {
      key.append(family.name()).append(version(family));
    }
    Path folder = cache.resolve(String.format(Locale.ROOT, "icons-%016x", hash(key.toString())));
    if (!Files.isDirectory(folder)) {
      render(folder);
    }
    Map<String, List<Path>> concepts = new TreeMap<>(Comparator.comparingLong(Icons::hash));
    for (Path concept : Folders.in(folder)) { // not what a file manager leaves there
      concepts.put(concept.getFileName().toString(), DataSets.images(concept));
    }
    return DataSets.halves("icons", new LinkedHashMap<>(concepts));
  }

  private static void render(Path folder) throws IOException {
    OptionalLibrary.JSVG.require();
    LOG.info("rendering the icons once, into {}", folder);
    // Some icons have a style sheet that jsvg cannot parse and does not need.
    java.util.logging.Logger parser = java.util.logging.Logger.getLogger("com.github.weisj.jsvg");
    parser.setLevel(java.util.logging.Level.OFF);
    Files.createDirectories(folder.getParent());
    Path aside = Files.createTempDirectory(folder.getParent(), "icons-part-");
    try {
      Map<String, Map<String, String>> drawings = drawings();
      drawings.values().removeIf(byFamily -> byFamily.size() < FAMILIES_NEEDED);
      drawings.entrySet().parallelStream()
          .forEach(
              concept -> {
                try {
                  Path target = Files.createDirectory(aside.resolve(concept.getKey()));
                  for (Map.Entry<String, String> drawing : concept.getValue().entrySet()) {
                    ByteArrayOutputStream png = new ByteArrayOutputStream();
                    ImageIO.write(draw(drawing.getValue()), "png", png);
                    Path file = target.resolve(drawing.getKey() + ".png");
                    try (OutputStream out = FileErrors.named(file)) {
                      out.write(png.toByteArray());
                    }
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      Files.move(aside, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (FileAlreadyExistsException
        | DirectoryNotEmptyException
        | AtomicMoveNotSupportedException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      } // else another process was faster, with the same pictures
    } finally {
      delete(aside);
    }
  }

  /** For each concept the resource of each family's drawing. */
  private static Map<String, Map<String, String>> drawings() throws IOException {
    Map<String, Map<String, String>> drawings = new TreeMap<>();
    for (Family family : FAMILIES) {
      Map<String, String> chosen = new HashMap<>();
      Map<String, Integer> rank = new HashMap<>();
      String root = "META-INF/resources/webjars/" + family.artifact() + "/" + version(family) + "/";
      for (String file : files(family, root)) {
        int slash = file.lastIndexOf('/');
        int folder = family.folders().indexOf(file.substring(0, Math.max(0, slash)));
        if (folder < 0 || !file.endsWith(".svg")) {
          continue;
        }
        String name = file.substring(slash + 1, file.length() - ".svg".length());
        // An outline before the rest of its folder, the shortest name before its variants.
        int preference = folder * 10_000 + (name.contains("outline") ? 0 : 1_000) + name.length();
        String concept = concept(family, name);
        Integer before = rank.get(concept);
        if (before == null
            || preference < before
            || (preference == before && (root + file).compareTo(chosen.get(concept)) < 0)) {
          rank.put(concept, preference);
          chosen.put(concept, root + file);
        }
      }
      chosen.forEach(
          (concept, resource) ->
              drawings
                  .computeIfAbsent(concept, any -> new TreeMap<>())
                  .put(family.name(), resource));
    }
    return drawings;
  }

  private static String concept(Family family, String name) {
    String concept = family.prefix().matcher(name).replaceFirst("");
    String before;
    do {
      before = concept;
      concept = STYLE.matcher(concept).replaceFirst("");
    } while (!concept.equals(before));
    return concept;
  }

  private static List<String> files(Family family, String root) throws IOException {
    URL properties = properties(family);
    JarURLConnection connection = (JarURLConnection) properties.openConnection();
    connection.setUseCaches(false);
    try (JarFile jar = connection.getJarFile()) {
      return jar.stream()
          .map(JarEntry::getName)
          .filter(name -> name.startsWith(root))
          .map(name -> name.substring(root.length()))
          .sorted()
          .toList();
    }
  }

  private static String version(Family family) throws IOException {
    Properties properties = new Properties();
    try (InputStream file = properties(family).openStream()) {
      properties.load(file);
    }
    return properties.getProperty("version");
  }

  private static URL properties(Family family) {
    String name = "META-INF/maven/" + family.group() + "/" + family.artifact() + "/pom.properties";
    URL found = Icons.class.getClassLoader().getResource(name);
    if (found == null) {
      throw OptionalLibrary.missing(
          "the data set icons", family.group() + ":" + family.artifact(), null);
    }
    return found;
  }

  private static BufferedImage draw(String resource) {
    URL url = Icons.class.getClassLoader().getResource(resource);
    SVGDocument icon = url == null ? null : new SVGLoader().load(url);
    if (icon == null) {
      throw new IllegalStateException(resource + ": not an SVG that can be rendered");
    }
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, SIZE, SIZE);
      graphics.setColor(Color.BLACK);
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      float side = SIZE - 2f * MARGIN;
      icon.render((java.awt.Component) null, graphics, new ViewBox(MARGIN, MARGIN, side, side));
    } finally {
      graphics.dispose();
    }
    return image;
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> content = Files.walk(folder)) {
      for (Path each : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }

  /** FNV-1a with a final mix, 64 bits: the same on every machine. */
  private static long hash(String text) {
    long h = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      h = (h ^ text.charAt(i)) * 0x100000001b3L;
    }
    h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
    return h ^ (h >>> 33);
  }
}
