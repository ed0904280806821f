package org.medoid.training.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.medoid.export.WholeFile;
import org.medoid.training.RunFolder;
import org.medoid.training.data.FileNames;
import org.medoid.training.data.ImageDataSet;

/**
 * The embeddings of a run for TensorBoard's projector: {@code events/projector_config.pbtxt}, and
 * in {@code events/projector} the vectors, the class and file of each, and a sprite of thumbnails.
 * At most as many images as the report's map shows.
 */
public final class Projector {
  private static final String FOLDER = "events";

  private static final String CONFIG =
      """
      embeddings {
        tensor_name: "unseen classes"
        tensor_path: "projector/vectors.tsv"
        metadata_path: "projector/metadata.tsv"
        sprite {
          image_path: "projector/sprite.png"
          single_image_dim: %1$d
          single_image_dim: %1$d
        }
      }
      """;

  private Projector() {}

  /**
   * Writes the projector's files; the configuration last, so that it never names what is not there.
   *
   * @param folder the run
   * @param unseen the images
   * @param embeddings of these images, n·d values, row-major
   * @throws IOException if an image cannot be read or a file not be written
   */
  public static void write(RunFolder folder, ImageDataSet unseen, float[] embeddings)
      throws IOException {
    int[] labels = unseen.labels();
    int[] rows = Report.shown(labels, unseen.classNames().size());
    int d = embeddings.length / unseen.size();
    StringBuilder vectors = new StringBuilder();
    StringBuilder metadata = new StringBuilder("class\tfile\n");
    for (int row : rows) {
      for (int j = 0; j < d; j++) {
        vectors.append(j == 0 ? "" : "\t").append(embeddings[row * d + j]);
      }
      vectors.append('\n');
      metadata
          .append(cell(unseen.classNames().get(labels[row])))
          .append('\t')
          .append(cell(FileNames.name(unseen.files().get(row))))
          .append('\n');
    }
    List<Integer> pictures = Arrays.stream(rows).boxed().toList();
    Path target = folder.path().resolve(FOLDER).resolve("projector");
    Files.createDirectories(target);
    byte[] sprite = new Sprite(unseen, pictures).png();
    WholeFile.write(target.resolve("sprite.png"), aside -> Files.write(aside, sprite));
    folder.writeText(FOLDER + "/projector/vectors.tsv", vectors.toString());
    folder.writeText(FOLDER + "/projector/metadata.tsv", metadata.toString());
    folder.writeText(FOLDER + "/projector_config.pbtxt", CONFIG.formatted(Sprite.SIDE));
  }

  /** A cell must not end its column or line. */
  private static String cell(String text) {
    return text.replaceAll("[\\t\\r\\n]", " ");
  }
}
