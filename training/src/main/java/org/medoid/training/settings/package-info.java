/**
 * What a training run is told, in groups: data, network, loss, optimiser, schedule.
 *
 * <p>{@link org.medoid.training.settings.TrainingSettings} are complete and checked whole when they
 * are made, before anything is read or written but the size of a SavedModel's images. {@link
 * org.medoid.training.settings.SettingsDraft} holds what somebody told and fills in the rest. A
 * value that cannot be is a {@link org.medoid.training.settings.SettingException}, which names the
 * setting as {@code settings.json} does.
 *
 * <p>Example: what is not told follows from what is.
 *
 * <pre>{@code
 * import org.medoid.training.settings.SettingException;
 * import org.medoid.training.settings.TrainingSettings;
 *
 * public class TellARun {
 *   public static void main(String[] arguments) throws Exception {
 *     TrainingSettings settings =
 *         TrainingSettings.of("icons", "convnet", draft -> draft.batch = 64);
 *     System.out.println(settings.loss().gamma()); // prints 16.0
 *     try {
 *       TrainingSettings.of("icons", "convnet", draft -> draft.learningRate = -1.0);
 *     } catch (SettingException e) {
 *       System.out.println(e.setting()); // prints learning_rate
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.training.settings;
