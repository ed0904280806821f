package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.SettingsDraft;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class TrainingOptionsTest {
  private static Map<String, Object> settings(String... words) throws IOException {
    TrainingOptions options = new TrainingOptions();
    CommandLine line = new CommandLine(options);
    line.registerConverter(Margin.class, Margin::of);
    line.registerConverter(LocalSearch.class, LocalSearch::of);
    line.registerConverter(Distance.class, Distance::of);
    line.registerConverter(Start.class, Start::of);
    ConstantWords.register(line);
    line.parseArgs(words);
    SettingsDraft draft = options.draft();
    draft.data = Objects.requireNonNullElse(draft.data, "icons");
    draft.model = Objects.requireNonNullElse(draft.model, "convnet");
    return draft.complete().asMap();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "--data folder:/x data folder:/x",
        "--skip-broken true skip_broken true",
        "--image-size 32 image_size,resize 32",
        "--resize 60 resize 60",
        "--crop random_resized crop random_resized",
        "--mirror true mirror true",
        "--batch 64 batch,classes_per_batch,gamma 64",
        "--classes-per-batch 16 classes_per_batch 16",
        "--model inception_v2 model,image_size,resize inception_v2",
        "--embedding 8 embedding 8",
        "--freeze-backbone true freeze_backbone true",
        "--frozen-features true frozen_features true",
        "--batch-norm frozen batch_norm frozen",
        "--loss n_pairs loss n_pairs",
        "--gamma 3 gamma 3.0",
        "--gamma-decay 0.5 gamma_decay 0.5",
        "--gamma-decay-steps 7 gamma_decay_steps 7",
        "--margin ari margin ari",
        "--local-search swap local_search swap",
        "--max-sweeps 2 max_sweeps 2",
        "--start random start random",
        "--distance cosine distance cosine",
        "--optimizer adamw optimizer,weight_decay adamw",
        "--learning-rate 0.5 learning_rate 0.5",
        "--learning-rate-schedule cosine learning_rate_schedule cosine",
        "--learning-rate-decay 0.5 learning_rate_decay 0.5",
        "--learning-rate-decay-steps 9 learning_rate_decay_steps 9",
        "--warm-up 3 warm_up 3",
        "--backbone-rate-multiplier 0.5 backbone_rate_multiplier 0.5",
        "--proxy-rate-multiplier 2 proxy_rate_multiplier 2.0",
        "--clip-norm 4 clip_norm 4.0",
        "--weight-decay 0.25 weight_decay 0.25",
        "--precision bf16 precision bf16",
        "--steps 12 steps 12",
        "--eval-every 4 eval_every 4",
        "--early-stop 3 early_stop 3",
        "--validation-classes 0.5 validation_classes 0.5",
        "--choose-on test choose_on,validation_classes test",
        "--seed 5 seed 5",
      })
  void anOptionChangesItsSettingAndWhatFollowsFromIt(
      String option, String value, String changed, String expected) throws IOException {
    Map<String, Object> before = settings();
    Map<String, Object> after =
        expected.equals("true") ? settings(option) : settings(option, value);
    TreeSet<String> different = new TreeSet<>(before.keySet());
    different.removeIf(name -> Objects.equals(before.get(name), after.get(name)));
    assertThat(different).containsExactlyInAnyOrder(changed.split(",", -1));
    assertThat(after.get(changed.split(",", 2)[0])).hasToString(expected);
  }

  @Test
  void theMainParameterIsOfALossThatHasOne() throws IOException {
    assertThat(settings("--loss", "n_pairs", "--loss-parameter", "8"))
        .containsEntry("loss_parameter", 8.0);
    assertThat(settings("--loss", "n_pairs")).containsEntry("loss_parameter", null);
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> settings("--loss-parameter", "8"))
        .withMessage(
            "loss_parameter 8.0: facility_location has none but its margin multiplier, gamma");
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> settings("--loss", "deep_clustering", "--loss-parameter", "8"))
        .withMessageContaining("deep_clustering has none to set");
    for (String wrong : List.of("0", "-1", "NaN", "Infinity")) {
      assertThatExceptionOfType(SettingException.class)
          .isThrownBy(() -> settings("--loss", "n_pairs", "--loss-parameter", wrong))
          .withMessageContaining("must be above 0");
    }
  }

  @Test
  void howItPoolsIsForInceptionAlone() throws IOException {
    assertThat(settings("--model", "inception_v2", "--pool", "average_max"))
        .containsEntry("pool", "average_max");
    assertThat(settings("--model", "inception_v2")).containsEntry("pool", null);
    for (String other : List.of("convnet", "savedmodel:x")) {
      assertThatExceptionOfType(SettingException.class)
          .isThrownBy(() -> settings("--model", other, "--image-size", "32", "--pool", "average"))
          .withMessage("pool average: is for inception_v2; leave it out");
    }
  }

  @Test
  void aChunkNeedsFrozenBatchNormalisation() throws IOException {
    assertThat(settings("--chunk", "32", "--batch-norm", "frozen").get("chunk")).isEqualTo(32);
  }

  @Test
  void pretrainedNetworksAreTunedAndOthersTrained() throws IOException {
    Map<String, Object> tuned = settings("--weights", "some.ckpt", "--steps", "150");
    assertThat(tuned)
        .containsEntry("learning_rate", 0.0003)
        .containsEntry("backbone_rate_multiplier", 0.1)
        .containsEntry("warm_up", 30L)
        .containsEntry("batch_norm", "frozen");
    assertThat(settings())
        .containsEntry("learning_rate", 0.001)
        .containsEntry("backbone_rate_multiplier", 1.0)
        .containsEntry("warm_up", 0L)
        .containsEntry("batch_norm", "train")
        .containsEntry("gamma", 32.0)
        .containsEntry("gamma_decay", 1.0);
  }

  @Test
  void whatIsTakenOfASavedModelIsForSavedModels() throws IOException {
    Map<String, Object> taken =
        settings(
            "--model",
            "savedmodel:x",
            "--image-size",
            "32",
            "--signature",
            "s",
            "--output",
            "o",
            "--range",
            "0,255");
    assertThat(taken)
        .containsEntry("signature", "s")
        .containsEntry("output", "o")
        .containsEntry("range", "0,255");
    for (List<String> words :
        List.of(
            List.of("--signature", "s"), List.of("--output", "o"), List.of("--range", "0,255"))) {
      assertThatExceptionOfType(ParameterException.class)
          .isThrownBy(
              () ->
                  TrainingOptions.checked(
                      new CommandLine(new TrainingOptions()).getCommandSpec(),
                      () -> settings(words.toArray(String[]::new))))
          .withMessageStartingWith(words.get(0) + " " + words.get(1) + ": is for a SavedModel");
    }
  }

  @Test
  void aWordThatIsNoneListsTheWords() {
    assertThatExceptionOfType(ParameterException.class)
        .isThrownBy(() -> settings("--choose-on", "luck"))
        .withMessageContaining("'luck' is none of validation, test, last");
  }
}
