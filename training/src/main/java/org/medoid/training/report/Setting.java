package org.medoid.training.report;

import java.util.List;
import java.util.Map;

/**
 * A setting as a page shows it.
 *
 * @param name in words
 * @param value as text
 */
record Setting(String name, String value) {
  /** Those of a map from their names in {@code settings.json}. */
  static List<Setting> of(Map<String, ?> settings) {
    return settings.entrySet().stream()
        .map(each -> new Setting(each.getKey().replace('_', ' '), String.valueOf(each.getValue())))
        .toList();
  }
}
