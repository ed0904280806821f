package org.medoid.training.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Tells in few letters whether things are the same, by SHA-256. Not thread-safe. */
public final class Fingerprint {
  private final MessageDigest digest;

  /** Of nothing yet. */
  public Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /**
   * Adds a text, as a line.
   *
   * @param line any
   */
  public void add(String line) {
    digest.update((line + '\n').getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds bytes.
   *
   * @param bytes any
   */
  public void add(byte[] bytes) {
    digest.update(bytes);
  }

  /**
   * Adds a file by its name, size and time: not by what is in it.
   *
   * @param file the file
   * @throws IOException if it is not there
   */
  public void add(Path file) throws IOException {
    BasicFileAttributes of = Files.readAttributes(file, BasicFileAttributes.class);
    add(file.toAbsolutePath() + " " + of.size() + " " + of.lastModifiedTime());
  }

  /**
   * Ends it.
   *
   * @param bytes of the digest to tell, at most 32
   * @return two hexadecimal digits for each
   */
  public String hex(int bytes) {
    return HexFormat.of().formatHex(digest.digest(), 0, bytes);
  }
}
