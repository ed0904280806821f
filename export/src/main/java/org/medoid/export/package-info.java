/**
 * Embedding models for Python and for servers: SavedModel and ONNX, out of any TensorFlow Java
 * program.
 *
 * <p>A {@link org.medoid.export.FrozenGraph} is the part of a graph that computes some outputs from
 * some inputs, with the variables' values in it: cut out of a session, or out of a SavedModel of
 * any writer. A {@link org.medoid.export.ModelExporter} writes one as SavedModel, ONNX file and
 * {@code export.json}, for TensorFlow, TensorFlow Serving, onnxruntime and Triton, and compares
 * what it wrote with what it was given before it puts it in its place.
 *
 * <p>Example: a network that a session holds, with pictures to compare with.
 *
 * <pre>{@code
 * FrozenGraph frozen =
 *     FrozenGraph.of(
 *         session, graph, Map.of("images", "input"), Map.of("embedding", "head/normalized:0"));
 * ExportReport report =
 *     ModelExporter.of(frozen)
 *         .pictures(List.of(Path.of("cat.jpg"), Path.of("dog.png")))
 *         .metadata(Map.of("distance", "euclidean"))
 *         .export(Path.of("exported"));
 * double onnx = report.differences().get("onnx"); // 2e-7 or so
 * }</pre>
 *
 * <p>In Python:
 *
 * <pre>{@code
 * model = tf.saved_model.load("exported")
 * model.signatures["serving_default"](images=pixels)["embedding"]
 * model.signatures["image_bytes"](image_bytes=tf.constant([open("cat.jpg", "rb").read()]))
 * onnxruntime.InferenceSession("exported/model.onnx").run(["embedding"], {"images": pixels})
 * }</pre>
 */
package org.medoid.export;
