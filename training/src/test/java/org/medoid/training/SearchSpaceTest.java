package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.medoid.graph.loss.Losses;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.TrainingSettings;

class SearchSpaceTest {
  private static TrainingSettings told(double rate, long seed) throws IOException {
    return TrainingSettings.of(
        "icons",
        "convnet",
        draft -> {
          draft.batch = 64;
          draft.gamma = 10.0;
          draft.learningRate = rate;
          draft.seed = seed;
        });
  }

  @Test
  void theFirstTrialIsWhatWasToldAndTheDefault() throws IOException {
    for (String loss : Losses.names()) {
      SearchSpace.Candidate first = SearchSpace.of(loss, told(0.002, 1)).at(0);
      assertThat(first.learningRate()).isEqualTo(0.002);
      assertThat(first.parameter())
          .isEqualTo(
              loss.equals("facility_location")
                  ? Double.valueOf(10)
                  : Losses.parameter(loss).map(Losses.Parameter::value).orElse(null));
    }
  }

  @Test
  void trialsStayInTheirRangesAndFillThem() throws IOException {
    for (String loss : Losses.names()) {
      SearchSpace space = SearchSpace.of(loss, told(0.002, 5));
      Set<Integer> rates = new HashSet<>();
      Set<Integer> parameters = new HashSet<>();
      for (int trial = 1; trial <= 16; trial++) {
        SearchSpace.Candidate each = space.at(trial);
        assertThat(each.learningRate()).isBetween(0.0002, 0.02);
        rates.add((int) (4 * Math.log(each.learningRate() / 0.000199) / Math.log(101)));
        if (space.parameter() != null) {
          double low = space.parameter().lowest();
          double high = space.parameter().highest();
          assertThat(each.parameter()).isBetween(low, high);
          parameters.add((int) (3.99 * Math.log(each.parameter() / low) / Math.log(high / low)));
        }
      }
      assertThat(rates).as(loss).hasSize(4);
      assertThat(parameters).as(loss).hasSize(space.parameter() == null ? 0 : 4);
    }
    SearchSpace ours = SearchSpace.of("facility_location", told(0.002, 5));
    assertThat(ours.parameter().lowest()).isEqualTo(4);
    assertThat(ours.parameter().highest()).isEqualTo(64);
  }

  @Test
  void everyLossTriesTheSameSharesAndEverySeedOthers() throws IOException {
    SearchSpace.Candidate one = SearchSpace.of("n_pairs", told(0.002, 1)).at(3);
    SearchSpace.Candidate two = SearchSpace.of("contrastive", told(0.002, 1)).at(3);
    assertThat(one.learningRate()).isEqualTo(two.learningRate());
    assertThat(Math.log(one.parameter() / 4) / Math.log(16))
        .isCloseTo(Math.log(two.parameter() / 0.3) / Math.log(5), within(0.01));
    assertThat(SearchSpace.of("n_pairs", told(0.002, 2)).at(3)).isNotEqualTo(one);
  }

  @Test
  void noMultipleOfZeroIsTried() throws IOException {
    TrainingSettings still = told(0, 1);
    assertThatExceptionOfType(SettingException.class)
        .isThrownBy(() -> SearchSpace.of("n_pairs", still))
        .withMessageContaining("learning_rate 0.0")
        .withMessageContaining("must be above 0");
  }
}
