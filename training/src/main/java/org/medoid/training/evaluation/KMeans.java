package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Lloyd's k-means, started by k-means++ (Arthur, Vassilvitskii, SODA 2007), the best of some
 * restarts. Deterministic for a seed. It ends when no centre moves, or after a number of
 * iterations.
 *
 * <p>The start draws a batch of centres at once, each with a chance in proportion to its squared
 * distance D² from the centres before the batch, and keeps each with the chance that the batch's
 * centres so far have left of its D²: rejection sampling, so that the centres are distributed as if
 * drawn one by one, while distances are matrix products. The start's distances also give the first
 * assignment.
 *
 * <p>An iteration compares a point with all centres only if its own centre moved away from it; else
 * only with those centres that moved, since no other can have become the nearest (Kaukoranta,
 * Fränti, Nevalainen, "A fast exact GLA based on code vector activity detection", 2000). This
 * changes no assignment. Points and centres are held in double; near ties are settled by their
 * differences, ties by the lowest centre. A cluster that loses all its points takes the point
 * farthest from its centre, unless all lie on their centres.
 *
 * @param assignments the cluster of each point
 * @param inertia the sum of the squared distances to the centres
 * @param iterations how many times the centres were moved
 */
record KMeans(int[] assignments, double inertia, int iterations) {
  /** Centres drawn at once: a matrix product worth its call, few of them rejected. */
  private static final int BATCH = 256;

  /**
   * Clusters points.
   *
   * @param points finite values
   * @param k number of clusters, 1 to the number of points
   * @param iterations at most, at least 1
   * @param restarts at least 1
   * @param seed of the starts
   * @param progress hears of centres and iterations
   * @return the clusters
   */
  static KMeans fit(
      Embeddings points, int k, int iterations, int restarts, long seed, TaskProgress progress) {
    double factor = Frame.taming(points);
    Embeddings moved = fromFirst(Frame.times(points, factor));
    Frame frame = Frame.around(moved, moved);
    float[] framed = frame.floats(moved);
    SplittableRandom random = new SplittableRandom(seed);
    KMeans best = null;
    try (DistanceBlocks blocks = new DistanceBlocks(points.width())) {
      for (int r = 0; r < restarts; r++) {
        Run run = new Run(blocks, moved, framed, frame, k, progress);
        run.start(random.split());
        int done = run.lloyd(iterations);
        if (best == null || run.inertia() < best.inertia) {
          best = new KMeans(run.nearest, run.inertia(), done);
        }
      }
    }
    return new KMeans(best.assignments, best.inertia / factor / factor, best.iterations);
  }

  /**
   * Takes the first point off all: of values of float32 exactly, so that all that follows is the
   * same to the last bit wherever the points lie.
   */
  private static Embeddings fromFirst(Embeddings x) {
    double[] moved = new double[x.values().length];
    Arrays.setAll(moved, i -> x.values()[i] - x.values()[i % x.width()]);
    return new Embeddings(moved, x.rows(), x.width());
  }

  /** One start and what follows. */
  private static final class Run {
    private final DistanceBlocks blocks;
    private final double[] x;
    private final float[] framed;
    private final Frame frame;
    private final int n;
    private final int d;
    private final int k;
    private final TaskProgress progress;
    private final int[] all;
    private final double[] centres;
    private final float[] framedCentres;

    /** The nearest centre of each point, and how far it is, squared. */
    private final int[] nearest;

    private final double[] distance;

    Run(
        DistanceBlocks blocks,
        Embeddings points,
        float[] framed,
        Frame frame,
        int k,
        TaskProgress progress) {
      this.blocks = blocks;
      this.framed = framed;
      this.frame = frame;
      this.k = k;
      this.progress = progress;
      x = points.values();
      n = points.rows();
      d = points.width();
      all = NeighbourSearch.range(n);
      centres = new double[k * d];
      framedCentres = new float[k * d];
      nearest = new int[n];
      distance = new double[n];
    }

    double inertia() {
      double sum = 0;
      for (double each : distance) {
        sum += each;
      }
      return sum;
    }

    void start(SplittableRandom random) {
      int chosen = 1;
      System.arraycopy(x, random.nextInt(n) * d, centres, 0, d);
      for (int i = 0; i < n; i++) {
        distance[i] = Differences.squared(x, i, centres, 0, d);
      }
      double[] upTo = new double[n];
      while (chosen < k) {
        double total = 0;
        for (int i = 0; i < n; i++) {
          total += distance[i];
          upTo[i] = total;
        }
        int before = chosen;
        int draws = Math.min(BATCH, Math.min(k - chosen, chosen));
        for (int draw = 0; draw < draws; draw++) {
          int i = total > 0 ? draw(upTo, random.nextDouble() * total) : random.nextInt(n);
          double left = distance[i];
          for (int c = before; c < chosen; c++) {
            left = Math.min(left, Differences.squared(x, i, centres, c, d));
          }
          // With no distance left, all points lie on centres: any point will do.
          if (total == 0 || random.nextDouble() * distance[i] < left) {
            System.arraycopy(x, i * d, centres, chosen++ * d, d);
          }
        }
        int first = before;
        compare(
            all,
            Arrays.stream(NeighbourSearch.range(chosen - before)).map(c -> c + first).toArray());
        progress.at("k-means start", chosen, k);
      }
    }

    /** The first index whose sum is above a value. */
    private static int draw(double[] upTo, double value) {
      int from = 0;
      int to = upTo.length - 1;
      while (from < to) {
        int middle = (from + to) >>> 1;
        if (upTo[middle] > value) {
          to = middle;
        } else {
          from = middle + 1;
        }
      }
      return from;
    }

    /** Moves points to centres that are nearer than their own, or as near and lower. */
    private void compare(int[] points, int[] against) {
      float error = blocks.error();
      double square = frame.scale() * frame.scale();
      frame.floats(centres, framedCentres);
      Supplier<DistanceBlocks.Row> rows =
          () -> {
            Selection selection = new Selection();
            return (i, row) -> {
              float bound = Math.nextUp((float) (distance[i] * square + error));
              selection.least(row, against.length, bound, 2 * error);
              for (int f = 0; f < selection.count(); f++) {
                int c = against[selection.found()[f]];
                double exact = Differences.squared(x, i, centres, c, d);
                if (exact < distance[i] || (exact == distance[i] && c < nearest[i])) {
                  distance[i] = exact;
                  nearest[i] = c;
                }
              }
            };
          };
      blocks.each(framed, points, framedCentres, against, rows, done -> {});
    }

    /** Iterates; says how often. */
    int lloyd(int iterations) {
      for (int iteration = 0; iteration < iterations; iteration++) {
        int[] moved = move();
        progress.at("k-means", iteration + 1, iterations);
        if (moved.length == 0) {
          return iteration;
        }
        int[] everything = new int[n];
        int[] some = new int[n];
        int left = 0;
        int kept = 0;
        for (int i = 0; i < n; i++) {
          double now = Differences.squared(x, i, centres, nearest[i], d);
          if (now > distance[i]) {
            everything[left++] = i;
          } else {
            some[kept++] = i;
          }
          distance[i] = now;
        }
        compare(Arrays.copyOf(everything, left), NeighbourSearch.range(k));
        compare(Arrays.copyOf(some, kept), moved);
      }
      return iterations;
    }

    /** Moves the centres to the means of their points; gives those that moved. */
    private int[] move() {
      int[] sizes = new int[k];
      double[] sums = new double[k * d];
      for (int i = 0; i < n; i++) {
        int at = nearest[i] * d;
        sizes[nearest[i]]++;
        for (int j = 0; j < d; j++) {
          sums[at + j] += x[i * d + j];
        }
      }
      int[] moved = new int[k];
      int count = 0;
      double[] far = null;
      for (int c = 0; c < k; c++) {
        boolean moves = false;
        if (sizes[c] == 0) {
          far = far == null ? distance.clone() : far;
          int farthest = 0;
          for (int i = 1; i < n; i++) {
            if (far[i] > far[farthest]) {
              farthest = i;
            }
          }
          if (far[farthest] > 0) {
            far[farthest] = 0; // the next empty cluster takes another
            System.arraycopy(x, farthest * d, centres, c * d, d);
            moves = true;
          }
        } else {
          for (int j = 0; j < d; j++) {
            double mean = sums[c * d + j] / sizes[c];
            moves |= mean != centres[c * d + j];
            centres[c * d + j] = mean;
          }
        }
        if (moves) {
          moved[count++] = c;
        }
      }
      return Arrays.copyOf(moved, count);
    }
  }
}
