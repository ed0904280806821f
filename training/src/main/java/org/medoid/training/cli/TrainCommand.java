package org.medoid.training.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.medoid.training.Checkpoints;
import org.medoid.training.Networks;
import org.medoid.training.RunFolder;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingSettings;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.EvaluationResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code medoid train}. */
@Command(
    name = "train",
    description = "Trains an embedding network and evaluates it on classes it has not seen.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "SPEC",
      description = "icons, or folder:DIR with one folder per class.")
  private String data;

  @Option(names = "--model", paramLabel = "SPEC", description = "convnet.")
  private String model;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      required = true,
      description = "The run folder, new or empty; with --resume that of the run to go on with.")
  private Path out;

  @Option(
      names = "--loss",
      defaultValue = "facility_location",
      description = "The loss: facility_location.")
  private String loss;

  @Option(names = "--gamma", defaultValue = "1", description = "Margin multiplier γ at step 0.")
  private double gamma;

  @Option(
      names = "--gamma-decay",
      defaultValue = "0.94",
      description = "Factor by which γ falls every --gamma-decay-steps; 1 keeps it constant.")
  private double gammaDecay;

  @Option(
      names = "--gamma-decay-steps",
      paramLabel = "N",
      defaultValue = "0",
      description = "Steps in which γ falls by the factor; 0: an epoch.")
  private long gammaDecaySteps;

  @Option(
      names = "--margin",
      defaultValue = "nmi",
      description = "nmi, nmi_arithmetic, ami, ari, v_measure or identical.")
  private String margin;

  @Option(
      names = "--local-search",
      defaultValue = "exact",
      description = "exact, reference or none.")
  private String localSearch;

  @Option(names = "--batch", paramLabel = "M", defaultValue = "128", description = "Images a step.")
  private int batch;

  @Option(
      names = "--classes-per-batch",
      paramLabel = "C",
      defaultValue = "0",
      description = "Distinct classes a step; 0: a quarter of the batch.")
  private int classesPerBatch;

  @Option(names = "--embedding", paramLabel = "D", defaultValue = "64", description = "Its size.")
  private int embedding;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      defaultValue = "0",
      description = "Height and width of the network's input; 0: the network's own.")
  private int imageSize;

  @Option(
      names = "--resize",
      paramLabel = "PIXELS",
      defaultValue = "0",
      description =
          "Height and width to which images are scaled before the crop; 0: 256/227 of the crop.")
  private int resize;

  @Option(names = "--mirror", description = "Mirrors half of the crops in training.")
  private boolean mirror;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      defaultValue = "0.001",
      description = "Of RMSProp.")
  private double learningRate;

  @Option(names = "--steps", paramLabel = "N", defaultValue = "500", description = "In all.")
  private long steps;

  @Option(
      names = "--eval-every",
      paramLabel = "N",
      defaultValue = "100",
      description = "Steps between evaluations and checkpoints; 0: only at the end.")
  private long evalEvery;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "Of everything.")
  private long seed;

  @Option(names = "--resume", description = "Goes on from the newest checkpoint of --out.")
  private boolean resume;

  @Option(names = "--json", description = "Prints the final scores as one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    RunFolder folder;
    if (resume) {
      folder = RunFolder.open(out);
      Checkpoints.of(folder).latest(); // says so if there is none
    } else {
      if (data == null || model == null) {
        throw new ParameterException(
            spec.commandLine(), "A new run needs --data and --model (or --resume an earlier one)");
      }
      folder = null;
    }
    DataSplit split = DataSets.open(folder == null ? data : folder.settings().data());
    if (folder == null) {
      folder = RunFolder.create(out, settings());
    }
    EvaluationResult result;
    try (Progress progress = new Progress("training", folder.settings().steps())) {
      result = new Trainer(folder, split).run(progress);
    }
    folder.writeJson("result.json", result);
    if (json) {
      spec.commandLine().getOut().println(new ObjectMapper().writeValueAsString(result));
    } else {
      new ScoreTable().row("after training", result).print(spec.commandLine().getOut());
    }
    return 0;
  }

  private TrainingSettings settings() {
    int size = imageSize == 0 ? Networks.of(model).defaultImageSize() : imageSize;
    return new TrainingSettings(
        data,
        model,
        size,
        resize == 0 ? Math.round(size * 256f / 227) : resize,
        mirror,
        embedding,
        loss,
        gamma,
        gammaDecay,
        gammaDecaySteps,
        margin,
        localSearch,
        batch,
        classesPerBatch == 0 ? Math.max(2, batch / 4) : classesPerBatch,
        learningRate,
        steps,
        evalEvery,
        seed);
  }
}
