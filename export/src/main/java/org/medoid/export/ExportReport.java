package org.medoid.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What was exported.
 *
 * @param folder where the files are: the target itself or a version's folder in it
 * @param embeddingSize numbers per picture
 * @param pictures that were compared
 * @param scale the largest absolute value of all embeddings; the tolerance is relative to it
 * @param differences the largest difference of a value by what was compared with the frozen graph:
 *     {@code reference} (the embeddings that were given), {@code savedmodel}, {@code image_bytes},
 *     {@code onnx}
 * @param notes what somebody should know about the comparisons, a line each: which program was
 *     wrong where two differ, how much the network magnifies rounding; usually none
 * @param info the content of {@code export.json}
 */
public record ExportReport(
    Path folder,
    int embeddingSize,
    int pictures,
    double scale,
    Map<String, Double> differences,
    List<String> notes,
    ObjectNode info) {}
