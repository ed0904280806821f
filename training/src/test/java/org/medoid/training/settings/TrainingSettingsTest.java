package org.medoid.training.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.ops.clustering.Margin;
import org.medoid.training.Pictures;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.settings.ScheduleSettings.Choice;

class TrainingSettingsTest {
  @TempDir private Path folder;

  private static TrainingSettings settings(Consumer<SettingsDraft> change) throws IOException {
    return TrainingSettings.of("folder:x", "convnet", change);
  }

  private static void assertRefused(Consumer<SettingsDraft> change, String setting, String reason) {
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> settings(change))
        .satisfies(e -> assertThat(e.setting()).isEqualTo(setting))
        .withMessageContaining(reason)
        .withMessageNotContaining("--");
  }

  @ParameterizedTest
  @CsvSource({
    "loss,magnet",
    "learning_rate,-1",
    "learning_rate_decay,0",
    "learning_rate_decay,1.5",
    "learning_rate_decay_steps,-1",
    "backbone_rate_multiplier,-0.1",
    "proxy_rate_multiplier,-0.1",
    "warm_up,-1",
    "clip_norm,-1",
    "weight_decay,-1",
    "optimizer,sgd",
    "gamma,-1",
    "gamma_decay,0",
    "gamma_decay_steps,-1",
    "max_sweeps,-1",
    "embedding,0",
    "image_size,0",
    "resize,8",
    "batch,2",
    "classes_per_batch,1",
    "classes_per_batch,128",
    "chunk,-1",
    "chunk,5",
    "steps,-1",
    "eval_every,-1",
    "early_stop,-1",
    "validation_classes,1",
    "validation_classes,-0.1",
    "model,resnet",
    "data,''",
  })
  void aValueOutOfRangeIsRefusedByItsName(String setting, String value) throws IOException {
    Map<String, Object> values = new LinkedHashMap<>(settings(draft -> {}).asMap());
    assertThat(values).containsKey(setting);
    Object before = values.get(setting);
    values.put(
        setting,
        before instanceof Double
            ? (Object) Double.valueOf(value)
            : before instanceof Number ? Long.valueOf(value) : value);
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> TrainingSettings.of(values))
        .satisfies(e -> assertThat(e.setting()).isEqualTo(setting))
        .withMessageStartingWith(setting + " ")
        .withMessageNotContaining("--");
  }

  @Test
  void aBatchThatNobodyToldHoldsTwiceTheClassesAndIsSharedEvenly() throws IOException {
    assertThat(settings(draft -> draft.classesPerBatch = 200).data().batch()).isEqualTo(400);
    assertRefused(
        draft -> {
          draft.batch = 128;
          draft.classesPerBatch = 128;
        },
        "classes_per_batch",
        "less than the batch of 128");
    SettingsDraft draft = new SettingsDraft();
    draft.data = "folder:x";
    draft.model = "convnet";
    draft.validationClasses = 0.0;
    String pictures = Pictures.write(folder, 6, 13, 18);
    DataSplit split = DataSets.open(pictures);
    for (int workers : new int[] {1, 2, 3, 4}) {
      draft.complete(split, workers).data().requireShared(workers);
    }
    assertThat(draft.complete(split, 3).data().batch()).isEqualTo(39);
    assertThat(draft.complete(split, 2).data().batch()).isEqualTo(38);
    draft.chunk = 8;
    draft.batchNorm = BatchNormalization.FROZEN;
    draft.complete(split, 2).data().requireShared(2);
    assertThat(draft.complete(split, 2).data().batch()).isEqualTo(32);
    draft.chunk = Integer.MAX_VALUE;
    assertThatThrownBy(() -> draft.complete(split, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no batch of");
  }

  /** A run is opened from other folders than the one that its command was typed in. */
  @Test
  void aFolderOfPicturesIsKeptByItsAbsolutePath() throws IOException {
    String here = Path.of("").toAbsolutePath().toString();
    assertThat(settings(draft -> draft.data = "folder:x/../my:cars").data().data())
        .isEqualTo("folder:" + here + "/my:cars");
    assertThat(settings(draft -> draft.data = "icons").data().data()).isEqualTo("icons");
  }

  @Test
  void whatIsNotANumberIsRefused() {
    assertRefused(draft -> draft.gamma = Double.NaN, "gamma", "NaN");
    assertRefused(draft -> draft.learningRate = Double.NaN, "learning_rate", "NaN");
    assertRefused(
        draft -> draft.learningRate = Double.POSITIVE_INFINITY, "learning_rate", "Infinity");
    assertRefused(draft -> draft.clipNorm = Double.NaN, "clip_norm", "NaN");
  }

  @Test
  void settingsThatDoNotFitTogetherAreRefused() {
    assertRefused(draft -> draft.chunk = 4, "chunk", "needs frozen batch normalisation");
    assertRefused(
        draft -> {
          draft.chunk = 4;
          draft.frozenFeatures = true;
        },
        "chunk",
        "no image goes through the network");
    assertRefused(
        draft -> {
          draft.freezeBackbone = true;
          draft.frozenFeatures = true;
        },
        "freeze_backbone",
        "leave one out");
    assertRefused(
        draft -> {
          draft.model = "savedmodel:x";
          draft.batchNorm = BatchNormalization.TRAIN;
        },
        "batch_norm",
        "stays frozen");
    assertRefused(
        draft -> {
          draft.model = "savedmodel:x";
          draft.batchNorm = null;
          draft.weights = "y";
        },
        "weights",
        "its own weights");
    assertRefused(
        draft -> {
          draft.earlyStop = 1;
          draft.evalEvery = 0L;
        },
        "early_stop",
        "eval_every");
    assertRefused(
        draft -> {
          draft.earlyStop = 1;
          draft.chooseOn = Choice.LAST;
        },
        "early_stop",
        "choose_on");
  }

  @Test
  void aPretrainedNetworkKeepsItsBatchNormalisation() throws IOException {
    assertThat(settings(draft -> {}).network().batchNorm()).isEqualTo(BatchNormalization.TRAIN);
    SettingsDraft draft = new SettingsDraft();
    draft.data = "icons";
    draft.model = "convnet";
    draft.weights = "some.ckpt";
    assertThat(draft.complete().network().batchNorm()).isEqualTo(BatchNormalization.FROZEN);
    assertThat(Path.of(draft.complete().network().weights())).isAbsolute();
  }

  @Test
  void aRunFolderGivesBackWhatItWasTold() throws IOException {
    TrainingSettings told =
        settings(
            draft -> {
              draft.margin = Margin.V_MEASURE;
              draft.seed = Long.MIN_VALUE;
              draft.gamma = 0.1;
              draft.weights = "a b.ckpt";
            });
    RunFolder.create(folder.resolve("run"), told);
    assertThat(RunFolder.open(folder.resolve("run")).settings()).isEqualTo(told);
    assertThat(folder.resolve("run").resolve("settings.json"))
        .content()
        .contains("\"margin\" : \"v_measure\"", "\"batch_norm\" : \"frozen\"");
  }

  private static final String OLD =
      """
      {"data": "icons", "model": "convnet", "image_size": 40, "resize": 50, "mirror": true,
       "skip_broken": false, "embedding": 32, "loss": "facility_location", "gamma": 10.0,
       "gamma_decay": 1.0, "gamma_decay_steps": 0, "margin": "nmi", "local_search": "exact",
       "max_sweeps": 0, "start": "greedy", "distance": "euclidean", "batch": 128,
       "classes_per_batch": 32, "chunk": 0, "weights": null, "freeze_backbone": false,
       "frozen_features": false, "batch_norm": "train", "learning_rate": 0.001,
       "learning_rate_decay": 1.0, "learning_rate_decay_steps": 0, "backbone_rate_multiplier": 1.0,
       "clip_norm": 0.0, "weight_decay": 0.0, "steps": 400, "eval_every": 66, "early_stop": 0,
       "seed": 1}
      """;

  private TrainingSettings read(String json) throws IOException {
    Files.createDirectories(folder.resolve("old"));
    Files.writeString(folder.resolve("old").resolve("settings.json"), json);
    return RunFolder.open(folder.resolve("old")).settings();
  }

  @Test
  void theRunOfAnEarlierVersionGoesOnAsItDid() throws IOException {
    TrainingSettings old = read(OLD);
    assertThat(old.network().embedding()).isEqualTo(32);
    assertThat(old.data().mirror()).isTrue();
    assertThat(old.schedule().chooseOn()).isEqualTo(Choice.TEST);
    assertThat(old.schedule().validationClasses()).isZero();
    assertThat(old.optimizer().optimizer()).isEqualTo("rmsprop");
    assertThat(old.optimizer().proxyRateMultiplier()).isEqualTo(10);
  }

  @ParameterizedTest
  @CsvSource({
    "backbone_rate_multiplier,1.0",
    "learning_rate,0.001",
    "gamma,1.0",
    "gamma_decay,0.94",
    "embedding,64",
    "steps,500",
    "classes_per_batch,32",
    "image_size,40",
    "margin,nmi",
    "batch_norm,train",
  })
  void aMissingSettingTakesItsDefaultAndNeverZero(String setting, String expected)
      throws IOException {
    String without = OLD.replaceFirst("\"" + setting + "\": [^,]*,", "");
    assertThat(without).isNotEqualTo(OLD);
    assertThat(read(without).asMap().get(setting)).hasToString(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "'\"batch\": 128','\"batch\": \"many\"',batch",
    "'\"batch\": 128','\"batch\": 12.5',batch",
    "'\"batch\": 128','\"batch\": [1]',batch",
    "'\"seed\": 1','\"sede\": 1',sede",
    "'\"margin\": \"nmi\"','\"margin\": \"nim\"',margin",
    "'\"margin\": \"nmi\"','\"margin\": 2',margin",
    "'\"model\": \"convnet\"','\"model\": null',model",
    "'\"gamma\": 10.0','\"gamma\": -10.0',gamma",
    "'\"steps\": 400','\"steps\": 99999999999999999999',steps",
  })
  void aDamagedSettingIsNamedWithItsFile(String before, String after, String named) {
    assertThat(OLD).contains(before);
    assertThatThrownBy(() -> read(OLD.replace(before, after)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("settings.json: " + named + " ")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void aDataSetThatNobodyTypedIsNamedWithItsFile() throws IOException {
    read(OLD.replace("icons", "folde:pictures"));
    RunFolder run = RunFolder.open(folder.resolve("old"));
    assertThatThrownBy(run::openData)
        .hasMessageStartingWith(
            run.path().resolve("settings.json") + ": data set 'folde:pictures': ");
  }
}
