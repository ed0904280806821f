package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.NpyRows;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Mixin private ModelChoice choice;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      required = true,
      description = "A folder of pictures, in subfolders too, sorted by path; or one file.")
  private Path images;

  @Option(
      names = "--out",
      paramLabel = "E.npy",
      required = true,
      description = "float32 [pictures, d].")
  private Path out;

  /** One of two. */
  static final class Source {
    @Option(
        names = "--model",
        paramLabel = "DIR",
        description = "An exported model, or another SavedModel from images to features.")
    private Path model;

    @Option(names = "--run", paramLabel = "RUN", description = "The best checkpoint of a run.")
    private Path run;
  }

  @Override
  public Integer call() throws Exception {
    boolean one = Files.isRegularFile(images);
    ImageDataSet pictures = pictures(images);
    if (Files.isDirectory(out)) {
      throw new IllegalArgumentException("--out " + out + ": is a folder; name a file");
    }
    if (!Files.isDirectory(out.toAbsolutePath().getParent())) {
      throw new IllegalArgumentException(
          "--out " + out + ": there is no folder " + out.toAbsolutePath().getParent());
    }
    try (EmbeddingModel model = choice.open(spec.commandLine(), source.run, source.model);
        NpyRows rows = new NpyRows(out, pictures.size())) {
      model.embed(pictures, rows::add);
    }
    for (Path file : pictures.files()) {
      spec.commandLine().getOut().println(one ? file.getFileName() : images.relativize(file));
    }
    spec.commandLine().getOut().flush();
    return 0;
  }

  /** The pictures of a folder, or the one that a file is. */
  static ImageDataSet pictures(Path images) throws IOException {
    return Files.isRegularFile(images)
        ? new ImageDataSet(images.toString(), List.of(images), new int[1], List.of("picture"))
        : DataSets.unlabelled(images);
  }
}
