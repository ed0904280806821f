/**
 * Scores of embeddings, as the field reports them: k-means clusters against the true classes (NMI,
 * AMI, ARI, V-measure, F1) and retrieval, leave one out (Recall@K, precision@1, R-precision,
 * MAP@R).
 *
 * <p>Example: two classes, of which one point lies with the other class.
 *
 * <pre>{@code
 * import java.util.List;
 * import java.util.Locale;
 * import org.medoid.training.evaluation.*;
 *
 * public class ScoreSixPoints {
 *   public static void main(String[] arguments) {
 *     float[] embeddings = {0, 0.1f, 0.3f, 5, 5.1f, 5.3f}; // six rows of one value
 *     int[] classes = {0, 0, 0, 1, 1, 0};
 *     EvaluationResult scores =
 *         Evaluator.evaluate(
 *             Embeddings.of(embeddings, 6),
 *             classes,
 *             Evaluator.Options.defaults().withRecallAt(List.of(1, 5)));
 *     System.out.printf(Locale.ROOT, "%.3f%n", scores.recallAt().get(1)); // prints 0.833
 *     System.out.println(scores.recallAt().get(5)); // prints 1.0
 *     System.out.printf(Locale.ROOT, "%.3f%n", scores.nmi()); // prints 0.479
 *   }
 * }
 * }</pre>
 */
package org.medoid.training.evaluation;
