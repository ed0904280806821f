/**
 * Training of embedding networks, in run folders that hold all that a run is and leaves behind.
 *
 * <p>{@link org.medoid.training.TrainingSettings} are what a run is told, a {@link
 * org.medoid.training.RunFolder} keeps them with metrics, checkpoints and results, a {@link
 * org.medoid.training.Trainer} trains in it, from the start or from where it was stopped, and
 * {@link org.medoid.training.Comparison} trains several losses alike. {@link
 * org.medoid.training.Embedder} runs images through a trained network.
 *
 * <p>Example: a few steps on the icons, the scores on concepts that were not trained on, and their
 * embeddings. The argument is a folder to work in.
 *
 * <pre>{@code
 * import java.nio.file.Path;
 * import org.medoid.graph.InferenceGraph;
 * import org.medoid.graph.network.*;
 * import org.medoid.training.*;
 * import org.medoid.training.data.*;
 * import org.medoid.training.evaluation.EvaluationResult;
 *
 * public class TrainOnIcons {
 *   public static void main(String[] arguments) throws Exception {
 *     TrainingSettings settings =
 *         TrainingSettings.builder().data("icons").model("convnet").batch(32).steps(2).build();
 *     DataSplit icons = DataSets.open("icons");
 *     RunFolder run = RunFolder.create(Path.of(arguments[0]).resolve("run"), settings);
 *     EvaluationResult scores = new Trainer(run, icons).run(step -> {});
 *     System.out.println(scores.recallAt().get(1) > 0.2); // prints true
 *
 *     Path best = Checkpoints.of(run).best();
 *     try (InferenceGraph network =
 *         InferenceGraph.restored(new ConvNet(), new EmbeddingHead(64), settings.imageSize(), best)) {
 *       float[] rows = Embedder.embed(network, icons.test(), settings.imageSize(), settings.resize());
 *       System.out.println(rows.length == icons.test().size() * 64); // prints true
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.training;
