package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.medoid.graph.network.Model.Values;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;

class ConvNetTest {

  private static final ConvNet NET = new ConvNet();

  private static Model model(Layers.Mode mode, long... shape) {
    return new Model(mode, Layers.Options.defaults(), Shape.of(shape), NET::features);
  }

  @Test
  void anySizeFromSixteenPixelsGives256Features() {
    for (int side : new int[] {16, 33, 64}) {
      try (Model model = model(Layers.Mode.INFERENCE, -1, side, side, 3)) {
        assertThat(model.output.asOutput().shape().asArray()).containsExactly(-1, 256);
        assertThat(model.run(Values.random(Shape.of(2, side, side, 3), side))).hasSize(512);
      }
    }
  }

  @Test
  void itHas388416TrainableValues() {
    try (Model model = model(Layers.Mode.TRAINING, -1, 40, 40, 3)) {
      assertThat(model.layers.trainables().stream().mapToLong(v -> v.shape().size()).sum())
          .isEqualTo(388_416);
    }
  }

  @Test
  void gradientDescentOnABatchLowersItsLoss() {
    try (Model model =
        new Model(
            Layers.Mode.TRAINING,
            Layers.Options.defaults(),
            Shape.of(-1, 32, 32, 3),
            (l, x) -> new EmbeddingHead(8).embed(l, NET.features(l, x)))) {
      var loss = model.loss();
      List<Op> step = model.descent(loss, 0.05f);
      Values batch = Values.random(Shape.of(16, 32, 32, 3), 1);
      float before = model.run(loss, batch)[0];
      for (int i = 0; i < 20; i++) {
        model.run(loss, batch, step);
      }
      // Rows of length 1 in 8 dimensions cannot come nearer to (0.3, ..., 0.3) than 0.0228 each.
      assertThat(model.run(loss, batch)[0]).isLessThan(before / 2).isGreaterThan(16 * 0.0228f);
    }
  }

  @Test
  void imagesOfAnotherShapeAreRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(Layers.Mode.INFERENCE, -1, 15, 40, 3).close())
        .withMessageContaining("convnet")
        .withMessageContaining("16x16")
        .withMessageContaining("15x40");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(Layers.Mode.INFERENCE, -1, 40, 40, 1).close())
        .withMessageContaining("[batch, height, width, 3]");
  }
}
