package org.medoid.training.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.OptionalLibrary;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.settings.TrainingSettings;

/**
 * {@code report.html} of a run: one file that needs nothing else, to be opened in any browser.
 *
 * <p>It shows the scores, the curves of the training, what some queries find, the classes that are
 * taken for each other, a map of the embeddings, and clusters with their medoids. Retrieval counts
 * all images; map and clusters show at most {@value #PICTURES} of them, of whole classes where
 * these are not too large, so that the file stays below 5 MB; the page says so. The same run gives
 * the same page.
 *
 * <p>Cost: n² distances for the retrieval, a few seconds for the map.
 */
public final class Report {
  private static final String FILE = "report.html";

  /** Images in the map: a thumbnail takes 1 to 3 KB. */
  private static final int PICTURES = 1200;

  /** Images of a class in the map, so that it shows 20 classes or more. */
  static final int PER_CLASS = PICTURES / 20;

  /**
   * What a report shows, beside the run's metrics.
   *
   * @param title the heading of the page
   * @param settings what the run was told
   * @param scores the rows of the score table in order, the last one being the result; perhaps
   *     empty
   * @param unseen the images of the test classes, two or more
   * @param trainedOn how many of these classes were trained on all the same
   * @param embeddings of these images, n·d finite values, row-major
   * @param imageSize height and width of the network's input in pixels
   */
  public record Content(
      String title,
      TrainingSettings settings,
      Map<String, EvaluationResult> scores,
      ImageDataSet unseen,
      int trainedOn,
      float[] embeddings,
      int imageSize) {
    /**
     * Checks that there is a row of embeddings for each image.
     *
     * @param title the heading of the page
     * @param settings what the run was told
     * @param scores the rows of the score table in order, the last one being the result; perhaps
     *     empty
     * @param unseen the images of the test classes, two or more
     * @param trainedOn how many of these classes were trained on all the same
     * @param embeddings of these images, n·d finite values, row-major
     * @param imageSize height and width of the network's input in pixels
     * @throws IllegalArgumentException if there are fewer than two images, or the embeddings are
     *     not as many rows
     */
    public Content {
      scores = new LinkedHashMap<>(scores);
      if (unseen.size() < 2 || embeddings.length == 0 || embeddings.length % unseen.size() != 0) {
        throw new IllegalArgumentException(
            unseen.name()
                + ": a report needs two images or more and a row of embeddings for each, but there"
                + " are "
                + unseen.size()
                + " images and "
                + embeddings.length
                + " values");
      }
    }
  }

  private Report() {}

  /**
   * Writes {@code report.html} into a run folder, whole or not at all.
   *
   * @param folder the run; its {@code metrics.csv} gives the curves
   * @param content what to show
   * @throws IllegalStateException if a library that draws the page is not on the class path; names
   *     it
   * @throws IOException if the metrics or an image cannot be read, or the file not be written
   */
  public static void write(RunFolder folder, Content content) throws IOException {
    OptionalLibrary.MUSTACHE.require();
    OptionalLibrary.TSNE.require();
    folder.writeText(FILE, Templates.filled("page", new Page(folder, content)) + "\n");
  }

  /** Whole classes, evenly spaced in their order, as long as there is room. */
  static int[] shown(int[] labels, int classes) {
    int[] sizes = new int[classes];
    for (int label : labels) {
      sizes[label]++;
    }
    if (labels.length > PICTURES) {
      Arrays.setAll(sizes, c -> Math.min(sizes[c], PER_CLASS));
    }
    // Steps of the golden ratio go through all classes, and the first few lie far apart.
    Set<Integer> order = new LinkedHashSet<>();
    for (int i = 0; order.size() < classes && i < 4 * classes; i++) {
      order.add((int) (i * 0.6180339887498949 % 1 * classes));
    }
    for (int c = 0; c < classes; c++) {
      order.add(c);
    }
    int room = PICTURES;
    int[] quota = new int[classes];
    for (int c : order) {
      if (sizes[c] <= room) {
        quota[c] = sizes[c];
        room -= sizes[c];
      }
    }
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < labels.length; row++) {
      if (quota[labels[row]]-- > 0) {
        rows.add(row);
      }
    }
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }
}
