package org.medoid.training.data;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.medoid.export.image.Pictures;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TString;

/**
 * Finds images that cannot be read, by reading them as the pipeline does: its own error does not
 * name the file. Cost: a decoding of every file, some milliseconds for a photograph, shared among
 * the processors.
 */
final class ImageCheck implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageCheck.class);

  /**
   * The most pixels of an image. One of so many takes 12 bytes a pixel decoded, 0.8 GB, and several
   * are decoded at once; photographs have up to 50 million. A PNG of 10 KB can hold more.
   */
  static final long MOST_PIXELS = 1L << 26;

  private static final byte[] PNG_START = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  /** The last chunk, which is empty, with its checksum. */
  private static final byte[] PNG_END = {
    0, 0, 0, 0, 'I', 'E', 'N', 'D', (byte) 0xae, 0x42, 0x60, (byte) 0x82
  };

  private static final byte[] JPEG_START = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
  private static final byte[] JPEG_END = {(byte) 0xff, (byte) 0xd9};

  /** What TensorFlow says of a JPEG, with the reason in its log alone. */
  private static final String JPEG = "jpeg::Uncompress failed";

  /** To decode so many photographs takes some seconds. */
  private static final int MANY = 5_000;

  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TString> encoded;
  private final Operand<?> decoded;

  ImageCheck() {
    Ops tf = Ops.create(graph);
    encoded = tf.placeholder(TString.class);
    decoded = tf.shape(Pictures.decode(tf, encoded));
    session = new Session(graph);
  }

  /** The images of a data set that cannot be read, each with the reason, in their order. */
  static Map<Path, String> broken(ImageDataSet data) {
    if (data.size() >= MANY) {
      LOG.info("{}: looking for broken ones among {} images", data.name(), data.size());
    }
    return broken(data.files());
  }

  /**
   * Those of the images of a data set that do not end as their format does, or have no format of
   * this class's knowledge, and cannot be read. What is cut short is among them, what is damaged
   * within is not. Cost: both ends of every file are read, 40 microseconds.
   */
  static Map<Path, String> cutShort(ImageDataSet data) {
    return broken(data.files().parallelStream().filter(file -> !ends(file)).toList());
  }

  /** Whether a JPEG or PNG has its end, which no encoder leaves out. */
  private static boolean ends(Path file) {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
      byte[] start = new byte[PNG_START.length];
      byte[] end = new byte[PNG_END.length];
      content.readFully(start);
      content.seek(content.length() - end.length);
      content.readFully(end);
      return Arrays.equals(start, PNG_START)
          ? Arrays.equals(end, PNG_END)
          : Arrays.equals(start, 0, 3, JPEG_START, 0, 3)
              && Arrays.equals(end, end.length - 2, end.length, JPEG_END, 0, 2);
    } catch (IOException e) {
      return false; // the reason is found in reading it whole
    }
  }

  private static Map<Path, String> broken(List<Path> files) {
    if (files.isEmpty()) {
      return Map.of();
    }
    Map<Path, String> found = new ConcurrentHashMap<>();
    try (ImageCheck check = new ImageCheck()) {
      files.parallelStream()
          .forEach(file -> check.problem(file).ifPresent(reason -> found.put(file, reason)));
    }
    Map<Path, String> ordered = new LinkedHashMap<>();
    for (Path file : files) {
      if (found.containsKey(file)) {
        ordered.put(file, found.get(file));
      }
    }
    return ordered;
  }

  /**
   * The images that are too large to decode, by their headers, each with the reason, in their
   * order. Cost: the header of every file is read, shared among the processors.
   */
  static Map<Path, String> huge(List<Path> files) {
    Map<Path, String> found = new LinkedHashMap<>();
    List<Optional<String>> reasons =
        files.parallelStream().map(ImageCheck::tooLarge).collect(Collectors.toList());
    for (int i = 0; i < files.size(); i++) {
      Path file = files.get(i);
      reasons.get(i).ifPresent(reason -> found.put(file, reason));
    }
    return found;
  }

  private static Optional<String> tooLarge(Path file) {
    try (ImageInputStream content = new FileImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(content);
      if (readers.hasNext()) {
        ImageReader reader = readers.next();
        try {
          reader.setInput(content, true, true);
          long width = reader.getWidth(0);
          long height = reader.getHeight(0);
          if (width * height > MOST_PIXELS) {
            return Optional.of(
                String.format(
                    Locale.ROOT,
                    "%d x %d pixels, more than the %d million that an image may have",
                    width,
                    height,
                    MOST_PIXELS / 1_000_000));
          }
        } finally {
          reader.dispose();
        }
      }
    } catch (IOException | RuntimeException e) {
      // No header that this reader understands: whether it is an image is the decoder's to say.
      return Optional.empty();
    }
    return Optional.empty();
  }

  private Optional<String> problem(Path file) {
    Optional<String> size = tooLarge(file);
    if (size.isPresent()) {
      return size;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      return Optional.of(Files.exists(file) ? "cannot be read" : "no such file");
    }
    if (bytes.length == 0) {
      return Optional.of("is empty");
    }
    try (TString content = TString.tensorOfBytes(NdArrays.scalarOfObject(bytes))) {
      session.runner().feed(encoded, content).fetch(decoded).run().close();
      return Optional.empty();
    } catch (RuntimeException e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return Optional.of(
          message.startsWith(JPEG)
              ? "a JPEG that is cut short or damaged"
              : message.lines().findFirst().orElse(message).strip());
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
