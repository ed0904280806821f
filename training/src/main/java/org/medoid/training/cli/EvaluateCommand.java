package org.medoid.training.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import org.medoid.ops.clustering.Distance;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.Npy;
import org.medoid.training.evaluation.Evaluation;
import org.medoid.training.evaluation.Evaluator;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code medoid evaluate}. */
@Command(
    name = "evaluate",
    description =
        "Scores embeddings: k-means clusters against the labels (NMI and others) and retrieval"
            + " (Recall@K and others), leave one out or against a gallery.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Option(
      names = "--data",
      paramLabel = "SPEC",
      description =
          "With --model: the data set, of which the unseen half is scored. With --run: in place of"
              + " the run's own.")
  private String data;

  @Option(
      names = "--labels",
      paramLabel = "L.npy",
      description = "With --embeddings: int32 or int64 [n].")
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
      split = ",",
      defaultValue = "1,2,4,8",
      description = "The K of Recall@K.")
  private List<Integer> recallAt;

  @Option(
      names = "--distance",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "euclidean or cosine.")
  private String distance;

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
  static final class Source {
    @Option(names = "--run", paramLabel = "RUN", description = "The best checkpoint of a run.")
    private Path run;

    @Option(names = "--model", paramLabel = "DIR", description = "An exported model.")
    private Path model;

    @Option(
        names = "--embeddings",
        paramLabel = "E.npy",
        description = "Embeddings, float32 or float64 [n, d].")
    private Path embeddings;
  }

  @Override
  public Integer call() throws Exception {
    check();
    IntFunction<String> names;
    Evaluation result;
    if (source.embeddings != null) {
      LabelNumbers numbers = new LabelNumbers();
      names = numbers::name;
      result = files(numbers);
    } else {
      ImageDataSet unseen =
          (data == null ? RunFolder.open(source.run).settings().openData() : DataSets.open(data))
              .test();
      names = label -> unseen.classNames().get(label);
      float[] x;
      try (Model model =
          source.run != null ? Model.ofRun(source.run) : Model.ofExport(source.model)) {
        x = model.embed(unseen);
      }
      result = evaluate(x, unseen.labels(), x, unseen.labels(), x.length / unseen.size());
    }
    if (perClass != null) {
      Files.writeString(perClass, ScoreTable.csv(result.classes(), names));
    }
    if (clustersOut != null) {
      new Npy(new int[] {result.clusters().length}, result.clusters()).write(clustersOut);
    }
    if (json) {
      spec.commandLine().getOut().println(new ObjectMapper().writeValueAsString(result));
      spec.commandLine().getOut().flush();
    } else {
      new ScoreTable().row("", result.scores()).print(spec.commandLine().getOut());
      ScoreTable.more(result, spec.commandLine().getOut());
    }
    return 0;
  }

  private void check() {
    require(source.model == null || data != null, "--model needs --data");
    require(source.embeddings == null || labels != null, "--embeddings needs --labels");
    require(
        source.embeddings == null || data == null, "--data goes with --model or --run: drop it");
    require(
        source.embeddings != null || (labels == null && galleryEmbeddings == null),
        "--labels and --gallery-embeddings go with --embeddings");
    require(
        (galleryEmbeddings == null) == (galleryLabels == null),
        "--gallery-embeddings and --gallery-labels go together");
    require(
        distance.equals("euclidean") || distance.equals("cosine"),
        "--distance " + distance + ": must be euclidean or cosine");
    require(
        kmeans.equals("plusplus") || kmeans.equals("none"),
        "--kmeans " + kmeans + ": must be plusplus or none");
    require(iterations >= 1, "--kmeans-iterations " + iterations + ": must be 1 or more");
    require(
        clustersOut == null || kmeans.equals("plusplus"),
        "--clusters-out needs clusters: drop --kmeans none");
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }

  private Evaluation files(LabelNumbers numbers) throws IOException {
    Npy x = embeddings(source.embeddings);
    int d = x.shape()[1];
    float[] queries = floats(source.embeddings, x);
    int[] queryLabels = classes(numbers, labels, x.shape()[0]);
    if (galleryEmbeddings == null) {
      return evaluate(queries, queryLabels, queries, queryLabels, d);
    }
    Npy g = embeddings(galleryEmbeddings);
    if (g.shape()[1] != d) {
      throw new IllegalArgumentException(
          galleryEmbeddings
              + ": embeddings of "
              + source.embeddings
              + " have "
              + d
              + " values, these have "
              + g.shape()[1]);
    }
    return evaluate(
        queries,
        queryLabels,
        floats(galleryEmbeddings, g),
        classes(numbers, galleryLabels, g.shape()[0]),
        d);
  }

  private Evaluation evaluate(
      float[] queries, int[] queryLabels, float[] gallery, int[] labelsOfGallery, int d) {
    Evaluator.Options options =
        new Evaluator.Options(
            recallAt,
            Distance.of(distance),
            kmeans.equals("none") ? 0 : iterations,
            restarts,
            seed);
    try (EvaluationProgress progress = new EvaluationProgress()) {
      return Evaluator.evaluate(
          queries, queryLabels, gallery, labelsOfGallery, d, options, progress);
    }
  }

  private static Npy embeddings(Path file) throws IOException {
    Npy x = Npy.read(file);
    if (x.shape().length != 2) {
      throw new IllegalArgumentException(file + ": embeddings must be [n, d], not " + x);
    }
    return x;
  }

  private static float[] floats(Path file, Npy x) {
    if (x.data() instanceof float[] values) {
      return values;
    }
    if (x.data() instanceof double[] wide) {
      float[] values = new float[wide.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) wide[i];
      }
      return values;
    }
    throw new IllegalArgumentException(file + ": embeddings must be float32 or float64, not " + x);
  }

  private static int[] classes(LabelNumbers numbers, Path file, int rows) throws IOException {
    Npy y = Npy.read(file);
    if (y.shape().length != 1 || y.shape()[0] != rows) {
      throw new IllegalArgumentException(
          file + ": labels must be [" + rows + "], one for each embedding, not " + y);
    }
    if (y.data() instanceof long[] wide) {
      return numbers.of(wide);
    }
    if (y.data() instanceof int[] narrow) {
      return numbers.of(Arrays.stream(narrow).asLongStream().toArray());
    }
    throw new IllegalArgumentException(file + ": labels must be int32 or int64, not " + y);
  }
}
