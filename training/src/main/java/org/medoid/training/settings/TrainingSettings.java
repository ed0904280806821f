package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;

/**
 * What a run is told: everything that decides its result. Stored as {@code settings.json} in the
 * run folder, one flat object, so that a run can be resumed, evaluated and exported by its folder
 * alone.
 *
 * <pre>{@code
 * TrainingSettings settings = TrainingSettings.of("icons", "convnet", s -> s.steps = 300L);
 * }</pre>
 *
 * @param data what is trained on
 * @param network what is trained
 * @param loss what training minimises
 * @param optimizer how the weights move
 * @param schedule how long, and when it is looked at
 */
public record TrainingSettings(
    DataSettings data,
    NetworkSettings network,
    LossSettings loss,
    OptimizerSettings optimizer,
    ScheduleSettings schedule) {
  /**
   * Checks that the groups fit together.
   *
   * @param data what is trained on
   * @param network what is trained
   * @param loss what training minimises
   * @param optimizer how the weights move
   * @param schedule how long, and when it is looked at
   * @throws SettingException if they do not
   */
  public TrainingSettings {
    require(
        data.chunk() == 0 || !network.frozenFeatures(),
        "chunk",
        data.chunk(),
        "with frozen features no image goes through the network in a step; leave it out");
    require(
        data.rows() == data.batch()
            || network.batchNorm() == BatchNormalization.FROZEN
            || network.frozen(),
        "chunk",
        data.chunk(),
        "needs frozen batch normalisation: the statistics of a chunk are not those of the batch");
  }

  /**
   * Settings for a data set and a network; what is not told takes the default that fits the rest.
   *
   * @param data the data set, as {@link DataSets#open(String)} takes it
   * @param model the network, as {@link Networks#of} takes it
   * @param tell sets fields of a draft
   * @return complete settings
   * @throws SettingException if they cannot be
   * @throws IOException if the model is a SavedModel that cannot be read
   */
  public static TrainingSettings of(String data, String model, Consumer<SettingsDraft> tell)
      throws IOException {
    SettingsDraft draft = new SettingsDraft();
    draft.data = data;
    draft.model = model;
    tell.accept(draft);
    return draft.complete();
  }

  /**
   * Other settings. What followed from a setting that is changed here stays as it is: another batch
   * keeps γ and the classes per batch.
   *
   * @param change sets fields of a draft that holds all of these; null asks for the default
   * @return complete settings
   * @throws SettingException if they cannot be
   * @throws IOException if the model is a SavedModel that cannot be read
   */
  public TrainingSettings with(Consumer<SettingsDraft> change) throws IOException {
    SettingsDraft draft = SettingsJson.draft(asMap());
    change.accept(draft);
    return draft.complete();
  }

  /**
   * Opens the run's data set as the run saw it.
   *
   * @return its images, without what was left out as broken
   * @throws IOException as {@link DataSets#open(String, boolean)}
   */
  public DataSplit openData() throws IOException {
    return DataSets.open(data.data(), data.skipBroken());
  }

  /**
   * What {@code settings.json} holds.
   *
   * @return every setting by its name, in the order of the groups; constants in lower case
   */
  @JsonValue
  public Map<String, Object> asMap() {
    return SettingsJson.map(data, network, loss, optimizer, schedule);
  }

  /**
   * What is otherwise in other settings.
   *
   * @param others compared with these
   * @return each setting that differs with both values: {@code steps 10, not 20}; empty if none
   *     does
   */
  public String difference(TrainingSettings others) {
    Map<String, Object> these = asMap();
    return others.asMap().entrySet().stream()
        .filter(other -> !Objects.equals(other.getValue(), these.get(other.getKey())))
        .map(
            other -> other.getKey() + " " + these.get(other.getKey()) + ", not " + other.getValue())
        .collect(Collectors.joining("; "));
  }

  /**
   * Reads what {@link #asMap} gave, or an earlier version of this program wrote.
   *
   * @param values by name; what is missing takes the value that the program went by before the
   *     setting was there
   * @return the settings
   * @throws SettingException if a name is not known, or a value is not of its type or out of range
   * @throws IOException if the image size is missing and the SavedModel cannot be read
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static TrainingSettings of(Map<String, Object> values) throws IOException {
    return SettingsJson.draft(values).complete();
  }
}
