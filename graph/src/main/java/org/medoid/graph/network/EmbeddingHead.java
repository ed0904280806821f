package org.medoid.graph.network;

import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * The last layer of an embedding model: fully connected, then L2 normalisation, as the paper places
 * it on the features of a network. Its variables are {@code Embedding/weights} and {@code
 * Embedding/biases}.
 *
 * @param size the length d of an embedding, 64 for every data set of the paper
 */
public record EmbeddingHead(int size) {

  /**
   * Checks the size.
   *
   * @param size the length d of an embedding
   * @throws IllegalArgumentException if {@code size} is not positive
   */
  public EmbeddingHead {
    if (size < 1) {
      throw new IllegalArgumentException("the embedding size must be 1 or more, got " + size);
    }
  }

  /**
   * Builds the head.
   *
   * @param layers where the variables go; they are of {@link LayerVariable.Group#HEAD}
   * @param features [batch, features], the number of features known
   * @return [batch, size], rows of Euclidean length 1 (a row of zeros stays zero)
   */
  public Operand<TFloat32> embed(Layers layers, Operand<TFloat32> features) {
    return layers.head(
        () ->
            layers.scope(
                "Embedding",
                () -> layers.l2Normalize(layers.dense(layers.endOfBackbone(features), size))));
  }
}
