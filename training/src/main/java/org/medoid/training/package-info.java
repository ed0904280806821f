/**
 * Training of embedding networks, in run folders that hold all that a run is and leaves behind.
 *
 * <p>{@link org.medoid.training.settings.TrainingSettings} are what a run is told, a {@link
 * org.medoid.training.Trainer} trains by them, from the start or from where it was stopped, {@link
 * org.medoid.training.TrainingListener}s are told how it goes, a {@link
 * org.medoid.training.RunFolder} keeps settings, metrics, checkpoints and result, and {@link
 * org.medoid.training.Comparison} trains several losses alike. {@link org.medoid.training.Embedder}
 * runs images through a trained network.
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
 * import org.medoid.training.settings.TrainingSettings;
 *
 * public class TrainOnIcons {
 *   public static void main(String[] arguments) throws Exception {
 *     TrainingSettings settings =
 *         TrainingSettings.of("icons", "convnet").with(s -> { s.batch = 32; s.steps = 2L; });
 *     DataSplit icons = settings.openData();
 *     Path run = Path.of(arguments[0]).resolve("run");
 *     TrainingResult result = new Trainer(settings, icons).run(run);
 *     System.out.println(result.scores().recallAt().get(1) > 0.2); // prints true
 *
 *     Path best = Checkpoints.of(RunFolder.open(run)).best();
 *     int size = settings.data().imageSize();
 *     try (InferenceGraph network =
 *         InferenceGraph.restored(new ConvNet(), new EmbeddingHead(64), size, best)) {
 *       float[] rows = Embedder.embed(network, icons.test(), size, settings.data().resize());
 *       System.out.println(rows.length == icons.test().size() * 64); // prints true
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.training;
