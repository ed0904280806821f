package org.medoid.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Worker;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.NpyRows;
import org.medoid.training.format.Fingerprint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code medoid embed}. */
@Command(
    name = "embed",
    description =
        "Embeds every picture of a folder; writes a row for each and prints their names in the"
            + " order of the rows. The same command goes on where one that was killed ended.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class EmbedCommand extends SpecCommand {
  private static final Logger LOG = LoggerFactory.getLogger(EmbedCommand.class);

  /** Each by itself: what any program takes for the end of a line. */
  private static final Pattern LINE_BREAK = Pattern.compile("[\n-\r\u0085\u2028\u2029]");

  @ArgGroup(multiplicity = "1")
  private RunOrModel source;

  @Mixin private ModelChoice choice;

  @Mixin private WorkerOptions workers;

  @Mixin private SkipBroken broken;

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

  @Override
  public Integer call() throws Exception {
    Optional<Cluster> cluster = workers.cluster(spec);
    boolean leads = WorkerOptions.leads(cluster);
    if (leads) {
      OutputFile.checkMatrix("--out", out);
    }
    if (source.run == null) { // before all pictures are looked at, which may take minutes
      SavedModel.open(source.model);
    } else {
      RunFolder.open(source.run);
    }
    boolean one = Files.isRegularFile(images);
    ImageDataSet pictures = DataSets.unlabelled(images, broken.skips());
    if (leads && !broken.skips() && !WorkerOptions.isStarted()) {
      // To decode all first takes a tenth of the time that a MobileNet needs for them.
      pictures.requireWhole();
    }
    if (workers.local().isPresent()) {
      return workers.runLocally(spec);
    }
    Worker worker = workers.join(cluster);
    // Ended as by a signal: what is written stays, for the same command to go on with.
    WorkerOptions.endWithParent(() -> Runtime.getRuntime().exit(Interruption.EXIT_CODE));
    try (EmbeddingModel model = choice.open(spec.commandLine(), source)) {
      if (!leads) {
        model.embed(pictures, 0, worker, (values, width) -> {});
        return 0;
      }
      try (NpyRows rows = new NpyRows(out, pictures.size(), key(pictures))) {
        int done = rows.written();
        if (done > 0) {
          LOG.info(
              "going on after {} of {} pictures, where an earlier run ended",
              done,
              pictures.size());
        }
        try {
          model.embed(pictures, done, worker, rows::add);
        } catch (IllegalStateException e) { // of another worker, which can be mended
          rows.keep();
          throw e;
        } catch (IOException e) { // a full disk, which can be mended too
          if (rows.written() > 0) {
            rows.keep();
            LOG.info(
                "{} of {} pictures stay aside; the same command goes on after them",
                rows.written(),
                pictures.size());
          }
          throw e;
        }
      }
    }
    tell(pictures.files().stream().map(file -> one ? file.getFileName() : images.relativize(file)));
    return 0;
  }

  /** A line for each row, whatever the pictures' names. */
  private void tell(Stream<Path> names) {
    int broken = 0;
    PrintWriter out = out();
    for (String name : (Iterable<String>) names.map(Path::toString)::iterator) {
      String line = onOneLine(name);
      broken += line.equals(name) ? 0 : 1;
      out.println(line);
    }
    out.flush();
    if (broken > 0) {
      LOG.warn("{} of the names have line breaks in them, which are printed as \\n", broken);
    }
  }

  private static String onOneLine(String name) {
    return LINE_BREAK
        .matcher(name)
        .replaceAll(
            found ->
                switch (found.group().charAt(0)) {
                  case '\n' -> "\\\\n";
                  case '\r' -> "\\\\r";
                  default -> String.format(Locale.ROOT, "\\\\u%04x", (int) found.group().charAt(0));
                });
  }

  /**
   * What decides the rows: this program, the words of the command, the files of the model and the
   * pictures, by name, size and time.
   */
  private String key(ImageDataSet pictures) throws IOException {
    Fingerprint key = new Fingerprint();
    List<String> words = spec.commandLine().getParseResult().originalArgs();
    key.add(Version.own() + words + source.model + source.run);
    try (Stream<Path> files = Files.walk(source.model != null ? source.model : source.run)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        if (!file.getFileName().toString().startsWith(".")) { // rows may be written beside them
          key.add(file);
        }
      }
    }
    for (Path file : pictures.files()) {
      key.add(file);
    }
    return key.hex(8);
  }
}
