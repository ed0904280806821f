package org.medoid.training;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.training.format.Json;
import org.medoid.training.settings.TrainingSettings;

/**
 * The {@code export.json} beside a SavedModel, as far as it is read again.
 *
 * @param node its content; an empty object where there is no such file
 */
record ExportDescription(JsonNode node) {
  /** What is taken over by an export of the export. */
  private static final List<String> KEPT = List.of("distance", "normalisation", "scores", "source");

  static ExportDescription of(Path folder) throws IOException {
    Path file = folder.resolve("export.json");
    if (!Files.exists(file)) {
      return new ExportDescription(Json.mapper().createObjectNode());
    }
    JsonNode node = Json.read(file, JsonNode.class);
    if (!node.isObject() || node.isEmpty()) {
      throw new IOException(file + " is damaged: it says nothing of the model; copy it anew");
    }
    return new ExportDescription(node);
  }

  /** What a user should be told of a model: an export without this file is cut in another way. */
  List<String> notes(ModelSignature signature) {
    List<String> notes = new ArrayList<>(signature.notes());
    if (node.isEmpty() && signature.model().signatures().contains("image_bytes")) {
      notes.add(
          "size: the export's export.json is not beside it, which may say that pictures are scaled"
              + " to more and cut");
    }
    return notes;
  }

  /** What a run hands on to its exports. */
  static Map<String, Object> of(RunFolder run, TrainingSettings settings) throws IOException {
    Map<String, Object> handed = new LinkedHashMap<>();
    handed.put("distance", settings.loss().trainedFor().attribute());
    handed.put("source", Json.mapper().valueToTree(settings));
    if (Files.exists(run.path().resolve(TrainingResult.FILE))) {
      JsonNode result = run.readJson(TrainingResult.FILE, JsonNode.class);
      handed.put("scores", result.has("scores") ? result.get("scores") : result);
    }
    return handed;
  }

  /** Whether it says that the model takes pixels in [0, 1]. */
  boolean isForPixelsToOne() {
    return node.at("/input/range/1").asDouble() == 1;
  }

  /** The size before the cut; 0 where nothing is cut. */
  int resize() {
    int resize = node.path("resize").asInt(0);
    int height = node.path("image_height").asInt(0);
    int width = node.path("image_width").asInt(0);
    return resize == Math.max(height, width) ? 0 : resize;
  }

  Map<String, Object> kept() {
    Map<String, Object> kept = new LinkedHashMap<>();
    for (String key : KEPT) {
      if (node.has(key)) {
        kept.put(key, node.get(key));
      }
    }
    return kept;
  }
}
