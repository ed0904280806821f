package org.medoid.graph.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.medoid.graph.loss.TripletSemiHard.Negatives;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;

/**
 * Every loss of the package with a second, slow definition of it: loops over pairs and triplets.
 */
final class Rivals {
  private Rivals() {}

  /** Makes a loss on proxies, which most losses do without. */
  interface Factory {
    EmbeddingLoss on(Operand<TFloat64> proxies);
  }

  /** The definition of a loss in plain Java. */
  interface Definition {
    double value(double[][] x, long[] labels, double[][] proxies);
  }

  record Rival(String name, boolean hasProxies, Factory factory, Definition definition) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** A batch with classes of several sizes, some of them of one point, and proxies. */
  record Batch(double[][] x, long[] labels, double[][] proxies) {
    static Batch random(long seed, int m, int d, int classes) {
      Random random = new Random(seed);
      long[] labels = new long[m];
      for (int i = 0; i < m; i++) {
        labels[i] = i < 4 ? i / 2 : random.nextInt(classes);
      }
      double[][] proxies = rows(random, classes, d);
      double[][] x = rows(random, m, d);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < d; j++) {
          x[i][j] = x[i][j] * 0.4 + proxies[(int) labels[i]][j] * 0.3;
        }
      }
      return new Batch(x, labels, proxies);
    }
  }

  private static double[][] rows(Random random, int n, int d) {
    return IntStream.range(0, n)
        .mapToObj(i -> DoubleStream.generate(random::nextGaussian).limit(d).toArray())
        .toArray(double[][]::new);
  }

  static List<Rival> all() {
    return List.of(
        pure(
            "contrastive",
            Contrastive.defaults(),
            (x, y, p) -> contrastive(x, y, 0, 1, true, true)),
        pure(
            "contrastive, all pairs",
            new Contrastive(0.5, 1.2, true, false),
            (x, y, p) -> contrastive(x, y, 0.5, 1.2, true, false)),
        pure(
            "contrastive, not squared",
            new Contrastive(0.3, 0.9, false, true),
            (x, y, p) -> contrastive(x, y, 0.3, 0.9, false, true)),
        pure("triplets", TripletSemiHard.defaults(), (x, y, p) -> tripletNearest(x, y, 0.2, true)),
        pure(
            "triplets, not squared",
            new TripletSemiHard(1, false, Negatives.NEAREST),
            (x, y, p) -> tripletNearest(x, y, 1, false)),
        pure(
            "triplets, all negatives",
            new TripletSemiHard(0.3, false, Negatives.ALL),
            (x, y, p) -> tripletAll(x, y, 0.3, false)),
        pure(
            "triplets, all negatives, squared",
            new TripletSemiHard(0.2, true, Negatives.ALL),
            (x, y, p) -> tripletAll(x, y, 0.2, true)),
        pure("lifted structure", LiftedStructure.defaults(), (x, y, p) -> lifted(x, y, 1)),
        pure("n-pairs", NPairs.defaults(), (x, y, p) -> nPairs(x, y, 16)),
        pure("n-pairs of the paper", new NPairs(1), (x, y, p) -> nPairs(x, y, 1)),
        pure(
            "multi-similarity",
            MultiSimilarity.defaults(),
            (x, y, p) -> multiSimilarity(x, y, 2, 50, 0.5, 0.1)),
        pure(
            "multi-similarity, no mining",
            new MultiSimilarity(2, 40, 1, Double.POSITIVE_INFINITY),
            (x, y, p) -> multiSimilarity(x, y, 2, 40, 1, Double.POSITIVE_INFINITY)),
        new Rival(
            "proxy-NCA", true, p -> new ProxyNca(p, 9, false), (x, y, p) -> nca(x, y, p, 9, false)),
        new Rival(
            "proxy-NCA, own in the denominator",
            true,
            p -> new ProxyNca(p, 1, true),
            (x, y, p) -> nca(x, y, p, 1, true)),
        new Rival("proxy-anchor", true, p -> new ProxyAnchor(p, 0.1, 32), Rivals::proxyAnchor),
        new Rival(
            "normalised softmax",
            true,
            p -> new NormalizedSoftmax(p, 0.05),
            Rivals::normalizedSoftmax),
        new Rival("ArcFace", true, p -> new ArcFace(p, 0.5, 16), Rivals::arcFace),
        new Rival(
            "SoftTriple",
            true,
            p -> new SoftTriple(centres(p), 2, 20, 0.1, 0.01),
            (x, y, p) -> softTriple(x, y, p, 20, 0.1, 0.01)),
        pure("SupCon", new SupCon(0.1), (x, y, p) -> supCon(x, y, 0.1)),
        pure("Smooth-AP", new SmoothAp(0.1), (x, y, p) -> smoothAp(x, y, 0.1)),
        pure("deep clustering", new DeepClustering(), (x, y, p) -> affinities(x, y)),
        pure("spectral clustering", new SpectralClustering(), (x, y, p) -> projections(x, y)));
  }

  private static Rival pure(String name, EmbeddingLoss loss, Definition definition) {
    return new Rival(name, false, proxies -> loss, definition);
  }

  private static double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double distance(double[] a, double[] b, boolean squared) {
    double squares = IntStream.range(0, a.length).mapToDouble(i -> Math.pow(a[i] - b[i], 2)).sum();
    return squared ? squares : Math.sqrt(squares);
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(v -> v).average().orElse(0);
  }

  private static double contrastive(
      double[][] x, long[] y, double positive, double negative, boolean squared, boolean active) {
    List<Double> near = new ArrayList<>();
    List<Double> far = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < i; j++) {
        double d = distance(x[i], x[j], false);
        double over = Math.max(0, y[i] == y[j] ? d - positive : negative - d);
        if (over > 0 || !active) {
          (y[i] == y[j] ? near : far).add(squared ? over * over / 2 : over);
        }
      }
    }
    return mean(near) + mean(far);
  }

  private static double tripletNearest(double[][] x, long[] y, double margin, boolean squared) {
    List<Double> losses = new ArrayList<>();
    for (int a = 0; a < x.length; a++) {
      for (int p = 0; p < x.length; p++) {
        if (p == a || y[p] != y[a]) {
          continue;
        }
        double positive = distance(x[a], x[p], squared);
        double nearest = Double.POSITIVE_INFINITY;
        double farthest = 0;
        for (int n = 0; n < x.length; n++) {
          if (y[n] != y[a]) {
            double d = distance(x[a], x[n], squared);
            nearest = d > positive ? Math.min(nearest, d) : nearest;
            farthest = Math.max(farthest, d);
          }
        }
        double negative = Double.isInfinite(nearest) ? farthest : nearest;
        losses.add(Math.max(0, positive - negative + margin));
      }
    }
    return mean(losses);
  }

  private static double tripletAll(double[][] x, long[] y, double margin, boolean squared) {
    List<Double> losses = new ArrayList<>();
    for (int a = 0; a < x.length; a++) {
      for (int p = 0; p < x.length; p++) {
        for (int n = 0; n < x.length; n++) {
          if (p != a && y[p] == y[a] && y[n] != y[a]) {
            double over = distance(x[a], x[n], squared) - distance(x[a], x[p], squared);
            if (over > 0 && over < margin) {
              losses.add(margin - over);
            }
          }
        }
      }
    }
    return mean(losses);
  }

  private static double lifted(double[][] x, long[] y, double margin) {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        if (i != j && y[i] == y[j]) {
          double sum = 0;
          for (int k = 0; k < x.length; k++) {
            if (y[k] != y[i]) {
              sum += Math.exp(margin - distance(x[i], x[k], false));
              sum += Math.exp(margin - distance(x[j], x[k], false));
            }
          }
          double hinge = Math.max(0, Math.log(sum) + distance(x[i], x[j], false));
          losses.add(hinge * hinge / 2);
        }
      }
    }
    return mean(losses);
  }

  private static double nPairs(double[][] x, long[] y, double scale) {
    List<double[][]> pairs = new ArrayList<>();
    for (long c : distinct(y)) {
      int[] of = IntStream.range(0, y.length).filter(i -> y[i] == c).toArray();
      if (of.length > 1) {
        pairs.add(new double[][] {x[of[0]], x[of[1]]});
      }
    }
    List<Double> losses = new ArrayList<>();
    for (double[][] own : pairs) {
      double sum = 1;
      for (double[][] other : pairs) {
        if (other != own) {
          sum += Math.exp(scale * (dot(own[0], other[1]) - dot(own[0], own[1])));
        }
      }
      losses.add(Math.log(sum));
    }
    return mean(losses);
  }

  private static double multiSimilarity(
      double[][] x, long[] y, double alpha, double beta, double base, double epsilon) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < x.length; k++) {
        if (y[k] != y[i]) {
          most = Math.max(most, cosine(x[i], x[k]));
        } else if (k != i) {
          least = Math.min(least, cosine(x[i], x[k]));
        }
      }
      // Without mining a point without positives keeps its negatives.
      least = Double.isInfinite(epsilon) ? 1 : least;
      most = Double.isInfinite(epsilon) ? -1 : most;
      double positive = 1;
      double negative = 1;
      for (int k = 0; k < x.length; k++) {
        double s = cosine(x[i], x[k]);
        if (y[k] != y[i] && s > least - epsilon) {
          negative += Math.exp(beta * (s - base));
        } else if (k != i && y[k] == y[i] && s < most + epsilon) {
          positive += Math.exp(-alpha * (s - base));
        }
      }
      total += Math.log(positive) / alpha + Math.log(negative) / beta;
    }
    return total / x.length;
  }

  private static double nca(double[][] x, long[] y, double[][] p, double scale, boolean own) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      double sum = 0;
      for (int c = 0; c < p.length; c++) {
        if (own || c != y[i]) {
          sum += Math.exp(-scale * (2 - 2 * cosine(x[i], p[c])));
        }
      }
      total += Math.log(sum) + scale * (2 - 2 * cosine(x[i], p[(int) y[i]]));
    }
    return total / x.length;
  }

  private static double proxyAnchor(double[][] x, long[] y, double[][] p) {
    double near = 0;
    double far = 0;
    for (int c = 0; c < p.length; c++) {
      double positive = 1;
      double negative = 1;
      for (int i = 0; i < x.length; i++) {
        double s = cosine(x[i], p[c]);
        if (y[i] == c) {
          positive += Math.exp(-32 * (s - 0.1));
        } else {
          negative += Math.exp(32 * (s + 0.1));
        }
      }
      near += Math.log(positive);
      far += Math.log(negative);
    }
    return near / distinct(y).size() + far / p.length;
  }

  private static double normalizedSoftmax(double[][] x, long[] y, double[][] p) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      double sum = 0;
      for (double[] proxy : p) {
        sum += Math.exp(cosine(x[i], proxy) / 0.05);
      }
      total += Math.log(sum) - cosine(x[i], p[(int) y[i]]) / 0.05;
    }
    return total / x.length;
  }

  private static double arcFace(double[][] x, long[] y, double[][] p) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      double angle = Math.acos(cosine(x[i], p[(int) y[i]]));
      double own =
          16
              * (angle <= Math.PI - 0.5
                  ? Math.cos(angle + 0.5)
                  : Math.cos(angle) - 0.5 * Math.sin(0.5));
      double sum = Math.exp(own);
      for (int c = 0; c < p.length; c++) {
        sum += c == y[i] ? 0 : Math.exp(16 * cosine(x[i], p[c]));
      }
      total += Math.log(sum) - own;
    }
    return total / x.length;
  }

  /** Two centres a class: its proxy, and the same read backwards. */
  private static Operand<TFloat64> centres(Operand<TFloat64> proxies) {
    Ops tf = Ops.create(proxies.asOutput().env());
    return tf.reshape(
        tf.concat(
            List.of(proxies, tf.reverse(proxies, tf.constant(new int[] {1}))), tf.constant(1)),
        tf.stack(
            List.of(
                tf.constant(-1), tf.gather(tf.shape(proxies), tf.constant(1), tf.constant(0)))));
  }

  private static double softTriple(
      double[][] x, long[] y, double[][] p, double lambda, double gamma, double margin) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      double[] logits = new double[p.length];
      double sum = 0;
      for (int c = 0; c < p.length; c++) {
        double[] backwards = new double[p[c].length];
        for (int k = 0; k < backwards.length; k++) {
          backwards[k] = p[c][backwards.length - 1 - k];
        }
        double a = cosine(x[i], p[c]);
        double b = cosine(x[i], backwards);
        double share = 1 / (1 + Math.exp((b - a) / gamma));
        logits[c] = lambda * (share * a + (1 - share) * b - (c == y[i] ? margin : 0));
        sum += Math.exp(logits[c]);
      }
      total += Math.log(sum) - logits[(int) y[i]];
    }
    return total / x.length;
  }

  private static double supCon(double[][] x, long[] y, double temperature) {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += k == i ? 0 : Math.exp(cosine(x[i], x[k]) / temperature);
      }
      List<Double> own = new ArrayList<>();
      for (int j = 0; j < x.length; j++) {
        if (j != i && y[j] == y[i]) {
          own.add(Math.log(sum) - cosine(x[i], x[j]) / temperature);
        }
      }
      if (!own.isEmpty()) {
        losses.add(mean(own));
      }
    }
    return mean(losses);
  }

  private static double smoothAp(double[][] x, long[] y, double temperature) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      List<Double> precisions = new ArrayList<>();
      for (int j = 0; j < x.length; j++) {
        double all = 1;
        double own = 1;
        for (int k = 0; k < x.length; k++) {
          if (k != j) {
            double above =
                1 / (1 + Math.exp((cosine(x[i], x[j]) - cosine(x[i], x[k])) / temperature));
            all += above;
            own += y[k] == y[i] ? above : 0;
          }
        }
        if (y[j] == y[i]) {
          precisions.add(own / all);
        }
      }
      total += mean(precisions);
    }
    return 1 - total / x.length;
  }

  private static double affinities(double[][] x, long[] y) {
    double total = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        total += Math.pow(dot(x[i], x[j]) - (y[i] == y[j] ? 1 : 0), 2);
      }
    }
    return total;
  }

  /** By the m x m projections: on the columns of x by Gram-Schmidt, on the classes directly. */
  private static double projections(double[][] x, long[] y) {
    int m = x.length;
    List<double[]> basis = new ArrayList<>();
    for (int j = 0; j < x[0].length; j++) {
      double[] column = new double[m];
      for (int i = 0; i < m; i++) {
        column[i] = x[i][j];
      }
      for (int again = 0; again < 2; again++) {
        for (double[] b : basis) {
          double along = dot(b, column);
          for (int i = 0; i < m; i++) {
            column[i] -= along * b[i];
          }
        }
      }
      double length = Math.sqrt(dot(column, column));
      if (length > 1e-6) {
        basis.add(DoubleStream.of(column).map(v -> v / length).toArray());
      }
    }
    double total = 0;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        double difference = 0;
        for (double[] b : basis) {
          difference += b[i] * b[j];
        }
        if (y[i] == y[j]) {
          long own = y[i];
          difference -= 1.0 / IntStream.range(0, m).filter(k -> y[k] == own).count();
        }
        total += difference * difference;
      }
    }
    return total;
  }

  private static Set<Long> distinct(long[] y) {
    Set<Long> distinct = new TreeSet<>();
    for (long label : y) {
      distinct.add(label);
    }
    return distinct;
  }
}
