package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class CollapseWatchTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(CollapseWatch.class);
  private final ListAppender<ILoggingEvent> heard = new ListAppender<>();

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    heard.start();
    logger.addAppender(heard);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(heard);
    logger.setLevel(null);
  }

  /** What is said of a run whose batches have these mean distances. */
  private List<String> watch(DoubleStream distances) {
    CollapseWatch watch = new CollapseWatch();
    long[] step = {0};
    distances.forEach(
        distance ->
            watch.step(
                null,
                new StepMetrics(
                    ++step[0],
                    0.1,
                    1,
                    Double.NaN,
                    Double.NaN,
                    Double.NaN,
                    1,
                    0.001,
                    Double.NaN,
                    Double.NaN,
                    distance,
                    1.5)));
    assertThat(heard.list).allMatch(event -> event.getLevel() == Level.WARN);
    return heard.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private static DoubleStream of(double value, int times) {
    return DoubleStream.generate(() -> value).limit(times);
  }

  @Test
  void aCollapseIsSaidOnceWithItsMend() {
    List<String> said = watch(DoubleStream.concat(of(1.2, 5), of(0.005, 200)));
    assertThat(said).hasSize(1);
    assertThat(said.get(0))
        .matches(
            "step \\d+: the embeddings collapse \\(mean distance of two 0\\.0\\d+, 1\\.200 at .*")
        .contains(
            "effective rank 1.5", "raise the margin multiplier gamma", "lower the learning rate")
        .doesNotContain("\n", "--");
    long step = Long.parseLong(said.get(0).split("[ :]", -1)[1]);
    assertThat(step).as("while it can still be stopped").isBetween(10L, 60L);
  }

  @Test
  void aSlowCollapseIsSaidToo() {
    assertThat(watch(DoubleStream.iterate(1.0, value -> 0.99 * value).limit(500))).hasSize(1);
  }

  @Test
  void batchesThatAreNarrowNowAndThenAreNone() {
    assertThat(
            watch(DoubleStream.iterate(0, i -> i + 1).limit(300).map(i -> i % 5 == 0 ? 0.001 : 1)))
        .isEmpty();
  }

  @Test
  void whatWasNarrowAtFirstAndStaysSoIsNone() {
    assertThat(watch(of(0.05, 300))).isEmpty();
  }

  @Test
  void distancesThatAreNotMeasuredAreNone() {
    assertThat(watch(DoubleStream.concat(of(1, 20), of(Double.NaN, 50)))).isEmpty();
  }

  @Test
  void aRunThatIsGoneOnWithRemembersHowFarApartItBegan(@TempDir Path folder) throws IOException {
    Path metrics = folder.resolve("metrics.csv");
    assertThat(CollapseWatch.firstDistance(metrics)).isNaN();
    Files.writeString(metrics, "step,mean_distance,x\n1,1.25,\n2,0.01,\n");
    assertThat(CollapseWatch.firstDistance(metrics)).isEqualTo(1.25);
    Files.writeString(metrics, "step,loss\n1,1.25\n");
    assertThat(CollapseWatch.firstDistance(metrics)).isNaN();
  }
}
