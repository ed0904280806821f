package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.medoid.export.WholeFile;
import org.medoid.ops.clustering.Distance;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.Npy;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.Evaluation;
import org.medoid.training.evaluation.Evaluator;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code medoid evaluate}. */
@Command(
    name = "evaluate",
    description =
        "Scores embeddings: k-means clusters against the labels (NMI and others) and retrieval"
            + " (Recall@K and others), leave one out or against a gallery.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class EvaluateCommand extends SpecCommand {
  @ArgGroup(multiplicity = "1")
  private Source source;

  @Mixin private ModelChoice choice;

  @Mixin private SkipBroken broken;

  @Option(
      names = "--data",
      converter = TypedPath.Spec.class,
      paramLabel = "SPEC",
      description =
          "With --model: the data set, of which the unseen half is scored. With --run: in place of"
              + " the run's own.")
  private String data;

  @Option(
      names = "--labels",
      paramLabel = "L.npy",
      description =
          "With --embeddings: whole numbers of any type, or text, [n]; or a text file with a label"
              + " on each line.")
  private Path labels;

  @Option(
      names = "--gallery-embeddings",
      paramLabel = "G.npy",
      description = "With --embeddings: what to search, in place of the other embeddings.")
  private Path galleryEmbeddings;

  @Option(
      names = "--gallery-labels",
      paramLabel = "GL.npy",
      description = "With --gallery-embeddings: their labels.")
  private Path galleryLabels;

  @Option(
      names = "--recall-at",
      paramLabel = "K",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      defaultValue = "1,2,4,8",
      description = "The K of Recall@K.")
  private List<Integer> recallAt;

  @Option(
      names = "--distance",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "euclidean, squared_euclidean or cosine.")
  private Distance distance;

  @Option(
      names = "--kmeans",
      paramLabel = "START",
      defaultValue = "plusplus",
      description = "plusplus (k-means++), or none to score retrieval only.")
  private String kmeans;

  @Option(
      names = "--kmeans-iterations",
      paramLabel = "N",
      defaultValue = "100",
      description = "At most; fewer if no centre moves any more.")
  private int iterations;

  @Option(
      names = "--restarts",
      paramLabel = "N",
      defaultValue = "1",
      description = "Starts of k-means; the one with the least inertia counts.")
  private int restarts;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Of k-means.")
  private long seed;

  @Option(
      names = "--per-class",
      paramLabel = "FILE.csv",
      description = "Writes the retrieval scores of each class.")
  private Path perClass;

  @Option(
      names = "--clusters-out",
      paramLabel = "C.npy",
      description = "Writes the k-means cluster of each embedding, int32 [n].")
  private Path clustersOut;

  @Option(names = "--json", description = "Prints one JSON object.")
  private boolean json;

  /** One of three. */
  static final class Source extends RunOrModel {
    @Option(
        names = "--embeddings",
        paramLabel = "E.npy",
        description = "Embeddings, numbers of any type, [n, d].")
    private Path embeddings;
  }

  @Override
  public Integer call() throws Exception {
    check();
    if (source.embeddings != null) {
      files();
    } else {
      images();
    }
    return 0;
  }

  private void check() throws IOException {
    require(source.model == null || data != null, "--model needs --data");
    require(source.embeddings == null || labels != null, "--embeddings needs --labels");
    require(
        source.embeddings == null || (data == null && !broken.skips()),
        "--data and --skip-broken go with --model or --run: drop them");
    require(
        source.embeddings == null || !choice.isGiven(),
        "--signature, --output, --range and --image-size are for --model: drop them");
    require(
        source.embeddings != null || (labels == null && galleryEmbeddings == null),
        "--labels and --gallery-embeddings go with --embeddings");
    require(
        (galleryEmbeddings == null) == (galleryLabels == null),
        "--gallery-embeddings and --gallery-labels go together");
    recallAt.forEach(k -> require(k >= 1, "--recall-at " + k + ": every K must be 1 or more"));
    require(
        kmeans.equals("plusplus") || kmeans.equals("none"),
        "--kmeans " + kmeans + ": must be plusplus or none");
    require(iterations >= 1, "--kmeans-iterations " + iterations + ": must be 1 or more");
    require(restarts >= 1, "--restarts " + restarts + ": must be 1 or more");
    require(
        clustersOut == null || kmeans.equals("plusplus"),
        "--clusters-out needs clusters: drop --kmeans none");
    UnusedOptions.tell(
        spec,
        kmeans.equals("none"),
        "--kmeans none makes no clusters",
        "--kmeans-iterations",
        "--restarts",
        "--seed");
    Path[] read = {source.embeddings, labels, galleryEmbeddings, galleryLabels};
    OutputFile.checkText("--per-class", perClass, ScoreTable.HEAD, read);
    OutputFile.check("--per-class", perClass, clustersOut);
    OutputFile.checkNpy("--clusters-out", clustersOut, read);
  }

  /** Scores the unseen images of a data set. */
  private void images() throws IOException {
    ImageDataSet unseen = (data == null ? ofRun() : DataSets.open(data, broken.skips())).test();
    Embeddings x;
    try (EmbeddingModel model = choice.open(spec.commandLine(), source)) {
      if (!broken.skips()) {
        unseen.requireReadable();
      }
      x = model.embed(unseen);
    }
    tell(alone(unseen.name(), x, unseen.labels()), label -> unseen.classNames().get(label));
  }

  private Evaluation alone(String name, Embeddings x, int[] classes) {
    Cautions.scores(name, classes, null);
    try (EvaluationProgress progress = new EvaluationProgress()) {
      return Evaluator.leaveOneOut(x, classes, options(), progress);
    }
  }

  private DataSplit ofRun() throws IOException {
    RunFolder run = RunFolder.open(source.run);
    try {
      return Cautions.opened(run, broken.skips());
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(e.getFile(), null, e.getReason() + ", or give --data");
    }
  }

  /** Scores what files hold. */
  private void files() throws IOException {
    Embeddings x = embeddings(source.embeddings);
    LabelNumbers.File own = new LabelNumbers.File(labels, x.rows());
    Evaluation result;
    LabelNumbers numbers;
    if (galleryEmbeddings == null) {
      if (x.rows() < 2) {
        throw new IllegalArgumentException(
            "%s: %d rows, and nothing to search among; give 2 or more, or --gallery-embeddings"
                .formatted(source.embeddings, x.rows()));
      }
      numbers = LabelNumbers.read(own);
      result = alone(labels.toString(), x, numbers.of(0));
    } else {
      Embeddings g = embeddings(galleryEmbeddings);
      if (x.rows() < 1 || g.rows() < 1 || x.width() != g.width()) {
        throw new IllegalArgumentException(
            "%s: [%d, %d] cannot be searched for %s, [%d, %d]: both need rows, of the same width"
                .formatted(
                    galleryEmbeddings,
                    g.rows(),
                    g.width(),
                    source.embeddings,
                    x.rows(),
                    x.width()));
      }
      numbers = LabelNumbers.read(own, new LabelNumbers.File(galleryLabels, g.rows()));
      Cautions.scores(labels.toString(), numbers.of(0), numbers.of(1));
      try (EvaluationProgress progress = new EvaluationProgress()) {
        result = Evaluator.inGallery(x, numbers.of(0), g, numbers.of(1), options(), progress);
      }
    }
    tell(result, numbers::name);
  }

  private Embeddings embeddings(Path file) throws IOException {
    Embeddings x = Npy.read(file).embeddings(file.toString());
    if (distance == Distance.COSINE) {
      x.requireDirections(file.toString());
    }
    return x;
  }

  private Evaluator.Options options() {
    return new Evaluator.Options(
        recallAt, distance, kmeans.equals("none") ? 0 : iterations, restarts, seed);
  }

  private void tell(Evaluation result, IntFunction<String> names) throws IOException {
    if (json) {
      json(result);
    } else {
      new ScoreTable().row("", result.scores()).print(out());
      ScoreTable.more(result, out());
    }
    out().flush(); // before files, which a full disk may refuse
    if (perClass != null) {
      String csv = ScoreTable.csv(result.classes(), names);
      WholeFile.write(perClass, aside -> Files.writeString(aside, csv));
    }
    if (clustersOut != null) {
      new Npy(new int[] {result.clusters().length}, result.clusters()).write(clustersOut);
    }
  }
}
