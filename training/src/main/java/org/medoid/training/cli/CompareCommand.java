package org.medoid.training.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import org.medoid.graph.loss.Losses;
import org.medoid.training.Comparison;
import org.medoid.training.Trainer;
import org.medoid.training.data.DataSplit;
import org.medoid.training.format.Json;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code medoid compare}. */
@Command(
    name = "compare",
    description =
        "Trains losses with the same settings and seeds and compares them on classes they have not"
            + " seen. Runs that are done already are not repeated.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    modelTransformer = CompareCommand.SharedSettings.class)
final class CompareCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(CompareCommand.class);

  @Spec private CommandSpec spec;

  @Mixin private TrainingOptions options;

  @Option(
      names = "--losses",
      paramLabel = "NAME",
      split = ",",
      description = "The losses to compare, separated by commas.")
  private List<String> losses = Losses.names();

  @ArgGroup private Seeds seeds = new Seeds();

  @Option(
      names = "--recall-at",
      paramLabel = "K",
      split = ",",
      defaultValue = "1,2,4,8",
      description = "The K of Recall@K.")
  private List<Integer> recallAt;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description =
          "New, empty, or of an earlier comparison with the same settings: gets a run folder"
              + " LOSS-seedS for each run, compare.json and compare.md.")
  private Path out;

  @Option(names = "--json", description = "Prints one JSON object in place of the table.")
  private boolean json;

  /** One of two. */
  static final class Seeds {
    @Option(
        names = "--seeds",
        paramLabel = "S",
        split = ",",
        description = "The seed of each run of a loss, separated by commas.")
    private List<Long> each;

    @Option(
        names = "--runs",
        paramLabel = "N",
        description = "So many runs of each loss, with the seeds from --seed on; 1 if not given.")
    private int runs = 1;
  }

  /** The settings of a run but those that a comparison gives itself, or that would be unfair. */
  static final class SharedSettings implements IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec spec) {
      spec.remove(spec.findOption("--loss"));
      spec.remove(spec.findOption("--early-stop"));
      return spec;
    }
  }

  @Override
  public Integer call() throws Exception {
    List<String> names = losses.stream().distinct().toList();
    for (String name : names) {
      require(
          Losses.names().contains(name),
          "--losses " + name + ": no such loss; losses are " + String.join(", ", Losses.names()));
    }
    List<Long> chosen = seeds();
    require(
        recallAt.stream().allMatch(k -> k >= 1), "--recall-at " + recallAt + ": 1 or more each");
    SettingsDraft draft = options.draft();
    require(draft.data != null && draft.model != null, "A comparison needs --data and --model");
    DataSplit data = TrainingOptions.checked(spec, () -> draft.complete().openData());
    TrainingSettings told = TrainingOptions.checked(spec, () -> draft.complete(data));
    Comparison comparison = Comparison.open(out, told, recallAt);
    try {
      train(comparison, names, chosen, data, told.schedule().steps());
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    }
    Map<String, Object> known = comparison.write(names, chosen);
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      print.println(Json.mapper().writeValueAsString(known));
    } else {
      print(comparison.rows(names, chosen), print);
    }
    print.flush();
    return 0;
  }

  private List<Long> seeds() {
    boolean from = spec.commandLine().getParseResult().hasMatchedOption("--seed");
    require(seeds.each == null || !from, "--seed goes with --runs; leave it out with --seeds");
    require(seeds.runs >= 1, "--runs " + seeds.runs + ": must be 1 or more");
    if (seeds.each != null) {
      return seeds.each.stream().distinct().toList();
    }
    Long told = spec.findOption("--seed").getValue();
    long first = told == null ? 1 : told;
    return LongStream.range(first, first + seeds.runs).boxed().toList();
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }

  /** All losses with a seed before the next seed: an early look has a row for each. */
  private void train(
      Comparison comparison, List<String> names, List<Long> seeds, DataSplit data, long steps)
      throws Exception {
    int count = 0;
    for (long seed : seeds) {
      for (String loss : names) {
        String run =
            "%s, seed %d (%d of %d)".formatted(loss, seed, ++count, names.size() * seeds.size());
        if (comparison.result(loss, seed).isPresent()) {
          LOG.info("{}: done before", run);
          continue;
        }
        LOG.info("{}", run);
        Trainer trainer = TrainingOptions.checked(spec, () -> comparison.trainer(loss, seed, data));
        try (Progress progress = new Progress(loss, steps)) {
          trainer.withListener(progress);
          Interruption.train(
              trainer,
              () -> comparison.run(loss, seed, trainer),
              stopped ->
                  spec.commandLine()
                      .getErr()
                      .println(
                          "medoid: "
                              + run
                              + ": "
                              + stopped
                              + "; the same command goes on from there"));
        }
        comparison.write(names, seeds);
      }
    }
  }

  private void print(List<Comparison.Row> rows, PrintWriter print) {
    List<List<String>> table = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("loss", "runs", "NMI"));
    rows.get(0).recallAt().keySet().forEach(k -> head.add("R@" + k));
    table.add(head);
    for (Comparison.Row row : rows) {
      List<String> line =
          new ArrayList<>(
              List.of(row.loss(), Integer.toString(row.runs().size()), row.nmi().toString()));
      row.recallAt().values().forEach(value -> line.add(value.toString()));
      table.add(line);
    }
    int[] widths = new int[head.size()];
    for (List<String> line : table) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : table) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(String.format(Locale.ROOT, "%-" + (widths[i] + 2) + "s", line.get(i)));
      }
      print.println(text.toString().stripTrailing());
    }
    print.println(Comparison.rule(rows));
    print.println(out.resolve("compare.md"));
  }
}
