package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchSamplerTest {
  /** A set whose class c has sizes[c] images, in mixed order. */
  private static ImageDataSet data(long seed, int... sizes) {
    List<Integer> labels = new ArrayList<>();
    for (int c = 0; c < sizes.length; c++) {
      labels.addAll(Collections.nCopies(sizes[c], c));
    }
    Collections.shuffle(labels, new Random(seed));
    return new ImageDataSet(
        "data",
        IntStream.range(0, labels.size()).mapToObj(i -> Path.of(i + ".png")).toList(),
        labels.stream().mapToInt(Integer::intValue).toArray(),
        IntStream.range(0, sizes.length).mapToObj(c -> "c" + c).toList());
  }

  private static int[] sizes(long seed, int classes, int most) {
    return new Random(seed).ints(classes, 2, most + 1).toArray();
  }

  @Property(seed = "1", tries = 300)
  void everyBatchHasItsClassesAndImagesAndNoImageTwice(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 30) int classes,
      @ForAll @IntRange(min = 2, max = 20) int most,
      @ForAll @IntRange(max = 100_000) int step) {
    int[] sizes = sizes(seed, classes, most);
    ImageDataSet data = data(seed, sizes);
    BatchShape shape = BatchShape.fitting(data, null, null, 1);
    int[] batch = new BatchSampler(data, shape.images(), shape.classes(), seed).batch(step);
    assertThat(batch).hasSize(shape.images()).doesNotHaveDuplicates();
    int[] labels = data.labels();
    int[] counts = new int[classes];
    Arrays.stream(batch).forEach(image -> counts[labels[image]]++);
    int[] drawn = IntStream.range(0, classes).filter(c -> counts[c] > 0).toArray();
    assertThat(drawn).hasSize(shape.classes()).hasSizeGreaterThan(1);
    assertThat(drawn.length).as("never all different").isLessThan(batch.length);
    // As even as the sizes allow: a class may have two fewer than another only if it has no more.
    int largest = Arrays.stream(drawn).map(c -> counts[c]).max().orElseThrow();
    for (int c : drawn) {
      assertThat(counts[c]).isGreaterThanOrEqualTo(Math.min(sizes[c], largest - 1));
    }
  }

  @Property(seed = "1", tries = 50)
  void aBatchDependsOnTheSeedAndTheStepAlone(
      @ForAll long seed, @ForAll @IntRange(max = 1000) int step) {
    ImageDataSet data = data(1, fill(20, 9));
    BatchSampler sampler = new BatchSampler(data, 16, 5, seed);
    int[] first = sampler.batch(step);
    sampler.batch(step + 7);
    assertThat(sampler.batch(step)).isEqualTo(first);
    assertThat(new BatchSampler(data, 16, 5, seed).batch(step)).isEqualTo(first);
    assertThat(sampler.batch(step + 1)).isNotEqualTo(first);
    assertThat(new BatchSampler(data, 16, 5, seed + 1).batch(step)).isNotEqualTo(first);
  }

  @Test
  void theClassesOfOneBatchDoNotTellThoseOfAnother() {
    ImageDataSet data = data(1, fill(98, 2));
    BatchSampler sampler = new BatchSampler(data, 33, 32, 7);
    int[] labels = data.labels();
    List<Set<Integer>> classes =
        IntStream.range(0, 3000)
            .mapToObj(
                step ->
                    Arrays.stream(sampler.batch(step))
                        .map(image -> labels[image])
                        .boxed()
                        .collect(Collectors.toSet()))
            .toList();
    for (int lag = 1; lag <= 30; lag++) {
      int shared = 0;
      for (int step = lag; step < classes.size(); step++) {
        Set<Integer> both = new HashSet<>(classes.get(step));
        both.retainAll(classes.get(step - lag));
        shared += both.size();
      }
      // 32 · 32 / 98 with a standard deviation of 2.2 a pair, 0.04 of their mean.
      assertThat(shared / (double) (classes.size() - lag))
          .as("lag %d", lag)
          .isCloseTo(32 * 32 / 98.0, within(0.2));
    }
  }

  @Test
  void everyImageAndClassIsDrawnInTheEnd() {
    ImageDataSet data = data(3, 2, 9, 4, 7, 2, 5);
    BatchSampler sampler = new BatchSampler(data, 5, 3, 4);
    Set<Integer> drawn = new HashSet<>();
    for (int step = 0; step < 200; step++) {
      drawn.addAll(Arrays.stream(sampler.batch(step)).boxed().collect(Collectors.toSet()));
    }
    assertThat(drawn).hasSize(data.size());
  }

  @Test
  void classesAreDrawnEquallyOften() {
    BatchSampler sampler = new BatchSampler(data(5, 2, 30, 4, 4, 16), 6, 3, 6);
    int[] labels = data(5, 2, 30, 4, 4, 16).labels();
    int[] batches = new int[5];
    for (int step = 0; step < 5000; step++) {
      Arrays.stream(sampler.batch(step)).map(i -> labels[i]).distinct().forEach(c -> batches[c]++);
    }
    // 3 of 5 classes a batch: 3,000 of 5,000, standard deviation 35.
    for (int count : batches) {
      assertThat(count).isBetween(2800, 3200);
    }
  }

  @Test
  void theUsualBatchIsTakenWhereTheDataHasIt() {
    ImageDataSet large = data(1, sizes(1, 100, 40));
    assertThat(BatchShape.fitting(data(1, fill(100, 40)), null, null, 1))
        .isEqualTo(new BatchShape(128, 32));
    assertThat(BatchShape.fitting(large, 64, null, 1).images()).isEqualTo(64);
    assertThat(BatchShape.fitting(data(1, fill(100, 40)), 64, 20, 1))
        .isEqualTo(new BatchShape(64, 20));
  }

  @Test
  void whatIsNotGivenFitsTheData() {
    ImageDataSet five = data(1, fill(5, 12));
    assertThat(BatchShape.fitting(five, null, null, 1)).isEqualTo(new BatchShape(60, 5));
    assertThat(BatchShape.fitting(five, 40, null, 1)).isEqualTo(new BatchShape(40, 5));
    assertThat(BatchShape.fitting(five, null, 3, 1)).isEqualTo(new BatchShape(36, 3));
    assertThat(BatchShape.fitting(five, null, null, 16)).isEqualTo(new BatchShape(48, 5));
    // More classes before fewer images.
    assertThat(BatchShape.fitting(data(1, fill(60, 3)), null, null, 1))
        .isEqualTo(new BatchShape(128, 43));
    assertThat(BatchShape.fitting(data(1, 2, 2), null, null, 1)).isEqualTo(new BatchShape(4, 2));
    assertThat(BatchShape.fitting(data(1, 1, 2), null, null, 1)).isEqualTo(new BatchShape(3, 2));
    assertThat(BatchShape.fitting(data(1, fill(300, 9)), null, 100, 1))
        .isEqualTo(new BatchShape(200, 100));
  }

  @Test
  void whatIsGivenIsRefusedWhereTheDataHasLess() {
    ImageDataSet five = data(1, fill(5, 12));
    assertThatThrownBy(() -> BatchShape.fitting(five, 128, null, 1))
        .hasMessageContaining("128 images")
        .hasMessageContaining("only 60");
    assertThatThrownBy(() -> BatchShape.fitting(five, null, 6, 1))
        .hasMessageContaining("6 classes")
        .hasMessageContaining("only 5 classes");
    assertThatThrownBy(() -> BatchShape.fitting(five, 8, 8, 1)).hasMessageContaining("loss is 0");
    assertThatThrownBy(() -> BatchShape.fitting(five, null, 1, 1)).hasMessageContaining("loss");
    assertThatThrownBy(() -> BatchShape.fitting(data(1, 9), null, null, 1))
        .hasMessageContaining("two classes");
    assertThatThrownBy(() -> BatchShape.fitting(five, null, null, 64))
        .hasMessageContaining("multiple of 64");
    assertThatThrownBy(() -> new BatchSampler(five, 61, 5, 0)).hasMessageContaining("only 60");
  }

  private static int[] fill(int classes, int images) {
    int[] sizes = new int[classes];
    Arrays.fill(sizes, images);
    return sizes;
  }
}
