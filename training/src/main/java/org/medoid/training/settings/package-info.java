/**
 * What a training run is told, in groups: data, network, loss, optimiser, schedule.
 *
 * <p>{@link org.medoid.training.settings.TrainingSettings} are complete and checked whole when they
 * are made, before anything is read or written but the size of a SavedModel's images. {@link
 * org.medoid.training.settings.SettingsDraft} holds what somebody told and fills in the rest. A
 * value that cannot be is a {@link org.medoid.training.settings.SettingException}, which names the
 * setting as {@code settings.json} does.
 */
package org.medoid.training.settings;
