package org.medoid.tests;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.medoid.graph.loss.ArcFace;
import org.medoid.graph.loss.Contrastive;
import org.medoid.graph.loss.DeepClustering;
import org.medoid.graph.loss.EmbeddingLoss;
import org.medoid.graph.loss.LiftedStructure;
import org.medoid.graph.loss.MultiSimilarity;
import org.medoid.graph.loss.NPairs;
import org.medoid.graph.loss.NormalizedSoftmax;
import org.medoid.graph.loss.ProxyAnchor;
import org.medoid.graph.loss.ProxyNca;
import org.medoid.graph.loss.SmoothAp;
import org.medoid.graph.loss.SoftTriple;
import org.medoid.graph.loss.SpectralClustering;
import org.medoid.graph.loss.SupCon;
import org.medoid.graph.loss.TripletSemiHard;
import org.medoid.training.data.Npy;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * Writes what the losses give, for losses_check.py to compare with another library.
 *
 * <p>usage: LossValues FOLDER... Each folder holds embeddings.npy (float32 or float64 [m, d]),
 * labels.npy (int64 [m]) and proxies.npy (as the embeddings, [classes, d]); for every loss NAME it
 * gets NAME.value.npy, NAME.gradient.npy and NAME.proxies.npy (zeros for a loss without).
 */
public class LossValues {
  public static void main(String[] folders) throws IOException {
    for (String folder : folders) {
      Path in = Path.of(folder);
      Npy embeddings = Npy.read(in.resolve("embeddings.npy"));
      Npy labels = Npy.read(in.resolve("labels.npy"));
      Npy proxies = Npy.read(in.resolve("proxies.npy"));
      try (Graph graph = new Graph()) {
        Ops tf = Ops.create(graph);
        if (embeddings.data() instanceof double[]) {
          write(tf, constant64(tf, embeddings), labels, constant64(tf, proxies), in);
        } else {
          write(tf, constant32(tf, embeddings), labels, constant32(tf, proxies), in);
        }
      }
    }
  }

  private static Map<String, Function<Operand<? extends TNumber>, EmbeddingLoss>> losses() {
    Map<String, Function<Operand<? extends TNumber>, EmbeddingLoss>> losses = new LinkedHashMap<>();
    losses.put("contrastive", p -> new Contrastive(0, 1, false, true));
    losses.put("contrastive_margins", p -> new Contrastive(0.3, 0.8, false, true));
    losses.put("contrastive_paper", p -> new Contrastive(0, 1, true, false));
    losses.put("triplet_all", p -> new TripletSemiHard(0.2, false, TripletSemiHard.Negatives.ALL));
    losses.put(
        "triplet_all_squared", p -> new TripletSemiHard(0.2, true, TripletSemiHard.Negatives.ALL));
    losses.put("triplet_nearest", p -> TripletSemiHard.defaults());
    losses.put("lifted_structure", p -> LiftedStructure.defaults());
    losses.put("n_pairs", p -> new NPairs(1));
    losses.put("n_pairs_scaled", p -> NPairs.defaults());
    losses.put("multi_similarity", p -> MultiSimilarity.defaults());
    losses.put(
        "multi_similarity_all", p -> new MultiSimilarity(2, 50, 1, Double.POSITIVE_INFINITY));
    losses.put("proxy_nca", p -> new ProxyNca(p, 9, false));
    losses.put("proxy_nca_softmax", p -> new ProxyNca(p, 3, true));
    losses.put("proxy_anchor", p -> new ProxyAnchor(p, 0.1, 32));
    losses.put("normalized_softmax", p -> new NormalizedSoftmax(p, 0.05));
    losses.put("arcface", p -> new ArcFace(p, Math.toRadians(28.6), 64));
    // Rows 2c and 2c + 1 are the centres of class c: its proxy, and the same read backwards.
    losses.put("soft_triple", p -> new SoftTriple(centres(p), 2, 20, 0.1, 0.01));
    losses.put("supcon", p -> new SupCon(0.1));
    losses.put("smooth_ap", p -> new SmoothAp(0.01));
    losses.put("deep_clustering", p -> new DeepClustering());
    losses.put("spectral_clustering", p -> new SpectralClustering());
    return losses;
  }

  private static <T extends TNumber> Operand<T> centres(Operand<T> proxies) {
    Ops tf = Ops.create(proxies.asOutput().env());
    Operand<T> backwards = tf.reverse(proxies, tf.constant(new int[] {1}));
    long size = proxies.shape().get(1);
    return tf.reshape(
        tf.concat(List.of(proxies, backwards), tf.constant(1)), tf.constant(new long[] {-1, size}));
  }

  private static <T extends TNumber> void write(
      Ops tf, Operand<T> embeddings, Npy labels, Operand<T> proxies, Path folder)
      throws IOException {
    Graph graph = (Graph) tf.scope().env();
    for (var each : losses().entrySet()) {
      // Every loss is also zero times the proxies, so that each has a gradient in them.
      Operand<T> value =
          each.getValue().apply(proxies).call(tf, tf.constant((long[]) labels.data()), embeddings);
      Operand<T> nothing =
          tf.math.mul(tf.zerosLike(value), tf.sum(proxies, tf.constant(new int[] {0, 1})));
      Output<?>[] gradients =
          graph.addGradients(
              tf.math.add(value, nothing).asOutput(),
              new Output<?>[] {embeddings.asOutput(), proxies.asOutput()});
      try (Session session = new Session(graph);
          Result result =
              session.runner().fetch(value).fetch(gradients[0]).fetch(gradients[1]).run()) {
        String[] parts = {"value", "gradient", "proxies"};
        for (int i = 0; i < parts.length; i++) {
          npy(result.get(i)).write(folder.resolve(each.getKey() + "." + parts[i] + ".npy"));
        }
      }
    }
  }

  private static Operand<TFloat64> constant64(Ops tf, Npy values) {
    return tf.constant(shape(values), DataBuffers.of((double[]) values.data()));
  }

  private static Operand<TFloat32> constant32(Ops tf, Npy values) {
    return tf.constant(shape(values), DataBuffers.of((float[]) values.data()));
  }

  private static Shape shape(Npy values) {
    return Shape.of(values.shape()[0], values.shape()[1]);
  }

  private static Npy npy(org.tensorflow.Tensor tensor) {
    int[] shape = new int[tensor.shape().numDimensions()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = (int) tensor.shape().get(i);
    }
    int size = (int) tensor.shape().size();
    if (tensor instanceof TFloat64 doubles) {
      double[] values = new double[size];
      doubles.copyTo(DataBuffers.of(values, false, false));
      return new Npy(shape, values);
    }
    float[] values = new float[size];
    ((TFloat32) tensor).copyTo(DataBuffers.of(values, false, false));
    return new Npy(shape, values);
  }
}
