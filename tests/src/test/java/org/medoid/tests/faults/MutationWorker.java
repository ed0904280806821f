package org.medoid.tests.faults;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.medoid.training.cli.Medoid;

/**
 * Runs commands on damaged files, one after another in this virtual machine, and prints a line
 * before and after each, so that whoever watches knows which one crashed it.
 *
 * <p>usage: MutationWorker MATERIAL SCRATCH FROM TO
 */
public final class MutationWorker {
  /** What is read of the material, and how: a file to damage, and the command. */
  private record Kind(String folder, String file, int weight, List<String> words) {}

  /**
   * IN is the copy with the damaged file, OUT a folder to write to, MATERIAL what is whole. A kind
   * that takes seconds is tried less often.
   */
  private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

  static {
    kind("embeddings", "npy", "e.npy", 12, "evaluate --embeddings IN/e.npy --labels IN/l.npy");
    kind("labels", "npy", "l.npy", 8, "evaluate --embeddings IN/e.npy --labels IN/l.npy --json");
    kind("loss", "npy", "e.npy", 4, "loss --embeddings IN/e.npy --labels IN/l.npy --gamma 1");
    kind(
        "png",
        "pictures",
        "class0/0.png",
        8,
        "embed --model MATERIAL/model --images IN --out OUT/e.npy");
    kind(
        "jpeg",
        "pictures",
        "class0/1.jpg",
        8,
        "embed --model MATERIAL/model --images IN --out OUT/e.npy");
    kind("mat", "cars", "cars_annos.mat", 4, "evaluate --model MATERIAL/model --data cars196:IN");
    kind("settings", "run", "settings.json", 4, "evaluate --run IN");
    kind("state", "run", "checkpoint.json", 2, "evaluate --run IN");
    kind("metrics", "run", "metrics.csv", 2, "report --run IN");
    kind("resumed metrics", "run", "metrics.csv", 1, "train --resume --out IN");
    kind("result", "run", "result.json", 1, "report --run IN");
    kind("index", "run", "*.index", 2, "evaluate --run IN");
    kind("values", "run", "*.data-00000-of-00001", 2, "evaluate --run IN");
    kind(
        "saved model",
        "model",
        "saved_model.pb",
        2,
        "embed --model IN --images MATERIAL/pictures --out OUT/e.npy");
    kind("exported", "model", "saved_model.pb", 2, "export --model IN --to OUT/model");
    kind(
        "export.json",
        "model",
        "export.json",
        2,
        "embed --model IN --images MATERIAL/pictures --out OUT/e.npy");
  }

  private MutationWorker() {}

  private static void kind(String name, String folder, String file, int weight, String words) {
    KINDS.put(name, new Kind(folder, file, weight, List.of(words.split(" ", -1))));
  }

  /**
   * Runs the cases FROM to TO - 1.
   *
   * @param arguments see the class
   * @throws IOException if the material cannot be read or the scratch folder not be written
   */
  public static void main(String[] arguments) throws IOException {
    Path material = Path.of(arguments[0]);
    Path scratch = Path.of(arguments[1]);
    PrintStream told = System.out;
    for (int i = Integer.parseInt(arguments[2]); i < Integer.parseInt(arguments[3]); i++) {
      Random random = new Random(0x9E3779B97F4A7C15L * (i + 1));
      String name = chosen(random);
      told.println("BEGIN " + i + " " + name);
      told.flush();
      long before = System.nanoTime();
      String verdict = run(KINDS.get(name), material, scratch, random);
      told.println("END " + i + " " + (System.nanoTime() - before) / 1_000_000 + " " + verdict);
      told.flush();
    }
    told.println("DONE");
    told.flush();
    System.exit(0); // whatever threads a command left
  }

  private static String chosen(Random random) {
    int left = random.nextInt(KINDS.values().stream().mapToInt(Kind::weight).sum());
    for (Map.Entry<String, Kind> each : KINDS.entrySet()) {
      left -= each.getValue().weight();
      if (left < 0) {
        return each.getKey();
      }
    }
    throw new IllegalStateException();
  }

  private static String run(Kind kind, Path material, Path scratch, Random random)
      throws IOException {
    Path in = scratch.resolve("in");
    Path out = scratch.resolve("out");
    delete(in);
    delete(out);
    Files.createDirectories(out);
    copy(material.resolve(kind.folder()), in);
    Path file = found(in, kind.file());
    Files.write(file, Mutations.of(Files.readAllBytes(file), random));
    String[] words =
        kind.words().stream()
            .map(
                word ->
                    word.replace("IN", in.toString())
                        .replace("OUT", out.toString())
                        .replace("MATERIAL", material.toString()))
            .toArray(String[]::new);
    PrintStream usualOut = System.out;
    PrintStream usualErr = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new PrintStream(OutputSink.NOTHING, false, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      return verdict(Medoid.run(words), err.toString(StandardCharsets.UTF_8), in);
    } catch (Throwable e) { // what escapes the command line is what this looks for
      return "escaped: " + e;
    } finally {
      System.setOut(usualOut);
      System.setErr(usualErr);
    }
  }

  /** "read", "refused", or what is wrong with how the command ended. */
  private static String verdict(int code, String err, Path in) {
    List<String> lines = err.lines().filter(line -> line.startsWith("medoid: ")).toList();
    String first = lines.isEmpty() ? "" : lines.get(0);
    if (code == 0) {
      return "read";
    }
    if (lines.size() != 1) {
      return "not one line but " + lines.size() + ": " + err.replace('\n', '|');
    }
    if (err.contains("\tat ") || first.contains("--debug prints where")) {
      return "a stack trace or an unforeseen exception: " + first;
    }
    if (first.contains("out of memory")) {
      return "more memory than the file justifies: " + first;
    }
    if (!first.contains(in.toString())) {
      return "nothing that is damaged is named: " + first;
    }
    return code == 1 || code == 2 ? "refused" : "exit code " + code;
  }

  private static Path found(Path folder, String pattern) throws IOException {
    if (!pattern.startsWith("*")) {
      return folder.resolve(pattern);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(pattern.substring(1)))
          .sorted()
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(folder + " holds no " + pattern));
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path each : files.toList()) {
        Path place = to.resolve(from.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(place);
        } else {
          Files.copy(each, place);
        }
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  /** Takes what is not looked at. */
  private static final class OutputSink extends java.io.OutputStream {
    static final OutputSink NOTHING = new OutputSink();

    @Override
    public void write(int b) {}

    @Override
    public void write(byte[] bytes, int from, int length) {}
  }
}
