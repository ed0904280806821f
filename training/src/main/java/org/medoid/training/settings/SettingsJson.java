package org.medoid.training.settings;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medoid.training.format.Json;

/** The flat form of settings: names with underscores, constants in lower case. */
final class SettingsJson {
  /** What runs went by before a setting was there, where that is not the default of today. */
  private static final Map<String, Object> BEFORE =
      Map.of(
          "gamma", 1,
          "gamma_decay", 0.94,
          "learning_rate", 0.001,
          "backbone_rate_multiplier", 1,
          "warm_up", 0,
          "validation_classes", 0,
          "choose_on", "test");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .addModule(Json.constants())
          .build();

  private SettingsJson() {}

  static Map<String, Object> map(Record... groups) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (Record group : groups) {
      all.putAll(JSON.convertValue(group, new TypeReference<LinkedHashMap<String, Object>>() {}));
    }
    return all;
  }

  static SettingsDraft draft(Map<String, Object> values) {
    Map<String, Object> all = new LinkedHashMap<>(BEFORE);
    all.putAll(values);
    try {
      return JSON.convertValue(all, SettingsDraft.class);
    } catch (IllegalArgumentException e) {
      if (e.getCause() instanceof JsonMappingException wrong && !wrong.getPath().isEmpty()) {
        String name = wrong.getPath().get(0).getFieldName();
        throw new SettingException(
            name,
            all.get(name)
                + (wrong instanceof UnrecognizedPropertyException
                    ? ": no such setting"
                    : ": is not a value that this setting can have"));
      }
      throw e;
    }
  }
}
