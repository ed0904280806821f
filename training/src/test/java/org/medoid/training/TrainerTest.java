package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.medoid.graph.AdamW;
import org.medoid.graph.BackboneGraph;
import org.medoid.graph.FrameworkOptimizer;
import org.medoid.graph.Optimizer;
import org.medoid.graph.image.Crop;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.BatchTooSmallException;
import org.medoid.graph.loss.NPairs;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.graph.network.Network;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.Margin;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFOutOfRangeException;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

@Timeout(240)
class TrainerTest {
  private static final long STEPS = 24;

  @TempDir private static Path shared;
  private static String data;

  @TempDir private Path folder;

  @BeforeAll
  static void writePictures() throws IOException {
    data = Pictures.write(shared, 8, 6, 18);
  }

  private static TrainingSettings settings(Consumer<SettingsDraft> change) throws IOException {
    SettingsDraft draft = new SettingsDraft();
    draft.data = data;
    draft.model = "convnet";
    draft.imageSize = 16;
    draft.resize = 18;
    draft.mirror = true;
    draft.batch = 12;
    draft.classesPerBatch = 3;
    draft.embedding = 4;
    draft.steps = STEPS;
    draft.evalEvery = 4L;
    draft.chooseOn = Choice.TEST;
    draft.seed = 3L;
    change.accept(draft);
    return draft.complete();
  }

  private static TrainingSettings settings() throws IOException {
    return settings(draft -> {});
  }

  private Path train(String name, TrainingSettings settings) throws IOException {
    new Trainer(settings, settings.openData()).run(folder.resolve(name));
    return folder.resolve(name);
  }

  private static TrainingResult resume(Path run) throws IOException {
    RunFolder folder = RunFolder.open(run);
    TrainingSettings settings = folder.settings();
    return new Trainer(settings, settings.openData()).resume(folder);
  }

  /** What a class warns of meanwhile. */
  private static List<String> warnings(Class<?> from, Callable<?> meanwhile) {
    Logger logger = (Logger) LoggerFactory.getLogger(from);
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.start();
    logger.addAppender(heard);
    assertThatCode(meanwhile::call).doesNotThrowAnyException();
    logger.detachAppender(heard);
    return heard.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
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
  void tensorBoardIsShownTheBatchTheNeighboursAndTheEmbeddings() throws IOException {
    Path run = train("run", settings());
    try (Stream<Path> files = Files.list(run.resolve("events"))) {
      String events =
          Files.readString(files.findFirst().orElseThrow(), StandardCharsets.ISO_8859_1);
      assertThat(events).contains("train/batch", "unseen/nearest", "unseen/embeddings");
    }
  }

  @Test
  void noStepsScoreTheUntrainedNetwork() throws IOException {
    Path run = folder.resolve("untrained");
    TrainingSettings settings = settings(draft -> draft.steps = 0L);
    TrainingResult untrained =
        new Trainer(settings, settings.openData()).withListener(failing()).run(run);
    assertThat(untrained.checkpoint()).isZero();
    TrainingResult again = resume(run);
    assertThat(again.scores().recallAt()).isEqualTo(untrained.scores().recallAt());
    assertThat(again.scores().nmi()).isEqualTo(untrained.scores().nmi());
  }

  /** Fails when a step is taken. */
  private static TrainingListener failing() {
    return new TrainingListener() {
      @Override
      public void step(TrainingRun run, StepMetrics row) {
        throw new AssertionError("a step was taken");
      }
    };
  }

  @Test
  void theSameSettingsTrainToTheSameBits() throws IOException {
    assertThat(latest(train("one", settings()))).isEqualTo(latest(train("two", settings())));
  }

  @Test
  void aStoppedRunLeavesACheckpointAndGoesOnFromThere() throws IOException {
    TrainingSettings settings = settings();
    Path whole = train("whole", settings);
    Path run = folder.resolve("stopped");
    Trainer trainer = new Trainer(settings, settings.openData());
    trainer.withListener(new StopAt(trainer, 5));
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> trainer.run(run))
        .withMessage("stopped after step 5 of " + STEPS);
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(5);
    resume(run);
    assertThat(latest(run)).isEqualTo(latest(whole));
    assertThat(metrics(run)).isEqualTo(metrics(whole));
  }

  /** As Future.cancel and ExecutorService.shutdownNow do it. */
  @Test
  void anInterruptedRunStopsAfterItsStepAndTheThreadStaysInterrupted() throws IOException {
    TrainingSettings settings = settings();
    Path run = folder.resolve("interrupted");
    Trainer trainer = new Trainer(settings, settings.openData());
    trainer.withListener(
        new TrainingListener() {
          @Override
          public void step(TrainingRun run, StepMetrics row) {
            if (row.step() == 3) {
              Thread.currentThread().interrupt();
            }
          }
        });
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> trainer.run(run))
        .withMessage("stopped after step 3 of " + STEPS);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(3);
    resume(run);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(latest(run)).isEqualTo(latest(train("whole", settings)));
  }

  @Test
  void testImagesThatCannotBeScoredAreRefusedBeforeTheTraining() throws IOException {
    TrainingSettings settings = settings();
    DataSplit whole = settings.openData();
    DataSplit single = new DataSplit(whole.train(), whole.test().part(0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Trainer(settings, single))
        .withMessageContaining("two test images or more, and there are 1");
  }

  @Test
  void aCheckpointOfAnotherNetworkIsSaidToBe() throws IOException {
    Path run = train("run", settings(draft -> draft.steps = 1L));
    RunFolder.open(run).writeJson("settings.json", settings(draft -> draft.embedding = 5));
    assertThatIOException()
        .isThrownBy(() -> EmbeddingModel.ofRun(run))
        .withMessageContaining("the checkpoint is of another network or optimizer: ")
        .withMessageNotContaining("train it again");
  }

  @Test
  void aFullDiskIsNamedAndTheCheckpointBeforeIsIntact() throws Exception {
    Launched.assumeBash();
    Path run = train("run", settings(draft -> draft.steps = 4L));
    byte[] before = latest(run);
    RunFolder.open(run).writeJson("settings.json", settings(draft -> draft.steps = 8L));
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
    resume(run);
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(8);
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Files.createFile(folder.resolve("file"));
    assertThatIOException()
        .isThrownBy(() -> train("file/run", settings()))
        .withMessageContaining("file");
  }

  @Test
  void trainingEndsEarlyWithoutABetterScore() throws IOException {
    // With a rate of nothing the score cannot become better than at the first evaluation.
    Path run =
        train(
            "run",
            settings(
                draft -> {
                  draft.learningRate = 0.0;
                  draft.batchNorm = BatchNormalization.FROZEN;
                  draft.earlyStop = 2;
                }));
    assertThat(Checkpoints.of(RunFolder.open(run)).latestStep()).isEqualTo(12);
    assertThat(Checkpoints.of(RunFolder.open(run)).bestStep()).isEqualTo(4);
  }

  /** A full disk while TensorBoard's events are written; a kill in that moment leaves the same. */
  @Test
  void anEvaluationThatNotAllWereToldOfIsToldAgainAndHasOneRow() throws IOException {
    TrainingSettings settings =
        settings(
            draft -> {
              draft.steps = 4L;
              draft.evalEvery = 2L;
              draft.earlyStop = 100;
            });
    Map<String, String> whole = metrics(train("whole", settings));
    for (boolean late : List.of(false, true)) {
      Path path = folder.resolve("late " + late);
      TrainingListener full =
          new TrainingListener() {
            @Override
            public void evaluated(TrainingRun run, StepEvaluation evaluation) throws IOException {
              fail(!late && evaluation.step() == 2);
            }

            @Override
            public void step(TrainingRun run, StepMetrics row) throws IOException {
              fail(late && row.step() == 2);
            }

            private void fail(boolean now) throws IOException {
              if (now) {
                throw new IOException("no space");
              }
            }
          };
      Trainer trainer = new Trainer(settings, settings.openData()).withListener(full);
      assertThatIOException().isThrownBy(() -> trainer.run(path)).withMessage("no space");
      resume(path);
      assertThat(metrics(path)).isEqualTo(whole);
      assertThat(Files.readAllLines(path.resolve("metrics.csv"))).hasSize(5);
    }
  }

  @Test
  void aRunThatIsResumedWithOtherSettingsNamesThem() throws IOException {
    Path run = train("run", settings(draft -> draft.steps = 2L));
    TrainingSettings more = settings(draft -> draft.steps = 3L).with(draft -> draft.seed = 5L);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Trainer(more, more.openData()).resume(RunFolder.open(run)))
        .withMessageContaining("steps 2, not 3; ")
        .withMessageContaining(", not 5); ")
        .withMessageContaining("changeSteps");
  }

  @Test
  void theRowOfAStepThatWasKilledAfterItsCheckpointIsNotLost() throws IOException {
    TrainingSettings settings = settings(draft -> draft.steps = 4L);
    Map<String, String> whole = metrics(train("whole", settings));
    Path run = folder.resolve("run");
    Trainer trainer = new Trainer(settings, settings.openData());
    trainer.withListener(new StopAt(trainer, 3));
    assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> trainer.run(run));
    List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
    Files.write(run.resolve("metrics.csv"), lines.subList(0, 3)); // up to step 2
    resume(run);
    assertThat(metrics(run)).isEqualTo(whole);
  }

  /** Only the lengths of files are looked at: a warning, as the same pictures may be saved anew. */
  @Test
  void picturesOfOtherLengthsAreRemarkedWhenARunGoesOn() throws IOException {
    String own = Pictures.write(folder.resolve("own"), 8, 6, 18);
    TrainingSettings settings =
        settings(
            draft -> {
              draft.data = own;
              draft.steps = 2L;
            });
    Path run = train("run", settings);
    List<String> heard = warnings(RunFolder.class, () -> resume(run));
    assertThat(heard).isEmpty();
    Files.write(settings.openData().train().files().get(0), new byte[1], StandardOpenOption.APPEND);
    heard = warnings(RunFolder.class, () -> resume(run));
    assertThat(heard).hasSize(1).first(STRING).contains("longer or shorter");
  }

  @Test
  void metricsThatAFullDiskLeftEmptyAreGivenTheirHeading() throws IOException {
    TrainingSettings settings = settings(draft -> draft.steps = 6L);
    Path run = folder.resolve("run");
    Trainer trainer = new Trainer(settings, settings.openData());
    trainer.withListener(new StopAt(trainer, 4));
    assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> trainer.run(run));
    Files.writeString(run.resolve("metrics.csv"), "st");
    resume(run);
    assertThat(metrics(run)).containsOnlyKeys("step", "4", "5", "6");
  }

  @Test
  void aRunThatIsFinishedBeforeItsFirstStepScoresTheUntrainedNetwork() throws IOException {
    TrainingSettings settings = settings();
    TrainingResult result =
        new Trainer(settings, settings.openData())
            .withListener(
                new TrainingListener() {
                  @Override
                  public void started(TrainingRun run) {
                    run.finish();
                  }
                })
            .withListener(failing())
            .run(folder.resolve("run"));
    assertThat(result.checkpoint()).isZero();
  }

  /** As where each held-out class has one picture. */
  @Test
  void withoutAnyRecallTheHighestNmiChooses() throws IOException {
    RunFolder run = RunFolder.create(folder.resolve("run"), settings());
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      tf.variable(tf.constant(1f));
      session.initialize();
      Checkpoints checkpoints = Checkpoints.of(run);
      double[] nmi = {0.5, 0.7, 0.6};
      for (int i = 0; i < nmi.length; i++) {
        checkpoints.write(session, i + 1, null);
        checkpoints.scored(Double.NaN, nmi[i]);
        checkpoints.evaluated();
        checkpoints = Checkpoints.of(run);
      }
      assertThat(checkpoints.bestStep()).isEqualTo(2);
      assertThat(checkpoints.evaluatedStep()).isEqualTo(3);
    }
  }

  @Test
  void aRunIsStoppedWhileItComputesFeaturesAndGoesOnAfterThem() throws IOException {
    Path model = backbone();
    String many = Pictures.write(folder.resolve("many"), 4, 150, 18); // 300 train
    TrainingSettings settings =
        frozen(
            model,
            draft -> {
              draft.data = many;
              draft.frozenFeatures = true;
              draft.classesPerBatch = 2;
              draft.steps = 1L;
            });
    Path whole = train("whole", settings);
    Path run = folder.resolve("run");
    Trainer trainer = new Trainer(settings, settings.openData());
    trainer.stop();
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> trainer.run(run))
        .withMessage("stopped after the features of 256 of 300 images");
    assertThat(kept(run)).isEmpty();
    resume(run);
    assertThat(kept(run)).hasSameSizeAs(kept(whole));
    for (Path file : kept(whole)) {
      assertThat(run.resolve(file.getFileName())).hasSameBinaryContentAs(file);
    }
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
    }
  }

  @Test
  void aLossThatCanDoNothingWithSuchBatchesIsRefusedHoweverTheyAreFed() throws IOException {
    Path model = backbone();
    Consumer<SettingsDraft> spectral =
        draft -> {
          draft.loss = "spectral_clustering";
          draft.embedding = 12;
          draft.batchNorm = BatchNormalization.FROZEN;
        };
    for (TrainingSettings settings :
        List.of(
            settings(spectral),
            settings(spectral.andThen(draft -> draft.chunk = 4)),
            frozen(model, spectral.andThen(draft -> draft.frozenFeatures = true)))) {
      assertThatExceptionOfType(BatchTooSmallException.class)
          .isThrownBy(() -> train("run", settings))
          .withMessageContaining("12 embeddings of length 12");
    }
  }

  @Test
  void keptFeaturesTrainTheHeadAloneAndAreReadAgain() throws IOException {
    Path model = backbone();
    Path features = train("features", frozen(model, draft -> draft.frozenFeatures = true));
    Path images = train("images", frozen(model, draft -> draft.freezeBackbone = true));
    String[] one = metrics(features).get("8").split(",", -1);
    String[] other = metrics(images).get("8").split(",", -1);
    assertThat(Double.parseDouble(one[0])).isCloseTo(Double.parseDouble(other[0]), within(1e-3));
    assertThat(Double.parseDouble(one[7])).isPositive(); // Recall@1
    List<Path> kept = kept(features);
    assertThat(kept).hasSize(2);
    assertThat(kept(images)).isEmpty();

    // The same run again reads what was kept; after a picture has changed it computes it anew.
    byte[] before = Files.readAllBytes(kept.get(0));
    Files.delete(features.resolve("checkpoint.json"));
    resume(features);
    assertThat(kept(features)).isEqualTo(kept);
    Path picture = DataSets.open(data).train().files().get(0);
    Files.setLastModifiedTime(picture, FileTime.fromMillis(1_000_000_000_000L));
    Files.delete(features.resolve("checkpoint.json"));
    resume(features);
    assertThat(kept(features)).hasSize(3).containsAll(kept);
    assertThat(Files.readAllBytes(kept.get(0))).isEqualTo(before);
  }

  @Test
  void aListenerIsGivenWhatTheResultWasScoredOn() throws IOException {
    Path model = backbone();
    for (TrainingSettings settings :
        List.of(settings(), frozen(model, draft -> draft.frozenFeatures = true))) {
      Path path = folder.resolve(settings.network().model().replaceAll("\\W", ""));
      List<float[]> scored = new ArrayList<>();
      new Trainer(settings, settings.openData())
          .withListener(
              new TrainingListener() {
                @Override
                public void started(TrainingRun run) {
                  assertThat(run.testEmbeddings()).isNull();
                }

                @Override
                public void ended(TrainingRun run, TrainingResult result) {
                  scored.add(run.testEmbeddings());
                }
              })
          .run(path);
      try (EmbeddingModel trained = EmbeddingModel.ofRun(path)) {
        assertThat(scored.get(0))
            .containsExactly(trained.embed(settings.openData().test()).floats(), within(1e-4f));
      }
    }
  }

  /** A SavedModel of the ConvNet with its first weights. */
  private Path backbone() throws IOException {
    Path model = folder.resolve("model");
    try (BackboneGraph backbone = new BackboneGraph(new ConvNet(), 16, 1)) {
      backbone.write(model);
    }
    return model;
  }

  private static TrainingSettings frozen(Path model, Consumer<SettingsDraft> how)
      throws IOException {
    return settings(
        draft -> {
          draft.model = "savedmodel:" + model;
          draft.resize = 16;
          draft.mirror = false;
          draft.steps = 8L;
          how.accept(draft);
        });
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
    Consumer<SettingsDraft> frozen =
        draft -> {
          draft.batchNorm = BatchNormalization.FROZEN;
          draft.steps = 4L;
        };
    Map<String, String> whole = metrics(train("whole", settings(frozen)));
    Map<String, String> chunks =
        metrics(train("chunks", settings(frozen.andThen(draft -> draft.chunk = 4))));
    for (String step : List.of("1", "2", "3", "4")) {
      assertThat(Double.parseDouble(chunks.get(step).split(",", -1)[0]))
          .isCloseTo(Double.parseDouble(whole.get(step).split(",", -1)[0]), within(1e-4));
    }
  }

  /** Network, loss, optimizer and listener that Medoid does not know. */
  private static Trainer own(TrainingSettings settings, Optimizer optimizer, long stopAfter)
      throws IOException {
    Trainer trainer = new Trainer(settings, settings.openData());
    return trainer
        .withNetwork(new Stripes())
        .withLoss(
            (layers, labels, embeddings, gamma) ->
                new BatchLoss(
                    layers
                        .tf()
                        .math
                        .mul(gamma, NPairs.defaults().call(layers.tf(), labels, embeddings)),
                    Map.of()))
        .withOptimizer(optimizer)
        .withListener(new StopAt(trainer, stopAfter));
  }

  private static final class Stripes implements Network {
    @Override
    public String name() {
      return "stripes";
    }

    @Override
    public int defaultImageSize() {
      return 16;
    }

    @Override
    public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
      return layers.scope(
          "Stripes", () -> layers.globalMean(layers.convBatchNormRelu("Only", images, 8, 5, 2)));
    }
  }

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        AdamW.defaults().withWeightDecay(0.01f),
        new FrameworkOptimizer(graph -> new Adam(graph, 1f)),
        new FrameworkOptimizer(graph -> new Momentum(graph, 1f, 0.9f)));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void ownPartsTrainWithoutAForkAndResumeToTheSameBits(Optimizer optimizer) throws IOException {
    TrainingSettings settings =
        settings(
            draft -> {
              draft.model = "own:stripes";
              draft.loss = "own:n_pairs";
              draft.optimizer = "own:some";
              draft.steps = 8L;
            });
    Path whole = folder.resolve("whole");
    own(settings, optimizer, 0).run(whole);
    Path stopped = folder.resolve("stopped");
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> own(settings, optimizer, 2).run(stopped));
    RunFolder run = RunFolder.open(stopped);
    assertThat(Checkpoints.of(run).latestStep()).isEqualTo(2);
    own(run.settings(), optimizer, 0).resume(run);
    assertThat(latest(stopped)).isEqualTo(latest(whole));
    assertThat(metrics(stopped)).isEqualTo(metrics(whole));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resume(stopped))
        .withMessageContaining("model own:stripes: is known only to the program");
    List<Path> files = settings.openData().test().files().subList(0, 2);
    try (EmbeddingModel model = EmbeddingModel.ofRun(whole, new Stripes())) {
      assertThat(model.embedFiles(files).rows()).isEqualTo(2);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EmbeddingModel.ofRun(whole))
        .withMessageContaining("model own:stripes: is known only to the program");
  }

  private void refusesLoss(BatchLoss.Builder loss, String complaint) throws IOException {
    TrainingSettings settings = settings(draft -> draft.loss = "own:some");
    assertThatThrownBy(
            () ->
                new Trainer(settings, settings.openData())
                    .withLoss(loss)
                    .run(folder.resolve("refused")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void mistakesOfAnOwnLossAreNamed() throws IOException {
    refusesLoss(
        (layers, labels, x, gamma) ->
            new BatchLoss(layers.tf().sum(x, layers.tf().constant(1)), Map.of()),
        "the loss has shape [12], not []");
    refusesLoss(
        (layers, labels, x, gamma) -> new BatchLoss(gamma, Map.of("some", x)),
        "the score some has shape [12, 4], not []");
    refusesLoss(
        (layers, labels, x, gamma) ->
            new BatchLoss(
                NPairs.defaults().call(layers.tf(), labels, layers.tf().stopGradient(x)), Map.of()),
        "no gradient of the loss reaches the embeddings");
    refusesLoss(
        (layers, labels, x, gamma) -> new BatchLoss(gamma, Map.of()),
        "the loss does not depend on the embeddings");
    refusesLoss((layers, labels, x, gamma) -> null, "the loss builder gives no loss");
    refusesLoss(
        (layers, labels, x, gamma) ->
            new BatchLoss(
                NPairs.defaults().call(layers.tf(), labels, x),
                Map.of("loss", gamma, "mean_distance", gamma)),
        "the loss has scores of the names [loss, mean_distance]");
  }

  @Test
  void aFinishedRunKeepsItsResultWhenItIsResumed() throws IOException {
    Path finished = folder.resolve("finished");
    train(finished.getFileName().toString(), settings(draft -> draft.steps = 2L));
    Path result = finished.resolve("result.json");
    String more = Files.readString(result).replaceFirst("\\{", "{\"beside\": 1,");
    Files.writeString(result, more);
    resume(finished);
    assertThat(result).hasContent(more);
  }

  /** As another process does that trains: the checkpoint that is being read is replaced. */
  @Test
  void aCheckpointThatIsReplacedWhileItIsReadIsReadAnew() throws IOException {
    RunFolder run = RunFolder.open(train("replaced", settings(draft -> draft.steps = 2L)));
    Path state = run.path().resolve(Checkpoints.STATE);
    String now = Files.readString(state);
    Files.writeString(state, now.replaceFirst("\"best_step\" ?: ?\\d+", "\"best_step\" : 99"));
    Files.createFile(run.path().resolve("checkpoints").resolve("step-00000099.index"));
    List<Path> read = new ArrayList<>();
    Path best =
        Checkpoints.readingBest(
            run,
            prefix -> {
              read.add(prefix);
              if (read.size() == 1) {
                try {
                  Files.writeString(state, now);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                throw new TFOutOfRangeException("half of it");
              }
              return prefix;
            });
    assertThat(read).hasSize(2).last().isEqualTo(best);
    assertThat(best).isEqualTo(Checkpoints.of(run).best());
  }

  @Test
  void everyListenerIsClosedAndNoneHidesWhyTheRunFailed() throws IOException {
    List<String> closed = new ArrayList<>();
    TrainingSettings settings = settings(draft -> {});
    Trainer trainer = new Trainer(settings, settings.openData());
    for (String name : List.of("a", "b")) {
      trainer.withListener(
          new TrainingListener() {
            @Override
            public void step(TrainingRun run, StepMetrics row) {
              throw new IllegalStateException("the step of " + name);
            }

            @Override
            public void closed() throws IOException {
              closed.add(name);
              throw new IOException("the end of " + name);
            }
          });
    }
    assertThatThrownBy(() -> trainer.run(folder.resolve("run")))
        .hasMessage("the step of a")
        .satisfies(
            e -> assertThat(e.getSuppressed()[0]).hasMessage("the end of b"),
            e -> assertThat(e.getSuppressed()[0].getSuppressed()[0]).hasMessage("the end of a"));
    assertThat(closed).containsExactly("b", "a");
  }

  @Test
  void medoidsOwnPartsAreNotReplacedUnderTheirNames() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Trainer(settings(), settings().openData()).withNetwork(new Stripes()))
        .withMessageContaining("model convnet: is one of Medoid's");
  }

  @Test
  void heldOutClassesChooseTheCheckpointThatIsScored() throws IOException {
    String many = Pictures.write(folder.resolve("many"), 24, 6, 18);
    TrainingSettings settings =
        settings(
            draft -> {
              draft.data = many;
              draft.chooseOn = null;
            });
    List<StepEvaluation> evaluations = new ArrayList<>();
    TrainingResult result =
        new Trainer(settings, settings.openData())
            .withListener(
                new TrainingListener() {
                  @Override
                  public void evaluated(TrainingRun run, StepEvaluation evaluation) {
                    evaluations.add(evaluation);
                  }
                })
            .run(folder.resolve("run"));
    assertThat(result.chosenOn()).isEqualTo(Choice.VALIDATION);
    assertThat(evaluations).hasSize(6);
    // 12 classes train, a fifth of them is 2.
    assertThat(evaluations.get(0).images().classNames()).hasSize(2);
    assertThat(settings.openData().train().classNames())
        .containsAll(evaluations.get(0).images().classNames());
    double best =
        evaluations.stream().mapToDouble(e -> e.scores().recallAt().get(1)).max().orElseThrow();
    assertThat(evaluations)
        .filteredOn(e -> e.step() == result.checkpoint())
        .first()
        .satisfies(e -> assertThat(e.scores().recallAt().get(1)).isEqualTo(best));
    RunFolder run = RunFolder.open(folder.resolve("run"));
    assertThat(Checkpoints.of(run).bestStep()).isEqualTo(result.checkpoint());
    assertThat(run.result()).contains(result);
  }

  @Test
  void tooFewClassesToHoldOutLeaveTheLastCheckpoint() throws IOException {
    TrainingSettings settings =
        settings(
            draft -> {
              draft.chooseOn = null;
              draft.steps = 6L;
            });
    TrainingResult result = new Trainer(settings, settings.openData()).run(folder.resolve("run"));
    assertThat(result.chosenOn()).isEqualTo(Choice.LAST);
    assertThat(result.checkpoint()).isEqualTo(6);
  }

  @Test
  void aRunThatFailedBeforeItsFirstCheckpointDoesNotStandInTheWay() throws IOException {
    Path run = RunFolder.create(folder.resolve("run"), settings()).path();
    TrainingSettings corrected = settings(draft -> draft.steps = 2L);
    new Trainer(corrected, corrected.openData()).run(run);
    assertThat(RunFolder.open(run).settings()).isEqualTo(corrected);
    assertThatIOException()
        .isThrownBy(() -> new Trainer(corrected, corrected.openData()).run(run))
        .withMessageContaining("is not empty");
  }

  @Test
  void theFolderOfAnotherProgramIsNoRunThatFailed() throws IOException {
    Path other = Files.createDirectories(folder.resolve("other/checkpoints"));
    Path settings = Files.writeString(other.resolveSibling("settings.json"), "{\"theirs\": 1}");
    Path model = Files.writeString(other.resolve("model.pt"), "theirs");
    assertThatIOException()
        .isThrownBy(() -> train("other", settings(draft -> draft.steps = 2L)))
        .withMessageContaining("is not empty");
    assertThat(settings).hasContent("{\"theirs\": 1}");
    RunFolder run = RunFolder.create(folder.resolve("run"), settings());
    Files.writeString(run.path().resolve("notes.txt"), "mine");
    assertThatIOException()
        .isThrownBy(() -> train("run", settings(draft -> draft.steps = 2L)))
        .withMessageContaining("is not empty");
    Files.delete(run.path().resolve("notes.txt"));
    Path own = Files.createDirectories(run.path().resolve("checkpoints")).resolve("model.pt");
    Files.copy(model, own);
    train("run", settings(draft -> draft.steps = 2L));
    assertThat(own).hasContent("theirs");
  }

  @Test
  void aRunGoesOnWithThePicturesItBeganWithAlone() throws IOException {
    Path pictures = folder.resolve("changing");
    Pictures.write(pictures, 8, 6, 18);
    TrainingSettings settings =
        settings(
            draft -> {
              draft.data = "folder:" + pictures;
              draft.steps = 2L;
            });
    train("run", settings);
    Path more = Files.createDirectories(pictures.resolve("a first class"));
    for (String name : List.of("0.png", "1.png")) {
      Files.copy(pictures.resolve("classa").resolve(name), more.resolve(name));
    }
    RunFolder run = RunFolder.open(folder.resolve("run"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Trainer(settings, settings.openData()).resume(run))
        .withMessageContaining("to train on 26 images of 5 classes, before 24 images of 4 classes")
        .withMessageContaining("put them back");
    Files.move(more, folder.resolve("gone"));
    assertThat(new Trainer(settings, settings.openData()).resume(run).checkpoint()).isEqualTo(2);
    Files.move(pictures.resolve("classa/0.png"), pictures.resolve("classa/7.png"));
    assertThat(run.changeOf(settings.openData()))
        .hasValueSatisfying(how -> assertThat(how).contains("other images to train on"));
  }

  @Test
  void aRunGoesOnWithoutTheFileOfItsFirstWeights() throws IOException {
    TrainingSettings plain = settings(draft -> draft.steps = 2L);
    train("first", plain);
    Path weights = Files.createDirectories(folder.resolve("weights"));
    Path prefix = Checkpoints.of(RunFolder.open(folder.resolve("first"))).latest();
    for (String end : List.of(".index", ".data-00000-of-00001")) {
      Files.copy(Path.of(prefix + end), weights.resolve("w" + end));
    }
    TrainingSettings told =
        settings(
            draft -> {
              draft.steps = 2L;
              draft.weights = weights.resolve("w").toString();
            });
    train("run", told);
    Files.delete(weights.resolve("w.index"));
    RunFolder run = RunFolder.open(folder.resolve("run"));
    assertThat(new Trainer(told, told.openData()).resume(run).checkpoint()).isEqualTo(2);
  }

  @Test
  void aBatchThatLeavesTooLittleToHoldOutIsTheReasonThatIsTold() throws IOException {
    TrainingSettings settings =
        settings(
            draft -> {
              draft.chooseOn = null;
              draft.validationClasses = 0.5;
              draft.classesPerBatch = 3;
              draft.steps = 2L;
            });
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> new Trainer(settings, settings.openData()).asTrial())
        .withMessageContaining("validation_classes 0.5: ")
        .withMessageContaining("without which a batch can be drawn");
    TrainingSettings last = settings.with(draft -> draft.chooseOn = Choice.LAST);
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> new Trainer(last, last.openData()).asTrial())
        .withMessageStartingWith("choose_on last: ");
    assertThat(warnings(TrainingData.class, () -> new Trainer(settings, settings.openData())))
        .singleElement(STRING)
        .contains("the others are too few for the batch (a batch of 3 classes: ", "only 2 classes");
  }

  @Test
  void weightsThatAreNoneLeaveNoFolder() throws IOException {
    TrainingSettings settings =
        settings(draft -> draft.weights = folder.resolve("nothing.ckpt").toString());
    assertThatIOException()
        .isThrownBy(() -> train("run", settings))
        .withMessageContaining("nothing.ckpt");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  static Stream<Consumer<SettingsDraft>> changes() {
    return Stream.of(
        draft -> draft.mirror = false,
        draft -> draft.crop = Crop.RANDOM_RESIZED,
        draft -> draft.clipNorm = 0.01,
        draft -> draft.weightDecay = 0.1,
        draft -> draft.backboneRateMultiplier = 0.5,
        draft -> draft.warmUp = 1L,
        draft -> draft.optimizer = "adamw",
        draft -> draft.loss = "n_pairs",
        draft -> draft.margin = Margin.ARI,
        draft -> draft.distance = Distance.COSINE,
        draft -> draft.gamma = 1000.0);
  }

  @ParameterizedTest
  @MethodSource("changes")
  void aSettingChangesWhatIsLearnt(Consumer<SettingsDraft> change) throws IOException {
    Consumer<SettingsDraft> two = draft -> draft.steps = 2L;
    assertThat(latest(train("changed", settings(two.andThen(change)))))
        .isNotEqualTo(latest(train("plain", settings(two))));
  }

  @Test
  void aBackboneWithoutARateKeepsItsWeights() throws IOException {
    Map<Boolean, Map<String, float[]>> weights = new HashMap<>();
    TrainingSettings settings =
        settings(
            draft -> {
              draft.backboneRateMultiplier = 0.0;
              draft.steps = 2L;
            });
    new Trainer(settings, settings.openData())
        .withListener(
            new TrainingListener() {
              @Override
              public void started(TrainingRun run) {
                weights.put(false, run.weights());
              }

              @Override
              public void step(TrainingRun run, StepMetrics row) {
                weights.put(true, run.weights());
              }
            })
        .run(folder.resolve("run"));
    weights
        .get(true)
        .forEach(
            (name, values) -> {
              boolean same = Arrays.equals(values, weights.get(false).get(name));
              assertThat(same).as(name).isEqualTo(!name.startsWith("Embedding"));
            });
  }
}
