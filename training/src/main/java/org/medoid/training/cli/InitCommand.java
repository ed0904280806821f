package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.export.FolderNotEmptyException;
import org.medoid.export.TargetFolder;
import org.medoid.graph.BackboneGraph;
import org.medoid.graph.network.Checkpoint;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Network;
import org.medoid.training.RunFolder;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.Networks;
import org.medoid.training.settings.TrainingSettings;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code medoid init}. */
@Command(
    name = "init",
    description =
        "Writes a backbone, untrained, restored or trained, as a SavedModel with the signature"
            + " 'features', which trains further as --model savedmodel:DIR.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class InitCommand extends SpecCommand {
  private static final String INCEPTION_V2 = "inception_v2";
  private static final String SAVED_MODEL = "savedmodel:";

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Mixin private SignatureOptions choice;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "With --model: a TensorFlow checkpoint (TF-Slim's inception_v2.ckpt; V1 or V2 format) to"
              + " take the weights from, by variable name.")
  private Path weights;

  @Option(
      names = "--pool",
      paramLabel = "HOW",
      description =
          "With --model inception_v2: how its last map becomes features, average or average_max"
              + " (the mean plus the maximum). Default: average.")
  private Pooling pool;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      defaultValue = "0",
      description = "With --model: height and width of the images; 0: the network's own.")
  private int imageSize;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "With --model: of the weights that no checkpoint gives. Default: 1.")
  private Long seed;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "The SavedModel's folder, new or empty.")
  private Path to;

  /** One of two. */
  static final class Source {
    @Option(
        names = "--model",
        converter = TypedPath.Spec.class,
        paramLabel = "SPEC",
        description = "convnet, inception_v2, or savedmodel:DIR.")
    private String model;

    @Option(
        names = "--run",
        paramLabel = "RUN",
        description = "The backbone of a run's best checkpoint.")
    private Path run;
  }

  @Override
  public Integer call() throws Exception {
    require(
        source.run == null || (weights == null && imageSize == 0 && seed == null),
        "--weights, --image-size and --seed are for --model, not for --run");
    require(
        imageSize >= 0 && imageSize <= DataSettings.LARGEST_SIDE,
        "--image-size " + imageSize + ": must be 1 to " + DataSettings.LARGEST_SIDE + ", or 0");
    require(
        !choice.isGiven() || (source.model != null && source.model.startsWith(SAVED_MODEL)),
        "--signature, --output and --range are for --model " + SAVED_MODEL + "DIR");
    require(
        pool == null || INCEPTION_V2.equals(source.model),
        "--pool is for --model " + INCEPTION_V2 + "; leave it out");
    try (TargetFolder target = TargetFolder.plain(to, false)) {
      if (source.run != null) {
        try (BackboneGraph backbone = trained(RunFolder.open(source.run))) {
          write(target.aside(), backbone);
        }
      } else {
        if (weights != null) {
          Checkpoint.read(weights); // before the network is made, which takes seconds
        }
        Network network =
            TrainingOptions.checked(
                spec, () -> Networks.of(source.model, choice.signature(), pool));
        int size = imageSize == 0 ? network.defaultImageSize() : imageSize;
        try (BackboneGraph backbone = new BackboneGraph(network, size, seed == null ? 1 : seed)) {
          if (weights != null) {
            backbone.restore(weights).lines().forEach(out()::println);
          }
          write(target.aside(), backbone);
        }
      }
      target.publish();
    } catch (FolderNotEmptyException e) {
      throw OutputFile.overwriting(e, "remove it");
    }
    out()
        .println(
            "wrote "
                + to
                + ": train it further with --model "
                + TypedPath.quoted(SAVED_MODEL + to));
    out().flush();
    return 0;
  }

  /** A backbone and the checkpoint that its weights are from. */
  private record Restored(BackboneGraph backbone, Path from) {}

  private BackboneGraph trained(RunFolder folder) throws IOException {
    TrainingSettings settings = folder.settings();
    Network network = Networks.of(settings.network());
    int size = settings.data().imageSize();
    Restored best =
        folder.readBest(from -> new Restored(BackboneGraph.restored(network, size, from), from));
    out().println("restored " + network.name() + " from " + best.from());
    return best.backbone();
  }

  private void write(Path folder, BackboneGraph backbone) throws IOException {
    try {
      backbone.write(folder);
    } catch (IOException e) { // which names the folder aside
      throw new IOException(to + " is not written: " + e.getMessage(), e);
    }
  }
}
