package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.medoid.training.data.Npy;

/**
 * Loads the classes that the commands begin with, so that the virtual machine can keep them in an
 * archive ({@code -XX:ArchiveClassesAtExit}). The launcher runs it once after each build.
 */
final class Rehearsal {
  private Rehearsal() {}

  /**
   * Runs short commands on little data.
   *
   * @param arguments none
   * @throws IOException if temporary files cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    Path folder = Files.createTempDirectory("medoid-");
    Path embeddings = folder.resolve("embeddings.npy");
    Path labels = folder.resolve("labels.npy");
    try {
      float[] values = new float[32];
      long[] classes = new long[16];
      for (int i = 0; i < classes.length; i++) {
        classes[i] = i % 4;
        values[2 * i] = (float) Math.sin(i);
        values[2 * i + 1] = (float) Math.cos(3 * i);
      }
      new Npy(new int[] {16, 2}, values).write(embeddings);
      new Npy(new int[] {16}, classes).write(labels);
      Medoid.run("--help");
      for (String command : Medoid.commands()) {
        Medoid.run("help", command);
      }
      for (String command : new String[] {"loss", "evaluate"}) {
        String[] words = {command, "--embeddings", embeddings.toString(), "--labels", labels + ""};
        Medoid.run(words);
        Medoid.run(command, words[1], words[2], words[3], words[4], "--json");
      }
    } finally {
      Files.deleteIfExists(embeddings);
      Files.deleteIfExists(labels);
      Files.delete(folder);
    }
  }
}
