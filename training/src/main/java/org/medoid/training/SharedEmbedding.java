package org.medoid.training;

import java.io.IOException;
import java.util.function.Function;
import org.medoid.graph.distributed.Worker;
import org.medoid.training.data.ImageDataSet;

/**
 * Pictures that workers embed together, a block each at a time.
 *
 * @param worker one of several, which have agreed
 * @param rows takes the rows of all, on each worker
 */
record SharedEmbedding(Worker worker, EmbeddingModel.Rows rows) {
  /** Pictures that a worker embeds before it gives the rows to the others: some seconds of work. */
  private static final int BLOCK = 1024;

  /**
   * Embeds the pictures of all workers.
   *
   * @param from the first that is wanted; that of the worker that leads counts
   * @param alone embeds pictures without the others
   */
  void embed(ImageDataSet pictures, int from, Function<ImageDataSet, float[]> alone)
      throws IOException {
    Blocks blocks = new Blocks(worker);
    int all = BLOCK * worker.workers();
    for (int done = ofLeader(from); done < pictures.size(); ) {
      ImageDataSet part = pictures.part(done, Math.min(done + all, pictures.size()));
      float[] values =
          blocks.compute(part.size(), (begin, end) -> alone.apply(part.part(begin, end)));
      rows.add(values, values.length / part.size());
      done += part.size();
    }
  }

  private int ofLeader(int number) {
    int own = worker.leads() ? number : 0;
    float[] halves = worker.sum(own >> 16, own & 0xffff); // a float is exact up to 2^24
    return ((int) halves[0] << 16) + (int) halves[1];
  }
}
