package org.medoid.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/** What a file is, by its first bytes: endings lie. */
enum PictureKind {
  /** A PNG, JPEG, GIF or BMP file. */
  READ,
  /** A picture of a format that is not read. */
  WEBP("WebP"),
  /** A picture of a format that is not read. */
  TIFF("TIFF"),
  /** A picture of a format that is not read. */
  HEIF("AVIF or HEIC"),
  /** A picture of a format that is not read. */
  JPEG_XL("JPEG XL"),
  /** A picture of a format that is not read. */
  JPEG_2000("JPEG 2000"),
  /** A picture of a format that is not read. */
  PHOTOSHOP("Photoshop"),
  /** A picture of a format that is not read. */
  SVG("SVG"),
  /** A file named as a picture that is read, with something else in it, or nothing: broken. */
  BROKEN,
  /** No picture. */
  NONE;

  private static final int HEAD = 256;

  private static final Set<String> ENDINGS =
      Set.of("png", "apng", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib");

  private final String title;

  PictureKind() {
    this("");
  }

  PictureKind(String title) {
    this.title = title;
  }

  /** What to call it in a message; empty for the kinds that have no name. */
  String title() {
    return title;
  }

  /** Why a file that is not {@link #kept} is not read, and the mend. */
  String unread() {
    return title.isEmpty()
        ? "neither a folder nor a PNG, JPEG, GIF or BMP file"
        : "a picture of a format that is not read (" + title + "); save it as PNG or JPEG";
  }

  /** Whether a file of this kind belongs to a data set, if only to be named as broken. */
  boolean kept() {
    return this == READ || this == BROKEN;
  }

  /** Looks at a file's first bytes, and at its name where they say nothing. */
  static PictureKind of(Path file) {
    byte[] head;
    try (InputStream content = Files.newInputStream(file)) {
      head = content.readNBytes(HEAD);
    } catch (IOException e) {
      head = new byte[0];
    }
    PictureKind kind = of(head);
    return kind == NONE && ENDINGS.contains(ending(file)) ? BROKEN : kind;
  }

  private static PictureKind of(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    boolean bmp = text.startsWith("BM") && text.startsWith("\0\0\0", 15);
    if (bmp || text.startsWith("\u0089PNG") || text.startsWith("\u00ff\u00d8\u00ff")) {
      return READ;
    } else if (text.startsWith("GIF8")) {
      return READ;
    } else if (text.startsWith("RIFF") && text.startsWith("WEBP", 8)) {
      return WEBP;
    } else if (text.startsWith("II*\0") || text.startsWith("MM\0*") || text.startsWith("II+\0")) {
      return TIFF;
    } else if (text.startsWith("ftyp", 4)) {
      return text.substring(8).matches("(?s)(avi|hei|hev|mif|msf).*") ? HEIF : NONE;
    } else if (text.startsWith("\u00ff\n") || text.startsWith("JXL ", 4)) {
      return JPEG_XL;
    } else if (text.startsWith("jP  ", 4)) {
      return JPEG_2000;
    } else if (text.startsWith("8BPS")) {
      return PHOTOSHOP;
    }
    return text.matches("(?s)(\u00ef\u00bb\u00bf)?\\s*<.*") && text.contains("<svg") ? SVG : NONE;
  }

  /** The ending of a name in lower case without its dot; empty if there is none. */
  static String ending(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }
}
