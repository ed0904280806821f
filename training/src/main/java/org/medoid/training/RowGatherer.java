package org.medoid.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.medoid.training.evaluation.Embeddings;

/** Gathers the rows of a model into one matrix. */
final class RowGatherer implements EmbeddingModel.Rows {
  private final List<float[]> parts = new ArrayList<>();
  private final int count;
  private int width;

  private RowGatherer(int count) {
    this.count = count;
  }

  /** Embeds pictures. */
  interface Run {
    void into(EmbeddingModel.Rows rows) throws IOException;
  }

  /** The rows that a run gives. */
  static Embeddings gathered(int count, Run run) {
    RowGatherer all = new RowGatherer(count);
    try {
      run.into(all);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // no file is written
    }
    return all.embeddings();
  }

  @Override
  public void add(float[] values, int columns) {
    parts.add(values.clone());
    width = columns;
  }

  private Embeddings embeddings() {
    double[] all = new double[Embeddings.size(count, width)];
    int filled = 0;
    for (float[] part : parts) {
      for (float value : part) {
        all[filled++] = value;
      }
    }
    return new Embeddings(all, count, width);
  }
}
