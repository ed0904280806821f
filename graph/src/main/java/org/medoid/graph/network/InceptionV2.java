package org.medoid.graph.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Inception with batch normalisation, the network of the paper's experiments, exactly as TF-Slim's
 * {@code inception_v2} builds it, so that its published checkpoint fits by name: 1,024 features,
 * 275 variables (139 trainable) of 10,173,112 values under {@code InceptionV2/}. The two variables
 * of Slim's classifier ({@code InceptionV2/Logits}) are not built.
 *
 * <p>Sergey Ioffe, Christian Szegedy: "Batch Normalization: Accelerating Deep Network Training by
 * Reducing Internal Covariate Shift", ICML 2015, arXiv 1502.03167, and where TF-Slim departs from
 * it:
 *
 * <ul>
 *   <li>{@code Conv2d_1a_7x7} is separable (depthwise 7x7, stride 2, multiplier 8, then 1x1 to 64
 *       channels), has biases and ReLU and no batch normalisation.
 *   <li>All other convolutions have batch normalisation without a scale and no biases.
 *   <li>The pool branch of {@code Mixed_5c} takes the maximum, that of every other module the
 *       average.
 *   <li>Slim ends in a 7x7 window, which is the whole map at 224 pixels but not at 227 (8x8). Here
 *       the end is the mean over all places at any size, as Slim's {@code global_pool} has it, or
 *       that plus the maximum ({@link Pooling}).
 * </ul>
 *
 * <p>{@link Layers#endPoints} holds the outputs of {@code Conv2d_1a_7x7}, {@code MaxPool_2a_3x3},
 * {@code Conv2d_2b_1x1}, {@code Conv2d_2c_3x3}, {@code MaxPool_3a_3x3} and the ten modules {@code
 * Mixed_3b} to {@code Mixed_5c}.
 *
 * <p>Images in [0, 1] are scaled to [-1, 1] as for Slim's training. Slim's evaluation takes the
 * central 87.5 % of an image's sides, resized to 224x224; that is the caller's.
 *
 * <p>With pretrained weights choose {@link Layers.BatchNormalization#FROZEN}, which is what
 * fine-tuning on batches of other pictures wants.
 *
 * <p>Cost: 2 billion multiplications forward for an image of 227x227 pixels.
 */
public final class InceptionV2 implements Network {

  /** What a module does in the branch without its own 3x3 convolutions. */
  private enum Pool {
    AVERAGE,
    MAXIMUM
  }

  /** How the last map becomes features. */
  public enum Pooling {
    /** The mean over all places, as Slim has it. */
    AVERAGE,
    /**
     * The mean plus the maximum, as S. Kim, D. Kim, M. Cho, S. Kwak, "Proxy Anchor Loss for Deep
     * Metric Learning", CVPR 2020, train this network: 1,024 features too.
     */
    AVERAGE_MAX
  }

  private final Pooling pooling;

  /** Creates the description of Slim's network. */
  public InceptionV2() {
    this(Pooling.AVERAGE);
  }

  /**
   * Creates the description.
   *
   * @param pooling how the last map becomes features; the variables are the same
   */
  public InceptionV2(Pooling pooling) {
    this.pooling = Objects.requireNonNull(pooling, "pooling");
  }

  @Override
  public String name() {
    return "inception_v2";
  }

  @Override
  public int defaultImageSize() {
    return 227;
  }

  @Override
  public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
    // Five halvings of 96 leave 3x3: from there on every window of the last modules is inside.
    InputShape.check(name(), images, 96);
    return layers.scope(
        "InceptionV2",
        () -> {
          Operand<TFloat32> map = body(new Body(layers, images));
          Operand<TFloat32> mean = layers.globalMean(map);
          return pooling == Pooling.AVERAGE
              ? mean
              : layers.tf().math.add(mean, layers.globalMax(map));
        });
  }

  private static Operand<TFloat32> body(Body net) {
    net.stem();
    net.module("Mixed_3b", 64, new int[] {64, 64}, new int[] {64, 96, 96}, Pool.AVERAGE, 32);
    net.module("Mixed_3c", 64, new int[] {64, 96}, new int[] {64, 96, 96}, Pool.AVERAGE, 64);
    net.reduction("Mixed_4a", new int[] {128, 160}, new int[] {64, 96, 96});
    net.module("Mixed_4b", 224, new int[] {64, 96}, new int[] {96, 128, 128}, Pool.AVERAGE, 128);
    net.module("Mixed_4c", 192, new int[] {96, 128}, new int[] {96, 128, 128}, Pool.AVERAGE, 128);
    net.module("Mixed_4d", 160, new int[] {128, 160}, new int[] {128, 160, 160}, Pool.AVERAGE, 96);
    net.module("Mixed_4e", 96, new int[] {128, 192}, new int[] {160, 192, 192}, Pool.AVERAGE, 96);
    net.reduction("Mixed_5a", new int[] {128, 192}, new int[] {192, 256, 256});
    net.module("Mixed_5b", 352, new int[] {192, 320}, new int[] {160, 224, 224}, Pool.AVERAGE, 128);
    net.module("Mixed_5c", 352, new int[] {192, 320}, new int[] {192, 224, 224}, Pool.MAXIMUM, 128);
    return net.x;
  }

  /** The network under construction: {@code x} is the output of the last layer. */
  private static final class Body {
    private static final String[] LETTERS = {"a", "b", "c"};

    private final Layers layers;
    private Operand<TFloat32> x;

    Body(Layers layers, Operand<TFloat32> images) {
      this.layers = layers;
      this.x = layers.affine(images, 2, -1);
    }

    void stem() {
      end(
          "Conv2d_1a_7x7",
          layers.scope(
              "Conv2d_1a_7x7",
              () -> layers.relu(layers.bias(layers.separableConv2d(x, 64, 7, 2, 8)))));
      end("MaxPool_2a_3x3", layers.maxPool(x, 3, 2));
      end("Conv2d_2b_1x1", layers.convBatchNormRelu("Conv2d_2b_1x1", x, 64, 1, 1));
      end("Conv2d_2c_3x3", layers.convBatchNormRelu("Conv2d_2c_3x3", x, 192, 3, 1));
      end("MaxPool_3a_3x3", layers.maxPool(x, 3, 2));
    }

    /**
     * Four branches that keep the size of the map.
     *
     * @param single filters of Branch_0, a 1x1 convolution
     * @param one filters of Branch_1: 1x1, then 3x3
     * @param two filters of Branch_2: 1x1, then 3x3 twice
     * @param pool of Branch_3, over 3x3
     * @param pooled filters of Branch_3's 1x1 convolution
     */
    void module(String name, int single, int[] one, int[] two, Pool pool, int pooled) {
      end(
          name,
          layers.scope(
              name,
              () -> {
                List<Operand<TFloat32>> branches = new ArrayList<>();
                branches.add(chain("Branch_0", 1, single));
                branches.add(chain("Branch_1", 1, one));
                branches.add(chain("Branch_2", 1, two));
                branches.add(
                    layers.scope(
                        "Branch_3",
                        () ->
                            layers.convBatchNormRelu(
                                "Conv2d_0b_1x1",
                                pool == Pool.MAXIMUM
                                    ? layers.maxPool(x, 3, 1)
                                    : layers.avgPool(x, 3, 1),
                                pooled,
                                1,
                                1)));
                return layers.concat(branches);
              }));
    }

    /** Three branches that halve the map: two chains with stride 2 at the end, and a maximum. */
    void reduction(String name, int[] zero, int[] one) {
      end(
          name,
          layers.scope(
              name,
              () ->
                  layers.concat(
                      List.of(
                          chain("Branch_0", 2, zero),
                          chain("Branch_1", 2, one),
                          layers.scope("Branch_2", () -> layers.maxPool(x, 3, 2))))));
    }

    /**
     * A 1x1 convolution and 3x3 convolutions after it, called as Slim calls them: {@code
     * Conv2d_0a_1x1}, {@code Conv2d_0b_3x3}, {@code Conv2d_0c_3x3}, and {@code Conv2d_1a_3x3} for a
     * last one with stride 2.
     */
    private Operand<TFloat32> chain(String branch, int lastStride, int... filters) {
      return layers.scope(
          branch,
          () -> {
            Operand<TFloat32> y = x;
            for (int i = 0; i < filters.length; i++) {
              int kernel = i == 0 ? 1 : 3;
              int stride = i == filters.length - 1 ? lastStride : 1;
              String position = stride == 2 ? "1a" : "0" + LETTERS[i];
              String name = "Conv2d_" + position + "_" + kernel + "x" + kernel;
              y = layers.convBatchNormRelu(name, y, filters[i], kernel, stride);
            }
            return y;
          });
    }

    private void end(String name, Operand<TFloat32> y) {
      x = layers.endPoint(name, y);
    }
  }
}
