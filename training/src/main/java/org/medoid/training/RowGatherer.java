package org.medoid.training;

import java.util.ArrayList;
import java.util.List;
import org.medoid.training.evaluation.Embeddings;

/** Gathers the rows of a model into one matrix. */
final class RowGatherer implements EmbeddingModel.Rows {
  private final List<float[]> parts = new ArrayList<>();
  private final int count;
  private int width;

  RowGatherer(int count) {
    this.count = count;
  }

  @Override
  public void add(float[] values, int columns) {
    parts.add(values.clone());
    width = columns;
  }

  Embeddings embeddings() {
    double[] all = new double[Math.multiplyExact(count, width)];
    int filled = 0;
    for (float[] part : parts) {
      for (float value : part) {
        all[filled++] = value;
      }
    }
    return new Embeddings(all, count, width);
  }
}
