package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HeldOutClassesTest {
  private static ImageDataSet data(int classes) {
    List<Path> files = new ArrayList<>();
    List<String> names = new ArrayList<>();
    int[] labels = new int[3 * classes];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % classes;
      files.add(Path.of(labels[i] + "-" + i));
    }
    for (int c = 0; c < classes; c++) {
      names.add("class " + c);
    }
    return new ImageDataSet("some", files, labels, names);
  }

  @Test
  void holdsOutWholeClassesAndLosesNoImage() {
    ImageDataSet all = data(20);
    HeldOutClasses parts = HeldOutClasses.of(all, 0.2, 1).orElseThrow();
    assertThat(parts.held().classNames()).hasSize(4);
    assertThat(parts.rest().classNames())
        .hasSize(16)
        .doesNotContainAnyElementsOf(parts.held().classNames());
    assertThat(parts.held().size()).isEqualTo(12);
    Set<Path> both = new HashSet<>(parts.rest().files());
    both.addAll(parts.held().files());
    assertThat(both).hasSize(all.size());
  }

  @Test
  void classesKeepTheirNamesAndRowsTheirPlaces() {
    ImageDataSet all = data(20);
    HeldOutClasses parts = HeldOutClasses.of(all, 0.3, 5).orElseThrow();
    for (int i = 0; i < parts.rest().size(); i++) {
      int row = parts.restRows()[i];
      assertThat(parts.rest().files().get(i)).isEqualTo(all.files().get(row));
      assertThat(parts.rest().classNames().get(parts.rest().labels()[i]))
          .isEqualTo(all.classNames().get(all.labels()[row]));
    }
  }

  @Test
  void theSeedDrawsThem() {
    List<String> one = HeldOutClasses.of(data(40), 0.2, 1).orElseThrow().held().classNames();
    // Runs of earlier versions are resumed: what a seed draws stays as it is.
    assertThat(one)
        .containsExactly(
            Stream.of(2, 6, 12, 18, 19, 23, 27, 31).map(c -> "class " + c).toArray(String[]::new));
    assertThat(HeldOutClasses.of(data(40), 0.2, 2).orElseThrow().held().classNames())
        .isNotEqualTo(one);
  }

  @Test
  void aPartOfFewerThanTwoClassesIsNone() {
    assertThat(HeldOutClasses.of(data(6), 0.2, 1)).isEmpty();
    assertThat(HeldOutClasses.of(data(4), 0.8, 1)).isEmpty();
    assertThat(HeldOutClasses.of(data(20), 0, 1)).isEmpty();
  }
}
