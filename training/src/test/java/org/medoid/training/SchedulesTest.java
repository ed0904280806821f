package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;

class SchedulesTest {
  /** 100 images in batches of 10: an epoch of 10 steps. */
  private static Schedules schedules(Consumer<SettingsDraft> change) throws IOException {
    return new Schedules(
        TrainingSettings.of(
            "folder:x",
            "convnet",
            draft -> {
              draft.batch = 10;
              draft.classesPerBatch = 2;
              draft.learningRate = 0.5;
              draft.gamma = 8.0;
              draft.steps = 40L;
              change.accept(draft);
            }),
        100);
  }

  @Test
  void withoutADecayAllStaysAsItIs() throws IOException {
    assertThat(schedules(draft -> {}).at(39)).isEqualTo(schedules(draft -> {}).at(0));
  }

  @Test
  void anExponentialDecayFallsWithEachStepByTheFactorInAnEpochOrWhatIsTold() throws IOException {
    Schedules epoch = schedules(draft -> draft.learningRateDecay = 0.25);
    assertThat(epoch.at(5).learningRate()).isCloseTo(0.25, within(1e-12));
    assertThat(epoch.at(10).learningRate()).isCloseTo(0.125, within(1e-12));
    Schedules told =
        schedules(
            draft -> {
              draft.learningRateDecay = 0.25;
              draft.learningRateDecaySteps = 20L;
            });
    assertThat(told.at(10).learningRate()).isCloseTo(0.25, within(1e-12));
  }

  @Test
  void gammaDecaysByItsOwnFactorAndSteps() throws IOException {
    Schedules decay =
        schedules(
            draft -> {
              draft.gammaDecay = 0.5;
              draft.gammaDecaySteps = 4L;
            });
    assertThat(decay.at(0).marginMultiplier()).isEqualTo(8);
    assertThat(decay.at(8).marginMultiplier()).isCloseTo(2, within(1e-12));
    assertThat(decay.at(8).learningRate()).isEqualTo(0.5);
  }

  @Test
  void stepsFallAtOnce() throws IOException {
    Schedules steps =
        schedules(
            draft -> {
              draft.learningRateSchedule = Fall.STEP;
              draft.learningRateDecay = 0.1;
            });
    assertThat(steps.at(9).learningRate()).isEqualTo(0.5);
    assertThat(steps.at(10).learningRate()).isCloseTo(0.05, within(1e-12));
    assertThat(steps.at(19).learningRate()).isCloseTo(0.05, within(1e-12));
  }

  @Test
  void aCosineGoesFromTheRateToNothing() throws IOException {
    Schedules cosine = schedules(draft -> draft.learningRateSchedule = Fall.COSINE);
    assertThat(cosine.at(0).learningRate()).isEqualTo(0.5);
    assertThat(cosine.at(20).learningRate()).isCloseTo(0.25, within(1e-12));
    assertThat(cosine.at(39).learningRate()).isPositive().isLessThan(0.001);
  }

  @Test
  void theBackboneStandsStillWhileTheHeadWarmsUp() throws IOException {
    Schedules warm =
        schedules(
            draft -> {
              draft.warmUp = 3L;
              draft.backboneRateMultiplier = 0.1;
              draft.proxyRateMultiplier = 7.0;
            });
    assertThat(warm.at(2).backboneFactor()).isZero();
    assertThat(warm.at(3).backboneFactor()).isEqualTo(0.1);
    assertThat(warm.at(0).proxyFactor()).isEqualTo(7);
  }
}
