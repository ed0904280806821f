package org.medoid.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import org.medoid.graph.loss.BatchTooSmallException;
import org.medoid.graph.loss.Losses;
import org.medoid.training.Comparison;
import org.medoid.training.DivergedException;
import org.medoid.training.Leaderboard;
import org.medoid.training.Trainer;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.HeldOutClasses;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.report.ComparisonReport;
import org.medoid.training.settings.ScheduleSettings;
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

/** {@code medoid compare}. */
@Command(
    name = "compare",
    description =
        "Tunes losses, trains each with the same budget and seeds, and compares them on classes"
            + " they have not seen. What is done already is not repeated.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    modelTransformer = CompareCommand.SharedSettings.class)
final class CompareCommand extends SpecCommand {
  private static final Logger LOG = LoggerFactory.getLogger(CompareCommand.class);

  @Mixin private TrainingOptions options;

  @Option(
      names = "--losses",
      paramLabel = "NAME",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      description = "The losses to compare, separated by commas.")
  private List<String> losses = Losses.names();

  @ArgGroup private Seeds seeds = new Seeds();

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Trials of each loss that choose its learning rate (a tenth of --learning-rate to ten"
              + " times it) and main parameter, by Recall@1 on held-out training classes. 0: every"
              + " loss has the rate given, and its paper's parameter.")
  private int trials;

  @Option(
      names = "--recall-at",
      paramLabel = "K",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      defaultValue = "1,2,4,8",
      description = "The K of Recall@K.")
  private List<Integer> recallAt;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description =
          "New, empty, or of an earlier comparison with the same settings: gets a run folder"
              + " LOSS-seedS for each run, trials/LOSS-N for each trial, and compare.json, .md and"
              + " .html.")
  private Path out;

  @Option(names = "--json", description = "Prints one JSON object in place of the table.")
  private boolean json;

  /** One of two. */
  static final class Seeds {
    @Option(
        names = "--seeds",
        paramLabel = "S",
        split = "\\s*,\\s*",
        splitSynopsisLabel = ",",
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
      spec.remove(spec.findOption("--loss-parameter"));
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
    require(trials >= 0, "--trials " + trials + ": must be 0 or more");
    SettingsDraft draft = options.draft();
    require(draft.data != null && draft.model != null, "A comparison needs --data and --model");
    DataSplit data = TrainingOptions.checked(spec, () -> draft.complete().openData());
    if (trials > 0 && draft.validationClasses == null && draft.chooseOn == null) {
      draft.validationClasses = share(data.train());
    }
    TrainingSettings told = TrainingOptions.checked(spec, () -> draft.complete(data));
    Comparison comparison =
        TrainingOptions.checked(spec, () -> Comparison.open(out, told, recallAt, trials));
    Cautions.training(spec, told, names, data, comparison.hasBegun());
    Outcome outcome;
    try {
      outcome = train(comparison, names, chosen, data);
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    }
    Leaderboard board = write(comparison, outcome.losses, chosen);
    remarkOthers(comparison, names, chosen);
    if (json) {
      json(board);
    } else {
      print(board, out());
      out().flush();
    }
    return outcome.all ? 0 : 1;
  }

  private void remarkOthers(Comparison comparison, List<String> names, List<Long> seeds)
      throws IOException {
    Set<String> others = new LinkedHashSet<>();
    for (Comparison.Job job : comparison.jobs(Losses.names(), seeds)) {
      if (!job.trial() && !names.contains(job.loss()) && comparison.done(job)) {
        others.add(job.loss());
      }
    }
    if (!others.isEmpty()) {
      LOG.warn(
          "{}: {} compared here before, not in this table; with --losses {} it has all",
          out,
          String.join(", ", others) + (others.size() == 1 ? " was" : " were"),
          String.join(",", names) + "," + String.join(",", others));
    }
  }

  /** Of the classes that trials are scored on: the usual one, but two classes at least. */
  private Double share(ImageDataSet train) {
    int classes = train.classNames().size();
    int least = HeldOutClasses.LEAST;
    require(
        classes >= 2 * least,
        "%s has %d classes; trials need %d, %d to train on and as many to be scored on (--trials 0 goes without)"
            .formatted(train.name(), classes, 2 * least, least));
    double share = least / (double) classes;
    return share > ScheduleSettings.VALIDATION_CLASSES ? share : null;
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
    require(
        first <= Long.MAX_VALUE - seeds.runs,
        "--seed " + first + ": too large for --runs " + seeds.runs);
    return LongStream.range(first, first + seeds.runs).boxed().toList();
  }

  private static Leaderboard write(Comparison comparison, List<String> names, List<Long> seeds)
      throws IOException {
    Leaderboard board = comparison.write(names, seeds);
    comparison.writePage(ComparisonReport.FILE, ComparisonReport.page(board));
    return board;
  }

  /**
   * What came of the trainings.
   *
   * @param losses those that can do something with such batches
   * @param all whether all came to an end, but for those of other losses that nobody asked for by
   *     name
   */
  private record Outcome(List<String> losses, boolean all) {}

  /** What diverges is told and left out, and the others go on. */
  private Outcome train(Comparison comparison, List<String> names, List<Long> seeds, DataSplit data)
      throws Exception {
    List<String> left = new ArrayList<>(names);
    List<Comparison.Job> jobs = comparison.jobs(names, seeds);
    boolean all = true;
    int count = 0;
    for (Comparison.Job job : jobs) {
      String run = "%s (%d of %d)".formatted(job, ++count, jobs.size());
      if (!left.contains(job.loss())) {
        continue;
      }
      if (comparison.done(job)) {
        LOG.info("{}: done before", run);
        continue;
      }
      LOG.info("{}", run);
      try {
        train(comparison, job, run, data);
      } catch (DivergedException e) {
        all = false;
        LOG.warn("{}: {}; left out of the table", run, e.getMessage());
      } catch (BatchTooSmallException e) {
        all &= !spec.commandLine().getParseResult().hasMatchedOption("--losses");
        LOG.warn("{}: {}; left out of the table", job.loss(), e.getMessage());
        left.remove(job.loss());
        if (left.isEmpty()) {
          throw e;
        }
      }
      write(comparison, left, seeds);
    }
    return new Outcome(left, all);
  }

  private void train(Comparison comparison, Comparison.Job job, String run, DataSplit data)
      throws Exception {
    Trainer trainer = TrainingOptions.checked(spec, () -> comparison.trainer(job, data));
    try (Progress progress = new Progress(job.loss(), trainer.settings().schedule().steps())) {
      trainer.withListener(progress);
      Interruption.train(
          trainer,
          () -> {
            comparison.run(job, trainer);
            return null;
          },
          stopped -> tell(run + ": " + stopped + "; the same command goes on from there"));
    }
  }

  private void print(Leaderboard board, PrintWriter print) {
    for (List<List<String>> table : List.of(board.choices(), board.table())) {
      int[] widths = new int[table.isEmpty() ? 0 : table.get(0).size()];
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
    }
    print.println(board.tuning());
    print.println(board.rule());
    print.println(out.resolve(ComparisonReport.FILE));
  }
}
