package org.medoid.export;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hidden folders that an export writes aside, {@code .NAME.part-PID-NANOS} or {@code
 * .part-PID-NANOS}: their names say which process they belong to, so that those of dead ones can be
 * told from those in use.
 */
final class Leftovers {
  private static final String PART = "part-";

  private static final Pattern NAME =
      Pattern.compile("\\.(?:.+\\.)?(?:part|previous)-(\\d+)-\\d+.*");

  /** The process of another machine on the same file system may seem dead. */
  private static final Duration OLD = Duration.ofHours(1);

  /** How well the start of a process is known. */
  private static final Duration DOUBT = Duration.ofSeconds(10);

  private Leftovers() {}

  /** A new name beside {@code name}, or in a folder if that is empty. */
  static String name(String name) {
    return "." + (name.isEmpty() ? "" : name + ".") + PART + own();
  }

  /** The part of a name that tells this process, and this call, from others. */
  static String own() {
    return ProcessHandle.current().pid() + "-" + System.nanoTime();
  }

  static boolean is(Path path) {
    return NAME.matcher(path.getFileName().toString()).matches();
  }

  /** Whether the process that made it is no more. */
  static boolean abandoned(Path path) throws IOException {
    Matcher name = NAME.matcher(path.getFileName().toString());
    if (!name.matches()) {
      return false;
    }
    Optional<ProcessHandle> owner;
    try {
      owner = ProcessHandle.of(Long.parseLong(name.group(1)));
    } catch (NumberFormatException e) {
      owner = Optional.empty();
    }
    Instant made = Files.getLastModifiedTime(path).toInstant();
    // Containers number their processes alike: one that started later is not the owner.
    return owner.isEmpty()
        || owner.get().info().startInstant().map(s -> s.isAfter(made.plus(DOUBT))).orElse(false);
  }

  /** Removes what dead processes wrote aside for a name, and longer ago than exports take. */
  static void sweep(Path folder, String name) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    String prefix = "." + (name.isEmpty() ? "" : name + ".") + PART;
    List<Path> dead = new ArrayList<>();
    try (DirectoryStream<Path> content =
        Files.newDirectoryStream(
            folder, path -> path.getFileName().toString().startsWith(prefix))) {
      for (Path path : content) {
        Instant made = Files.getLastModifiedTime(path).toInstant();
        if (abandoned(path) && made.isBefore(Instant.now().minus(OLD))) {
          dead.add(path);
        }
      }
    }
    for (Path path : dead) {
      delete(path);
    }
  }

  /** Removes a file, or a folder with all that is in it. */
  static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
