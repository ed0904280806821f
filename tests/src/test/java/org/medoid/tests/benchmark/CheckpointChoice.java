package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.StepEvaluation;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingListener;
import org.medoid.training.TrainingRun;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.TrainingSettings;

/**
 * Prints what different rules for the choice of a checkpoint lead to: trains, keeps every
 * checkpoint that is evaluated, scores each on the held-out training classes and on the test
 * classes, and tells the test scores of the one that each rule takes by the former alone.
 *
 * <p>Arguments: data, model, steps, steps between evaluations, a new folder, seeds. The defaults
 * otherwise; icons as in the demo, scaled to 50 pixels with γ = 10.
 */
public final class CheckpointChoice {
  private CheckpointChoice() {}

  private record Kept(long step, EvaluationResult validation, int pictures, EvaluationResult test) {
    double recall() {
      return validation.recallAt().get(1);
    }
  }

  /**
   * Trains and tells.
   *
   * @param arguments see above
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    Map<String, List<Kept>> chosen = new LinkedHashMap<>();
    for (int a = 5; a < arguments.length; a++) {
      List<Kept> kept = train(arguments, Long.parseLong(arguments[a]));
      for (Kept each : kept) {
        System.out.printf(
            Locale.ROOT,
            "seed %s step %d: validation NMI %.3f Recall@1 %.3f MAP@R %.3f, test NMI %.3f Recall@1"
                + " %.3f%n",
            arguments[a],
            each.step(),
            each.validation().nmi(),
            each.recall(),
            each.validation().mapAtR(),
            each.test().nmi(),
            each.test().recallAt().get(1));
      }
      add(chosen, "Recall@1", most(kept, Kept::recall));
      add(chosen, "MAP@R", most(kept, each -> each.validation().mapAtR()));
      add(chosen, "NMI", most(kept, each -> each.validation().nmi()));
      add(chosen, "Recall@1 + NMI", most(kept, each -> each.recall() + each.validation().nmi()));
      add(chosen, "last within a standard error of Recall@1", within(kept));
      add(chosen, "last", kept.get(kept.size() - 1));
      add(chosen, "by the test classes", most(kept, each -> each.test().recallAt().get(1)));
      chosen.forEach(
          (rule, all) ->
              System.out.printf(
                  Locale.ROOT,
                  "%-42s mean of %d: test NMI %.4f Recall@1 %.4f; steps %s%n",
                  rule,
                  all.size(),
                  all.stream().mapToDouble(each -> each.test().nmi()).average().orElseThrow(),
                  all.stream()
                      .mapToDouble(each -> each.test().recallAt().get(1))
                      .average()
                      .orElseThrow(),
                  all.stream().map(each -> Long.toString(each.step())).toList()));
    }
  }

  private static void add(Map<String, List<Kept>> chosen, String rule, Kept kept) {
    chosen.computeIfAbsent(rule, name -> new ArrayList<>()).add(kept);
  }

  private static Kept most(List<Kept> kept, ToDoubleFunction<Kept> score) {
    Kept most = kept.get(0);
    for (Kept each : kept) {
      most = score.applyAsDouble(each) > score.applyAsDouble(most) ? each : most;
    }
    return most;
  }

  private static Kept within(List<Kept> kept) {
    double best = most(kept, Kept::recall).recall();
    double error = Math.sqrt(best * (1 - best) / kept.get(0).pictures());
    Kept last = null;
    for (Kept each : kept) {
      last = each.recall() >= best - error ? each : last;
    }
    return last;
  }

  private static List<Kept> train(String[] arguments, long seed) throws IOException {
    TrainingSettings settings =
        TrainingSettings.of(
            arguments[0],
            arguments[1],
            draft -> {
              if (arguments[0].equals("icons")) {
                draft.gamma = 10.0;
                draft.gammaDecay = 1.0;
                draft.resize = 50;
              }
              draft.steps = Long.parseLong(arguments[2]);
              draft.evalEvery = Long.parseLong(arguments[3]);
              draft.seed = seed;
            });
    DataSplit data = DataSets.open(arguments[0]);
    Path folder = Path.of(arguments[4], "seed" + seed);
    List<StepEvaluation> evaluations = new ArrayList<>();
    new Trainer(settings, data)
        .withListener(
            new TrainingListener() {
              @Override
              public void evaluated(TrainingRun run, StepEvaluation evaluation) throws IOException {
                evaluations.add(evaluation);
                keep(run, folder.resolve("step" + evaluation.step()), evaluation.step());
              }
            })
        .run(folder.resolve("run"));
    List<Kept> kept = new ArrayList<>();
    for (StepEvaluation each : evaluations) {
      try (EmbeddingModel model = EmbeddingModel.ofRun(folder.resolve("step" + each.step()))) {
        kept.add(
            new Kept(
                each.step(),
                each.scores(),
                each.images().size(),
                Evaluator.evaluate(model.embed(data.test()).floats(), data.test().labels())));
      }
    }
    return kept;
  }

  /** Makes a run folder that has the newest checkpoint alone. */
  private static void keep(TrainingRun run, Path folder, long step) throws IOException {
    RunFolder copy = RunFolder.create(folder, run.settings());
    Path prefix = run.checkpoints().latest();
    Path into = Files.createDirectories(folder.resolve("checkpoints"));
    try (Stream<Path> files = Files.list(prefix.getParent())) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().startsWith(prefix.getFileName() + ".")) {
          Files.copy(file, into.resolve(file.getFileName()));
        }
      }
    }
    copy.writeJson(
        "checkpoint.json", Map.of("latest_step", step, "best_step", step, "evaluated_step", step));
  }
}
