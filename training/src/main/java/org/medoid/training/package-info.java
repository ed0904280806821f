/**
 * Training of embedding networks, in run folders that hold all that a run is and leaves behind.
 *
 * <p>{@link org.medoid.training.settings.TrainingSettings} are what a run is told, a {@link
 * org.medoid.training.Trainer} trains by them, from the start or from where it was stopped, {@link
 * org.medoid.training.TrainingListener}s are told how it goes, a {@link
 * org.medoid.training.RunFolder} keeps settings, metrics, checkpoints and result, and {@link
 * org.medoid.training.Comparison} trains several losses alike. An {@link
 * org.medoid.training.EmbeddingModel} is what came of it, or an export, or any SavedModel: it
 * embeds pictures and hands itself to the exporter.
 *
 * <p>Example: a few steps on the icons, the scores on concepts that were not trained on, and their
 * embeddings. The argument is a folder to work in.
 *
 * <pre>{@code
 * import java.nio.file.Path;
 * import org.medoid.training.*;
 * import org.medoid.training.data.*;
 * import org.medoid.training.evaluation.Embeddings;
 * import org.medoid.training.settings.TrainingSettings;
 *
 * public class TrainOnIcons {
 *   public static void main(String[] arguments) throws Exception {
 *     TrainingSettings settings =
 *         TrainingSettings.of("icons", "convnet", s -> { s.batch = 32; s.classesPerBatch = 8; s.steps = 2L; });
 *     DataSplit icons = settings.openData();
 *     Path run = Path.of(arguments[0]).resolve("run");
 *     TrainingResult result = new Trainer(settings, icons).run(run);
 *     System.out.println(result.scores().recallAt().get(1) > 0.2); // prints true
 *
 *     try (EmbeddingModel model = EmbeddingModel.ofRun(run)) {
 *       Embeddings rows = model.embed(icons.test());
 *       System.out.println(rows.rows() == icons.test().size()); // prints true
 *       Embeddings one = model.embedFiles(icons.test().files().subList(0, 1));
 *       System.out.println(one.width()); // prints 64
 *       System.out.println(
 *           model.exporter().export(run.resolve("export")).differences().get("onnx") < 1e-5); // prints true
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.training;
