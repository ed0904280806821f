package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.Network;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.TrainingSettings;

/** Embeds and scores the watched images, and at the end those of the test classes. */
final class Scoring {
  private final DataSettings settings;
  private final ImageDataSet test;
  private final TrainingData data;
  private final Network network;
  private final EmbeddingHead head;
  private final FeatureCache features;
  private final Evaluator.Options options;

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
      Network network,
      EmbeddingHead head,
      FeatureCache features,
      Evaluator.Options options) {
    this.settings = settings.data();
    this.test = test;
    this.data = data;
    this.network = network;
    this.head = head;
    this.features = features;
    this.options = options;
  }

  /**
   * Scores what chooses the checkpoint.
   *
   * @param step steps done
   * @param checkpoint the newest, which the training session holds too
   */
  StepEvaluation watched(long step, Path checkpoint) throws IOException {
    float[] embeddings =
        features == null
            ? embed(data.watched(), checkpoint)
            : features.embed(
                data.watchedRows() == null ? features.test() : features.train(data.watchedRows()));
    return new StepEvaluation(step, score(data.watched(), embeddings), data.watched(), embeddings);
  }

  /**
   * Scores the test classes.
   *
   * @param checkpoint the chosen one, which the training session holds too where features are kept
   */
  EvaluationResult test(Path checkpoint) throws IOException {
    return score(
        test, features == null ? embed(test, checkpoint) : features.embed(features.test()));
  }

  private float[] embed(ImageDataSet images, Path checkpoint) {
    try (InferenceGraph inference =
        InferenceGraph.restored(network, head, settings.imageSize(), checkpoint)) {
      return Embedder.embed(inference, images, settings.imageSize(), settings.resize());
    }
  }

  /** Refuses what is not finite, by its row. */
  private EvaluationResult score(ImageDataSet images, float[] embeddings) {
    return Evaluator.evaluate(Embeddings.of(embeddings, images.size()), images.labels(), options);
  }
}
