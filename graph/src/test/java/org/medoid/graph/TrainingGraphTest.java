package org.medoid.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.FacilityLocation;
import org.medoid.graph.network.Checkpoint;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

@Timeout(180)
class TrainingGraphTest {
  private static final int SIZE = 16;
  private static final int BATCH = 16;
  private static final EmbeddingHead HEAD = new EmbeddingHead(8);

  @TempDir Path folder;

  /** A training graph on placeholders, with a batch of four noisy stripe patterns. */
  private static final class Fixture implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session;
    final TrainingGraph training;
    final Placeholder<TFloat32> images;
    final Placeholder<TInt64> labels;
    final TFloat32 pictures = TFloat32.tensorOf(Shape.of(BATCH, SIZE, SIZE, 3));
    final TInt64 classes = TInt64.tensorOf(Shape.of(BATCH));

    Fixture(Layers.Options options) {
      this(options, RmsProp.defaults(), BATCH);
    }

    Fixture(Layers.Options options, RmsProp optimizer, int chunk) {
      Ops tf = Ops.create(graph);
      images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(chunk, SIZE, SIZE, 3)));
      labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(BATCH)));
      BatchLoss.Builder loss = FacilityLocation.builder();
      Network net = new ConvNet();
      boolean inChunks = chunk != BATCH;
      training =
          new TrainingGraph(
              tf, net, HEAD, images, labels, loss, optimizer, options, Exchange.ALONE, inChunks);
      session = new Session(graph);
      session.initialize();
      Random random = new Random(1);
      for (int i = 0; i < BATCH; i++) {
        classes.setLong(i % 4, i);
        for (int y = 0; y < SIZE; y++) {
          for (int x = 0; x < SIZE; x++) {
            int stripe = i % 4 == 0 ? x : i % 4 == 1 ? y : i % 4 == 2 ? x + y : x - y + SIZE;
            float value = (stripe / 2 % 2) * 0.5f + random.nextFloat() * 0.5f;
            for (int c = 0; c < 3; c++) {
              pictures.setFloat(value, i, y, x, c);
            }
          }
        }
      }
    }

    /** The batch in chunks, one after the other. */
    Supplier<TFloat32> chunks(int size) {
      AtomicInteger next = new AtomicInteger();
      return () -> {
        int from = next.getAndAdd(size);
        return TFloat32.tensorOf(
            Shape.of(size, SIZE, SIZE, 3),
            chunk ->
                pictures
                    .slice(
                        Indices.range(from, from + size),
                        Indices.all(),
                        Indices.all(),
                        Indices.all())
                    .copyTo(chunk));
      };
    }

    float[] step(float learningRate, float gamma) {
      try (TFloat32 rate = TFloat32.scalarOf(learningRate);
          TFloat32 multiplier = TFloat32.scalarOf(gamma);
          Result result =
              session
                  .runner()
                  .feed(images, pictures)
                  .feed(labels, classes)
                  .feed(training.learningRate(), rate)
                  .feed(training.marginMultiplier(), multiplier)
                  .fetch(training.loss())
                  .fetch(training.scores().get("agreement"))
                  .addTarget(training.step())
                  .run()) {
        return new float[] {
          ((TFloat32) result.get(0)).getFloat(), ((TFloat32) result.get(1)).getFloat()
        };
      }
    }

    float sum(LayerVariable variable) {
      try (TFloat32 value = (TFloat32) session.runner().fetch(variable.variable()).run().get(0)) {
        float[] sum = new float[1];
        value.scalars().forEach(s -> sum[0] += s.getFloat());
        return sum[0];
      }
    }

    @Override
    public void close() {
      pictures.close();
      classes.close();
      session.close();
      graph.close();
    }
  }

  @Test
  void learnsAndCountsItsSteps() {
    try (Fixture fixture = new Fixture(Layers.Options.defaults())) {
      float first = fixture.step(1e-3f, 1)[0];
      float[] last = null;
      for (int i = 0; i < 40; i++) {
        last = fixture.step(1e-3f, 1);
      }
      assertThat(first).isPositive();
      assertThat(last[0]).isLessThan(first / 4);
      assertThat(last[1]).isEqualTo(1f);
      try (TInt64 steps =
          (TInt64) fixture.session.runner().fetch(fixture.training.globalStep()).run().get(0)) {
        assertThat(steps.getLong()).isEqualTo(41);
      }
    }
  }

  @Test
  void aZeroLearningRateMovesOnlyTheAverages() {
    try (Fixture fixture = new Fixture(Layers.Options.defaults())) {
      float[] before = sums(fixture);
      fixture.step(0, 1);
      float[] after = sums(fixture);
      for (int i = 0; i < before.length; i++) {
        LayerVariable variable = fixture.training.variables().get(i);
        if (variable.trainable()) {
          assertThat(after[i]).as(variable.name()).isEqualTo(before[i]);
        } else {
          assertThat(after[i]).as(variable.name()).isNotEqualTo(before[i]);
        }
      }
    }
  }

  private static float[] sums(Fixture fixture) {
    float[] sums = new float[fixture.training.variables().size()];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = fixture.sum(fixture.training.variables().get(i));
    }
    return sums;
  }

  @Test
  void theMarginMultiplierIsAnOperandOfTheLoss() {
    try (Fixture fixture = new Fixture(Layers.Options.defaults())) {
      assertThat(fixture.step(0, 30)[0]).isGreaterThan(fixture.step(0, 0)[0]);
    }
  }

  @Test
  void theSameSeedTrainsToTheSameWeights() {
    float[] one;
    try (Fixture fixture = new Fixture(Layers.Options.defaults().withSeed(5))) {
      fixture.step(1e-3f, 1);
      fixture.step(1e-3f, 1);
      one = sums(fixture);
    }
    try (Fixture fixture = new Fixture(Layers.Options.defaults().withSeed(5))) {
      fixture.step(1e-3f, 1);
      fixture.step(1e-3f, 1);
      assertThat(sums(fixture)).isEqualTo(one);
    }
  }

  @Test
  void aCheckpointOfTheTrainingGraphRestoresTheInferenceGraph() {
    String prefix = folder.resolve("step").toString();
    try (Fixture fixture =
        new Fixture(
            Layers.Options.defaults()
                .withBatchNormalization(Layers.BatchNormalization.FROZEN)
                .withSeed(3))) {
      fixture.step(1e-3f, 1);
      fixture.session.save(prefix);
      float[][] trained;
      try (TFloat32 embeddings =
          (TFloat32)
              fixture
                  .session
                  .runner()
                  .feed(fixture.images, fixture.pictures)
                  .fetch(fixture.training.embeddings())
                  .run()
                  .get(0)) {
        trained = StdArrays.array2dCopyOf(embeddings);
      }
      try (InferenceGraph inference =
              InferenceGraph.restored(new ConvNet(), HEAD, SIZE, Path.of(prefix));
          Result result =
              inference
                  .session()
                  .runner()
                  .feed(InferenceGraph.INPUT, fixture.pictures)
                  .fetch(InferenceGraph.OUTPUT)
                  .run()) {
        float[][] inferred = StdArrays.array2dCopyOf((TFloat32) result.get(0));
        for (int i = 0; i < BATCH; i++) {
          for (int j = 0; j < HEAD.size(); j++) {
            assertThat(inferred[i][j]).isCloseTo(trained[i][j], within(1e-6f));
          }
        }
      }
    }
  }

  /** The largest difference between two sets of variables, over the largest value of each. */
  private static void assertSame(Map<String, float[]> one, Map<String, float[]> other, double by) {
    assertThat(one.keySet()).isEqualTo(other.keySet());
    one.forEach(
        (name, values) -> {
          float[] others = other.get(name);
          assertThat(others).as(name).hasSameSizeAs(values);
          double largest = 1e-3;
          double difference = 0; // AssertJ's own comparison takes 15 s for these
          for (int i = 0; i < values.length; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
            difference = Math.max(difference, Math.abs(values[i] - others[i]));
          }
          assertThat(difference).as(name).isLessThanOrEqualTo(by * largest);
        });
  }

  /** Every variable of the graph, slots included. */
  private static Map<String, float[]> values(Fixture fixture) {
    Map<String, float[]> values = new TreeMap<>();
    for (LayerVariable variable : fixture.training.variables()) {
      List<String> names = new ArrayList<>(List.of(variable.name()));
      if (variable.trainable()) {
        names.add(variable.name() + "/RMSProp");
      }
      for (String name : names) {
        try (Result result = fixture.session.runner().fetch(name).run()) {
          float[] read = new float[Math.toIntExact(result.get(0).size())];
          result.get(0).asRawTensor().data().asFloats().read(read);
          values.put(name, read);
        }
      }
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void aStepInChunksIsTheStepOfTheWholeBatch(int chunk) {
    Layers.Options frozen =
        Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN);
    RmsProp optimizer = RmsProp.defaults().withWeightDecay(0.01f).withClipNorm(2);
    try (Fixture whole = new Fixture(frozen, optimizer, BATCH);
        Fixture inChunks = new Fixture(frozen, optimizer, chunk)) {
      ChunkedStep step = new ChunkedStep(inChunks.session, inChunks.training);
      for (int i = 0; i < 3; i++) {
        float[] expected = whole.step(1e-3f, 1);
        Map<String, Float> told =
            step.run(
                BATCH / chunk,
                inChunks.chunks(chunk),
                inChunks.chunks(chunk),
                inChunks.classes,
                StepRates.of(1e-3, 1));
        assertThat(told.get("loss")).isCloseTo(expected[0], within(1e-4f));
        assertThat(told.get("agreement")).isEqualTo(expected[1]);
      }
      assertSame(values(whole), values(inChunks), 1e-5);
      try (TInt64 steps =
          (TInt64) inChunks.session.runner().fetch(inChunks.training.globalStep()).run().get(0)) {
        assertThat(steps.getLong()).isEqualTo(3);
      }
    }
  }

  @Test
  void chunksNeedFrozenBatchNormalisationAndAGraphMadeForThem() {
    assertThatThrownBy(() -> new Fixture(Layers.Options.defaults(), RmsProp.defaults(), 4).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("frozen batch normalisation");
    try (Fixture fixture = new Fixture(Layers.Options.defaults())) {
      assertThatThrownBy(() -> new ChunkedStep(fixture.session, fixture.training))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("whole batches");
    }
  }

  @Test
  void chunkedTrainingLeavesNothingOfItsOwnInACheckpoint() throws IOException {
    Layers.Options frozen =
        Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN);
    String whole = folder.resolve("whole").toString();
    String chunked = folder.resolve("chunked").toString();
    try (Fixture fixture = new Fixture(frozen)) {
      fixture.session.save(whole);
    }
    try (Fixture fixture = new Fixture(frozen, RmsProp.defaults(), 4)) {
      fixture.session.save(chunked);
    }
    assertThat(Checkpoint.read(Path.of(chunked)).tensors())
        .isEqualTo(Checkpoint.read(Path.of(whole)).tensors());
  }

  /** A network that gives what a function makes of the images. */
  private record Own(BiFunction<Layers, Operand<TFloat32>, Operand<TFloat32>> body)
      implements Network {
    @Override
    public String name() {
      return "own";
    }

    @Override
    public int defaultImageSize() {
      return SIZE;
    }

    @Override
    public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
      return body.apply(layers, images);
    }
  }

  private static AbstractThrowableAssert<?, ?> building(
      Network network, BatchLoss.Builder loss, Optimizer optimizer) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, SIZE, SIZE, 3)));
      Placeholder<TInt64> labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(BATCH)));
      Layers.Options options = Layers.Options.defaults();
      return assertThatThrownBy(
          () -> new TrainingGraph(tf, network, HEAD, images, labels, loss, optimizer, options));
    }
  }

  @Test
  void aNetworkThatGivesNoVectorsIsRefusedInEveryGraph() {
    Network none = new Own((layers, images) -> null);
    Network maps = new Own((layers, images) -> layers.conv2d(images, 8, 3, 4));
    Map<Network, String> refusals =
        Map.of(
            none,
            "the network gives no features",
            maps,
            "the network gives features of shape [?, 4, 4, 8], it must give [batch, features]");
    refusals.forEach(
        (network, refusal) -> {
          building(network, FacilityLocation.builder(), RmsProp.defaults())
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage(refusal);
          assertThatThrownBy(() -> InferenceGraph.untrained(network, HEAD, SIZE, 1).close())
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage(refusal);
          assertThatThrownBy(() -> new BackboneGraph(network, SIZE, 1).close())
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage(refusal);
        });
  }

  @Test
  void aLayerThatNothingReadsIsNamed() {
    Network idle =
        new Own(
            (layers, images) -> {
              layers.scope("Idle", () -> layers.conv2d(images, 8, 3, 4));
              return new ConvNet().features(layers, images);
            });
    building(idle, FacilityLocation.builder(), RmsProp.defaults())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no gradient reaches the trainable variable Idle/weights");
  }

  @Test
  void aLossThatIsNoneOrDependsOnNothingThatTrainsIsRefused() {
    Optimizer optimizer = RmsProp.defaults();
    building(new ConvNet(), (layers, labels, x, gamma) -> null, optimizer)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the loss builder gives no loss");
    building(new ConvNet(), (layers, labels, x, gamma) -> new BatchLoss(gamma, Map.of()), optimizer)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the loss does not depend on the embeddings");
    building(
            new ConvNet(),
            (layers, labels, x, gamma) -> {
              layers.proxies(4, x);
              return FacilityLocation.builder().build(layers, labels, x, gamma);
            },
            optimizer)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the loss does not depend on its variable Proxies/weights");
    assertThatThrownBy(() -> new BatchLoss(null, Map.of()))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("value");
  }

  @Test
  void anOptimizerWithoutUpdatesIsRefused() {
    building(
            new ConvNet(),
            FacilityLocation.builder(),
            (tf, variables, gradients, rates, step) -> null)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the optimizer gives no updates");
    building(
            new ConvNet(),
            FacilityLocation.builder(),
            (tf, variables, gradients, rates, step) -> Collections.singletonList(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the optimizer gives an update of null");
  }

  @Test
  void aMissingCheckpointIsAnError() {
    assertThatThrownBy(
            () ->
                InferenceGraph.restored(new ConvNet(), HEAD, SIZE, folder.resolve("nothing"))
                    .close())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("nothing: no checkpoint here: ");
  }

  /** What nobody gets nobody can close. */
  @Test
  void aGraphThatIsNotGivenOutIsClosed() {
    List<Graph> graphs = new ArrayList<>();
    Network none =
        new Own(
            (layers, images) -> {
              graphs.add(graph(images));
              return null;
            });
    Network uninitialized =
        new Own(
            (layers, images) -> {
              graphs.add(graph(images));
              Ops tf = layers.tf();
              Ops init = tf.withInitScope(); // which has nothing to feed
              init.assign(
                  tf.variable(Shape.of(7), TFloat32.class), init.placeholder(TFloat32.class));
              return new ConvNet().features(layers, images);
            });
    for (Network network : List.of(none, uninitialized)) {
      assertThatThrownBy(() -> InferenceGraph.untrained(network, HEAD, SIZE, 1).close())
          .isInstanceOf(RuntimeException.class);
      assertThatThrownBy(() -> new BackboneGraph(network, SIZE, 1).close())
          .isInstanceOf(RuntimeException.class);
    }
    assertThat(graphs)
        .hasSize(4)
        .allSatisfy(
            each ->
                assertThatThrownBy(each::toGraphDef)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("close"));
  }

  private static Graph graph(Operand<?> operand) {
    return (Graph) operand.op().env();
  }
}
