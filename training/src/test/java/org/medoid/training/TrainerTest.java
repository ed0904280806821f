package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.graph.BackboneGraph;
import org.medoid.graph.network.ConvNet;
import org.medoid.training.data.DataSets;
import org.medoid.training.evaluation.EvaluationResult;

@Timeout(240)
class TrainerTest {
  private static final int STEPS = 24;

  @TempDir private static Path shared;
  private static String data;

  @TempDir private Path folder;

  @BeforeAll
  static void writePictures() throws IOException {
    data = Pictures.write(shared, 8, 6, 18);
  }

  private static TrainingSettings.Builder settings() {
    return TrainingSettings.builder()
        .data(data)
        .model("convnet")
        .imageSize(16)
        .resize(18)
        .mirror(true)
        .batch(12)
        .classesPerBatch(3)
        .embeddingSize(4)
        .steps(STEPS)
        .evalEvery(4)
        .seed(3);
  }

  private Path train(String name, TrainingSettings settings) throws IOException {
    RunFolder run = RunFolder.create(folder.resolve(name), settings);
    new Trainer(run, DataSets.open(data)).run(row -> {});
    return run.path();
  }

  /** The bytes of the newest checkpoint: of all variables, optimizer slots and the step. */
  private static byte[] latest(Path run) throws IOException {
    return Files.readAllBytes(
        Path.of(Checkpoints.of(RunFolder.open(run)).latest() + ".data-00000-of-00001"));
  }

  /** metrics.csv by step, without the seconds; a later row of a step replaces an earlier one. */
  private static Map<String, String> metrics(Path run) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    for (String line : Files.readAllLines(run.resolve("metrics.csv"))) {
      String[] cells = line.split(",", 3);
      rows.put(cells[0], cells[2]);
    }
    return rows;
  }

  @Test
  void aRunKilledAtAnyMomentEndsWithTheSameWeightsAsOneThatNeverWas() throws Exception {
    Launched.assumeBash();
    TrainingSettings settings = settings().build();
    Path whole = train("whole", settings);
    Path killed = RunFolder.create(folder.resolve("killed"), settings).path();
    Path output = folder.resolve("output");
    Random random = new Random();
    int kills = 0;
    for (boolean done = false; !done; ) {
      Process process = Launched.start("", output, "train", "--resume", "--out", killed.toString());
      // Between the start of the virtual machine and the end of training, so that some kills meet
      // a checkpoint half written or an evaluation; the fifth run may finish.
      long patience = kills < 4 ? 1500 + random.nextInt(2500) : 120_000;
      done = process.waitFor(patience, TimeUnit.MILLISECONDS);
      if (!done) {
        process.destroyForcibly().waitFor();
        kills++;
      } else {
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
      }
    }
    assertThat(latest(killed)).isEqualTo(latest(whole));
    assertThat(metrics(killed).keySet()).isEqualTo(metrics(whole).keySet());
  }

  @Test
  void tensorBoardIsShownTheBatchTheNeighboursAndTheEmbeddings() throws IOException {
    Path run = train("run", settings().build());
    try (Stream<Path> files = Files.list(run.resolve("events"))) {
      String events =
          Files.readString(files.findFirst().orElseThrow(), StandardCharsets.ISO_8859_1);
      assertThat(events).contains("train/batch", "unseen/nearest", "unseen/embeddings");
    }
  }

  @Test
  void noStepsScoreTheUntrainedNetwork() throws IOException {
    RunFolder run = RunFolder.create(folder.resolve("untrained"), settings().steps(0).build());
    List<StepMetrics> rows = new ArrayList<>();
    EvaluationResult untrained = new Trainer(run, DataSets.open(data)).run(rows::add);
    assertThat(rows).isEmpty();
    assertThat(Checkpoints.of(run).best()).isEqualTo(Checkpoints.of(run).latest());
    EvaluationResult again = new Trainer(run, DataSets.open(data)).run(rows::add);
    assertThat(again.recallAt()).isEqualTo(untrained.recallAt());
    assertThat(again.nmi()).isEqualTo(untrained.nmi());
  }

  @Test
  void theSameSettingsTrainToTheSameBits() throws IOException {
    assertThat(latest(train("one", settings().build())))
        .isEqualTo(latest(train("two", settings().build())));
  }

  @Test
  void aStoppedRunLeavesACheckpointAndGoesOnFromThere() throws IOException {
    TrainingSettings settings = settings().build();
    Path whole = train("whole", settings);
    RunFolder run = RunFolder.create(folder.resolve("stopped"), settings);
    Trainer trainer = new Trainer(run, DataSets.open(data));
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(
            () ->
                trainer.run(
                    row -> {
                      if (row.step() == 5) {
                        trainer.stop();
                      }
                    }))
        .withMessage("stopped after step 6 of " + STEPS);
    assertThat(Checkpoints.of(run).latestStep()).isEqualTo(6);
    new Trainer(run, DataSets.open(data)).run(row -> {});
    assertThat(latest(run.path())).isEqualTo(latest(whole));
    assertThat(metrics(run.path())).isEqualTo(metrics(whole));
  }

  @Test
  void aFullDiskIsNamedAndTheCheckpointBeforeIsIntact() throws Exception {
    Launched.assumeBash();
    Path run = train("run", settings().steps(4).build());
    byte[] before = latest(run);
    RunFolder.open(run).writeJson("settings.json", settings().steps(8).build());
    Path output = folder.resolve("output");
    // No file may grow beyond 1 MiB; the signal that would end the process is ignored, as on a full
    // disk. A checkpoint here has 4.7 MB.
    Process process =
        Launched.start(
            "trap '' XFSZ; ulimit -f 1024; ", output, "train", "--resume", "--out", run.toString());
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isEqualTo(1);
    assertThat(said)
        .contains("the checkpoint of step 8 cannot be written")
        .contains("that of step 4 is intact");
    assertThat(latest(run)).isEqualTo(before);
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      assertThat(files).hasSize(2);
    }
    new Trainer(RunFolder.open(run), DataSets.open(data)).run(row -> {});
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(8);
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatIOException()
        .isThrownBy(() -> RunFolder.create(file.resolve("run"), settings().build()))
        .withMessageContaining("file");
  }

  @Test
  void trainingEndsEarlyWithoutABetterScore() throws IOException {
    // With a rate of nothing the score cannot become better than at the first evaluation.
    Path run = train("run", settings().learningRate(0).batchNorm("frozen").earlyStop(2).build());
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(12);
    assertThat(Checkpoints.of(RunFolder.open(run)).bestStep()).isEqualTo(4);
  }

  @Test
  void keptFeaturesTrainTheHeadAloneAndAreReadAgain() throws IOException {
    Path model = folder.resolve("model");
    try (BackboneGraph backbone = new BackboneGraph(new ConvNet(), 16, 1)) {
      backbone.write(model);
    }
    TrainingSettings.Builder frozen =
        settings().model("savedmodel:" + model).resize(16).mirror(false).steps(8);
    Path features = train("features", frozen.frozenFeatures(true).build());
    Path images = train("images", frozen.frozenFeatures(false).freezeBackbone(true).build());
    String[] one = metrics(features).get("8").split(",", -1);
    String[] other = metrics(images).get("8").split(",", -1);
    assertThat(Double.parseDouble(one[0])).isCloseTo(Double.parseDouble(other[0]), within(1e-3));
    assertThat(Double.parseDouble(one[one.length - 1])).isPositive();
    List<Path> kept = kept(features);
    assertThat(kept).hasSize(2);
    assertThat(kept(images)).isEmpty();

    // The same run again reads what was kept; after a picture has changed it computes it anew.
    byte[] before = Files.readAllBytes(kept.get(0));
    Files.delete(features.resolve("checkpoint.json"));
    Trainer again = new Trainer(RunFolder.open(features), DataSets.open(data));
    again.run(row -> {});
    assertThat(kept(features)).isEqualTo(kept);
    Path picture = DataSets.open(data).train().files().get(0);
    Files.setLastModifiedTime(picture, FileTime.fromMillis(1_000_000_000_000L));
    Files.delete(features.resolve("checkpoint.json"));
    new Trainer(RunFolder.open(features), DataSets.open(data)).run(row -> {});
    assertThat(kept(features)).hasSize(3).containsAll(kept);
    assertThat(Files.readAllBytes(kept.get(0))).isEqualTo(before);
  }

  private static List<Path> kept(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("features-"))
          .sorted()
          .toList();
    }
  }

  @Test
  void chunksTrainAsTheWholeBatchDoes() throws IOException {
    TrainingSettings.Builder settings = settings().batchNorm("frozen").steps(4);
    Map<String, String> whole = metrics(train("whole", settings.build()));
    Map<String, String> chunks = metrics(train("chunks", settings.chunk(4).build()));
    for (String step : List.of("1", "2", "3", "4")) {
      assertThat(Double.parseDouble(chunks.get(step).split(",", -1)[0]))
          .isCloseTo(Double.parseDouble(whole.get(step).split(",", -1)[0]), within(1e-4));
    }
  }

  @Test
  void settingsThatDoNotFitTogetherNameTheOption() {
    for (Map.Entry<TrainingSettings.Builder, String> wrong :
        Map.of(
                settings().chunk(4), "--chunk needs --batch-norm frozen",
                settings().chunk(5), "--chunk 5: must divide --batch 12",
                settings().freezeBackbone(true).frozenFeatures(true), "exclude each other",
                settings().model("savedmodel:x").batchNorm("train"), "--batch-norm train",
                settings().model("savedmodel:x").weights("y"), "--weights",
                settings().batchNorm("some"), "--batch-norm some",
                settings().earlyStop(1).evalEvery(0), "--early-stop needs --eval-every")
            .entrySet()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> wrong.getKey().build())
          .withMessageContaining(wrong.getValue());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings().model("resnet").imageSize(0).build())
        .withMessageContaining("--model resnet: no such model");
  }
}
