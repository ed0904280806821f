package org.medoid.training.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.Npy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code medoid embed}. */
@Command(
    name = "embed",
    description =
        "Embeds every picture of a folder; writes a row for each and prints their names in the"
            + " order of the rows.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class EmbedCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "An exported model.")
  private Path modelFolder;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      required = true,
      description = "PNG and JPEG files, in subfolders too; sorted by path.")
  private Path images;

  @Option(
      names = "--out",
      paramLabel = "E.npy",
      required = true,
      description = "float32 [pictures, d].")
  private Path out;

  @Override
  public Integer call() throws Exception {
    ImageDataSet pictures = DataSets.unlabelled(images);
    float[] rows;
    try (Model model = Model.ofExport(modelFolder)) {
      rows = model.embed(pictures);
    }
    new Npy(new int[] {pictures.size(), rows.length / pictures.size()}, rows).write(out);
    pictures.files().forEach(file -> spec.commandLine().getOut().println(images.relativize(file)));
    spec.commandLine().getOut().flush();
    return 0;
  }
}
