package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.TemporaryCheckpoint;
import org.medoid.graph.distributed.Worker;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.Session;

/** Embeds and scores the watched images, and at the end those of the test classes. */
final class Scoring implements AutoCloseable {
  private final DataSettings settings;
  private final ImageDataSet test;
  private final TrainingData data;
  private final TrainingParts parts;
  private final FeatureCache features;
  private final Evaluator.Options options;
  private final Worker worker;

  /** Both are used again at the next evaluation: to build them takes longer than a small one. */
  private InferenceGraph inference;

  private ImagePipeline watched;

  /**
   * Prepares.
   *
   * @param features of a frozen backbone, computed once; null to send the images through the
   *     network
   */
  Scoring(
      TrainingSettings settings,
      ImageDataSet test,
      TrainingData data,
      TrainingParts parts,
      FeatureCache features,
      Evaluator.Options options,
      Worker worker) {
    this.settings = settings.data();
    this.test = test;
    this.data = data;
    this.parts = parts;
    this.features = features;
    this.options = options;
    this.worker = worker;
  }

  /**
   * Embeds what chooses the checkpoint; all workers do so together.
   *
   * @param checkpoint the newest, which the training session holds too; null for a worker that does
   *     not lead
   * @param session the training session
   */
  float[] watched(Path checkpoint, Session session) throws IOException {
    return features == null
        ? embed(data.watched().size(), checkpoint, session, this::watched)
        : features.embed(
            data.watchedRows() == null ? features.test() : features.train(data.watchedRows()));
  }

  /**
   * Embeds the test classes; all workers do so together.
   *
   * @param checkpoint the chosen one, which the training session holds too; null for a worker that
   *     does not lead
   * @param session the training session
   */
  float[] test(Path checkpoint, Session session) throws IOException {
    return features == null
        ? embed(test.size(), checkpoint, session, this::test)
        : features.embed(features.test());
  }

  /** Scores what {@link #watched} gave. */
  StepEvaluation scoreWatched(long step, float[] embeddings) {
    return new StepEvaluation(step, score(data.watched(), embeddings), data.watched(), embeddings);
  }

  /** Scores what {@link #test} gave. */
  EvaluationResult scoreTest(float[] embeddings) {
    return score(test, embeddings);
  }

  private float[] embed(int count, Path checkpoint, Session session, Blocks.Work work)
      throws IOException {
    return new Blocks(worker)
        .compute(
            count,
            (from, to) -> {
              if (checkpoint != null) {
                restore(checkpoint);
              } else {
                // The weights are those of the worker that leads, its file perhaps on another
                // machine.
                try (TemporaryCheckpoint weights = new TemporaryCheckpoint(session)) {
                  restore(weights.prefix());
                }
              }
              return work.rows(from, to);
            });
  }

  private void restore(Path checkpoint) {
    if (inference == null) {
      inference =
          InferenceGraph.restored(parts.network(), parts.head(), settings.imageSize(), checkpoint);
    } else {
      inference.restore(checkpoint);
    }
  }

  /** Of this worker's block of the watched images, the same at each evaluation. */
  private float[] watched(int from, int to) {
    if (watched == null) {
      watched = pipeline(data.watched().part(from, to));
    }
    return embed(watched);
  }

  /** Of this worker's block of the test images, once. */
  private float[] test(int from, int to) {
    try (ImagePipeline pictures = pipeline(test.part(from, to))) {
      return embed(pictures);
    }
  }

  private ImagePipeline pipeline(ImageDataSet images) {
    return Embedder.pipeline(images, settings.imageSize(), settings.resize());
  }

  private float[] embed(ImagePipeline pictures) {
    return Embedder.embed(
        inference.session(), InferenceGraph.INPUT, InferenceGraph.OUTPUT, pictures);
  }

  @Override
  public void close() {
    if (watched != null) {
      watched.close();
    }
    if (inference != null) {
      inference.close();
    }
  }

  private EvaluationResult score(ImageDataSet images, float[] embeddings) {
    for (int i = 0; i < embeddings.length; i++) {
      if (!Float.isFinite(embeddings[i])) {
        throw new DivergedException(
            "the embedding of %s has a value that is not finite"
                .formatted(images.files().get(i / (embeddings.length / images.size()))));
      }
    }
    return Evaluator.evaluate(Embeddings.of(embeddings, images.size()), images.labels(), options);
  }
}
