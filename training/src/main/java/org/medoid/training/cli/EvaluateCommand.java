package org.medoid.training.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.medoid.training.data.Npy;
import org.medoid.training.evaluation.EvaluationResult;
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
            + " (Recall@K and others, leave one out).",
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

  @Option(names = "--labels", paramLabel = "L.npy", description = "With --embeddings: int [n].")
  private Path labels;

  @Option(
      names = "--recall-at",
      paramLabel = "K",
      split = ",",
      defaultValue = "1,2,4,8",
      description = "The K of Recall@K.")
  private List<Integer> recallAt;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Of k-means.")
  private long seed;

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
    EvaluationResult result;
    Evaluator.Options options = Evaluator.Options.defaults().withRecallAt(recallAt).withSeed(seed);
    if (source.embeddings != null) {
      result = embeddings(options);
    } else {
      if (source.model != null && data == null) {
        throw new ParameterException(spec.commandLine(), "--model needs --data");
      }
      try (Model model =
          source.run != null ? Model.ofRun(source.run) : Model.ofExport(source.model)) {
        result = model.evaluate(data, options);
      }
    }
    if (json) {
      spec.commandLine().getOut().println(new ObjectMapper().writeValueAsString(result));
      spec.commandLine().getOut().flush();
    } else {
      new ScoreTable().row("", result).print(spec.commandLine().getOut());
    }
    return 0;
  }

  private EvaluationResult embeddings(Evaluator.Options options) throws Exception {
    if (labels == null) {
      throw new ParameterException(spec.commandLine(), "--embeddings needs --labels");
    }
    Npy x = Npy.read(source.embeddings);
    Npy y = Npy.read(labels);
    if (x.shape().length != 2) {
      throw new IllegalArgumentException(
          source.embeddings + ": embeddings must be [n, d], not " + x);
    }
    if (y.shape().length != 1 || y.shape()[0] != x.shape()[0]) {
      throw new IllegalArgumentException(
          labels + ": labels must be [" + x.shape()[0] + "], one for each embedding, not " + y);
    }
    return Evaluator.evaluate(floats(x), x.shape()[0], x.shape()[1], classes(labels, y), options);
  }

  private float[] floats(Npy x) {
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
    throw new IllegalArgumentException(
        source.embeddings + ": embeddings must be float32 or float64, not " + x);
  }

  private static int[] classes(Path file, Npy y) {
    long[] values;
    if (y.data() instanceof long[] wide) {
      values = wide;
    } else if (y.data() instanceof int[] narrow) {
      values = Arrays.stream(narrow).asLongStream().toArray();
    } else {
      throw new IllegalArgumentException(file + ": labels must be int32 or int64, not " + y);
    }
    Map<Long, Integer> numbers = new LinkedHashMap<>();
    return Arrays.stream(values)
        .mapToInt(
            value -> {
              int next = numbers.size();
              Integer before = numbers.putIfAbsent(value, next);
              return before == null ? next : before;
            })
        .toArray();
  }
}
