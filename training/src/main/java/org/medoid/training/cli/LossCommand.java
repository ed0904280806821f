package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.medoid.export.savedmodel.VariableValues;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.ops.clustering.Agreement;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.training.data.Npy;
import org.medoid.training.evaluation.Embeddings;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TFloating;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code medoid loss}. */
@Command(
    name = "loss",
    description = "Computes the facility location loss of embeddings in a TensorFlow session.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class LossCommand extends SpecCommand {
  /** The compilers of the JVM have done their work on a small batch after about two seconds. */
  private static final long WARM_UP_NANOS = 2_000_000_000L;

  @Option(
      names = "--embeddings",
      paramLabel = "E.npy",
      required = true,
      description =
          "Numbers of any type, [m, d]. The loss of float16 and float32 is computed in float32, of"
              + " others in float64.")
  private Path embeddings;

  @Option(
      names = "--labels",
      paramLabel = "L.npy",
      required = true,
      description =
          "Whole numbers of any type, or text, [m]; or a text file with a label on each line.")
  private Path labels;

  @Option(
      names = "--gamma",
      paramLabel = "G",
      defaultValue = "1",
      description = "The margin multiplier γ.")
  private float gamma;

  @Option(
      names = "--margin",
      paramLabel = "NAME",
      defaultValue = "nmi",
      description = "nmi, nmi_arithmetic, ami, ari, v_measure or identical.")
  private Margin margin;

  @Option(
      names = "--local-search",
      paramLabel = "NAME",
      defaultValue = "exact",
      description = "exact, reference, swap or none.")
  private LocalSearch localSearch;

  @Option(
      names = "--distance",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "euclidean, squared_euclidean or cosine.")
  private Distance distance;

  @Option(
      names = "--max-sweeps",
      paramLabel = "N",
      defaultValue = "5",
      description = "At most so many sweeps of the local search; swap's swaps come after them.")
  private long maxSweeps;

  @Option(
      names = "--start",
      paramLabel = "NAME",
      defaultValue = "greedy",
      description = "greedy or random.")
  private Start start;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of a random start.")
  private long seed;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Runs forward and gradient N times (after two seconds of warming up if N > 1) and tells"
              + " the median time.")
  private int repeat;

  @Option(
      names = "--gradient-out",
      paramLabel = "G.npy",
      description = "Where to write the gradient, [m, d] of the type that was computed in.")
  private Path gradientOut;

  @Option(names = "--json", description = "Prints one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    require(repeat >= 1, "--repeat " + repeat + ": must be 1 or more");
    require(
        gamma >= 0 && gamma <= Float.MAX_VALUE,
        "--gamma " + gamma + ": must be 0 or more, and finite as a float32");
    require(maxSweeps >= 0, "--max-sweeps " + maxSweeps + ": must not be negative");
    UnusedOptions.tell(
        spec, localSearch == LocalSearch.NONE, "--local-search is none", "--max-sweeps");
    UnusedOptions.tell(spec, start == Start.GREEDY, "it is for --start random", "--seed");
    OutputFile.checkMatrix("--gradient-out", gradientOut, embeddings, labels);
    Npy file = Npy.read(embeddings);
    Embeddings x = file.embeddings(embeddings.toString());
    if (x.rows() == 0) {
      throw new IllegalArgumentException(embeddings + ": no rows, so there is no loss");
    }
    if (distance == Distance.COSINE) {
      x.requireDirections(embeddings.toString());
    }
    int[] y = LabelNumbers.read(new LabelNumbers.File(labels, x.rows())).of(0);
    Shape shape = Shape.of(x.rows(), x.width());
    if (file.data() instanceof float[] values) {
      try (TFloat32 points = TFloat32.tensorOf(shape, DataBuffers.of(values, false, false))) {
        run(points, y, TFloat32.class);
      }
    } else {
      try (TFloat64 points = TFloat64.tensorOf(shape, DataBuffers.of(x.values(), false, false))) {
        run(points, y, TFloat64.class);
      }
    }
    return 0;
  }

  /** What the op says of the values, with the file that has them in place of its own name. */
  private IllegalArgumentException naming(TFInvalidArgumentException refusal) {
    String told =
        VariableValues.firstLine(refusal)
            .replaceFirst("^" + FacilityLocationLoss.OP_NAME + ": ", "")
            .replaceFirst(" \\(node [^)]*\\)$", "");
    return new IllegalArgumentException(embeddings + ": " + told, refusal);
  }

  private <T extends TFloating> void run(T points, int[] labels, Class<T> type) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TInt32 classes = TInt32.vectorOf(labels);
        TFloat32 multiplier = TFloat32.scalarOf(gamma)) {
      Ops tf = Ops.create(graph);
      Placeholder<T> x = tf.placeholder(type);
      Placeholder<TInt32> y = tf.placeholder(TInt32.class);
      Placeholder<TFloat32> factor = tf.placeholder(TFloat32.class);
      FacilityLocationLoss<T> op =
          FacilityLocationLoss.create(
              tf.scope(),
              x,
              y,
              factor,
              FacilityLocationLoss.margin(margin.attribute()).localSearch(localSearch.attribute()),
              FacilityLocationLoss.distance(distance.attribute()).maxSweeps(maxSweeps),
              FacilityLocationLoss.start(start.attribute()).seed(seed));
      Output<?> gradient = graph.addGradients(op.loss(), new Output<?>[] {x.asOutput()})[0];
      Supplier<Session.Runner> fed =
          () ->
              session
                  .runner()
                  .feed(x, points)
                  .feed(y, classes)
                  .feed(factor, multiplier)
                  .fetch(op.loss())
                  .fetch(gradient);
      double milliseconds = median(fed.get());
      try (Result result =
          fed.get()
              .fetch(op.facilityScore())
              .fetch(op.oracleScore())
              .fetch(op.medoids())
              .fetch(op.assignments())
              .run()) {
        report(result, labels, milliseconds);
      }
    } catch (TFInvalidArgumentException e) {
      throw naming(e);
    }
  }

  private double median(Session.Runner runner) {
    if (repeat > 1) {
      long end = System.nanoTime() + WARM_UP_NANOS;
      do {
        runner.run().close();
      } while (System.nanoTime() < end);
    }
    double[] times = new double[repeat];
    for (int i = 0; i < repeat; i++) {
      long before = System.nanoTime();
      runner.run().close();
      times[i] = (System.nanoTime() - before) / 1e6;
    }
    Arrays.sort(times);
    return (times[(repeat - 1) / 2] + times[repeat / 2]) / 2;
  }

  private void report(Result result, int[] classes, double milliseconds) throws IOException {
    double facility = scalar(result.get(2));
    double oracle = scalar(result.get(3));
    double loss = scalar(result.get(0));
    int[] medoids = StdArrays.array1dCopyOf((TInt32) result.get(4));
    int[] assignments = StdArrays.array1dCopyOf((TInt32) result.get(5));
    // The op's own agreement is a float; from its assignments it is had in full.
    double delta = 1 - Agreement.between(margin, classes, assignments);
    if (gradientOut != null) {
      writeGradient(result.get(1));
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("loss", loss);
    values.put("facility_score", facility);
    values.put("oracle_score", oracle);
    values.put("margin", delta);
    values.put("augmented_score", facility + gamma * delta);
    values.put("nmi", Agreement.between(Margin.NMI, classes, assignments));
    values.put("medoids", medoids);
    values.put("assignments", assignments);
    values.put("milliseconds", milliseconds);
    if (json) {
      json(values);
    } else {
      values.put("medoids", Arrays.toString(medoids));
      values.put("assignments", Arrays.toString(assignments));
      values.forEach((name, value) -> out().printf(Locale.ROOT, "%-16s %s%n", name, value));
      out().flush();
    }
  }

  private void writeGradient(Tensor gradient) throws IOException {
    int[] shape = Arrays.stream(gradient.shape().asArray()).mapToInt(Math::toIntExact).toArray();
    int size = Math.toIntExact(gradient.shape().size());
    if (gradient instanceof TFloat64 wide) {
      double[] values = new double[size];
      wide.copyTo(DataBuffers.of(values, false, false));
      new Npy(shape, values).write(gradientOut);
    } else {
      float[] values = new float[size];
      ((TFloat32) gradient).copyTo(DataBuffers.of(values, false, false));
      new Npy(shape, values).write(gradientOut);
    }
  }

  private static double scalar(Tensor tensor) {
    return tensor instanceof TFloat64 wide ? wide.getDouble() : ((TFloat32) tensor).getFloat();
  }
}
