package org.medoid.export.onnx;

import ai.onnx.proto.OnnxMl;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.proto.GraphDef;

/**
 * Turns a frozen TensorFlow graph into an ONNX model.
 *
 * <p>The model computes what the graph computes, in ONNX's terms:
 *
 * <ul>
 *   <li>Images stay [batch, height, width, channels] at the inputs and outputs. Inside, ONNX's
 *       operations want [batch, channels, height, width]: there is one Transpose behind an input,
 *       and none between convolutions. Each tensor knows the layout it is in; elementwise
 *       operations, concatenations, paddings and reductions work in the layout they find.
 *   <li>What depends on constants alone is computed here, by TensorFlow itself.
 *   <li>Batch normalisation, and any other product or sum with a constant for each channel, is
 *       folded into the convolution or matrix product before it.
 *   <li>Padding is explicit, the odd pixel at the end as in TensorFlow; only where a size is
 *       unknown and matters it is {@code SAME_UPPER}.
 *   <li>Patterns become one operation: x rsqrt(max(sum x^2, e)) is ReduceL2, Max, Div; x relu6(x +
 *       3)/6 is HardSwish.
 * </ul>
 *
 * <p>The same graph gives the same bytes, of opset {@value #OPSET} and IR version {@value #IR}.
 *
 * <p>Thread-safe: there is no state.
 */
public final class OnnxConverter {
  /** The default version of ONNX's operator set. */
  public static final int OPSET = 15;

  /** The version of the file format. */
  public static final int IR = 8;

  private static final Set<Integer> OPSETS = Set.of(15, 16, 17);

  private OnnxConverter() {}

  /**
   * Settings of a conversion.
   *
   * @param opset the version of the operator set, 15 to 17; a model that adds up scattered values
   *     has at least 16
   * @param metadata entries of metadata_props, written in the order of their keys
   * @param converters converters by TensorFlow operation, which go before those built in
   */
  public record Options(
      int opset, Map<String, String> metadata, Map<String, OpConverter> converters) {

    /**
     * Checks the version and copies the maps.
     *
     * @param opset the version of the operator set, 15 to 17
     * @param metadata entries of metadata_props
     * @param converters converters by TensorFlow operation
     * @throws IllegalArgumentException if the version is another one
     */
    public Options {
      if (!OPSETS.contains(opset)) {
        throw new IllegalArgumentException("opset must be 15, 16 or 17, got " + opset);
      }
      metadata = Map.copyOf(metadata);
      converters = Map.copyOf(converters);
    }

    /**
     * Returns the usual settings: opset {@value OnnxConverter#OPSET}, no metadata.
     *
     * @return the settings
     */
    public static Options defaults() {
      return new Options(OPSET, Map.of(), Map.of());
    }

    /**
     * Returns these settings with another version of the operator set.
     *
     * @param opset 15 to 17
     * @return new settings
     */
    public Options withOpset(int opset) {
      return new Options(opset, metadata, converters);
    }

    /**
     * Returns these settings with metadata.
     *
     * @param metadata entries of metadata_props; replaces what there was
     * @return new settings
     */
    public Options withMetadata(Map<String, String> metadata) {
      return new Options(opset, metadata, converters);
    }

    /**
     * Returns these settings with a converter for one more operation, or another one for an
     * operation that has one.
     *
     * @param op the name of a TensorFlow operation
     * @param converter what converts it
     * @return new settings
     * @throws NullPointerException if one of the two is null
     */
    public Options withConverter(String op, OpConverter converter) {
      Map<String, OpConverter> more = new HashMap<>(converters);
      more.put(Objects.requireNonNull(op, "op"), Objects.requireNonNull(converter, "converter"));
      return new Options(opset, metadata, more);
    }
  }

  /**
   * Converts a graph.
   *
   * @param graph a frozen graph: constants, placeholders and plain operations, no variables and no
   *     calls of functions. Only what the outputs depend on is looked at; control inputs count for
   *     nothing.
   * @param inputs the placeholder ({@code node} or {@code node:0}) of each input, by the name that
   *     it shall have in the model. An unknown first size becomes the dimension {@code batch}.
   * @param outputs the tensor ({@code node} or {@code node:index}) of each output, by the name that
   *     it shall have
   * @param options the settings
   * @return the model
   * @throws IllegalArgumentException if the graph has a cycle, lacks a node or is not valid; if
   *     something in it has no counterpart in ONNX: one message then names every such node; if a
   *     converter fails, naming the node; if the model would be larger than the 2 GB that a
   *     protobuf message can have
   * @throws IllegalStateException if protobuf on the class path is too old for the ONNX classes
   */
  public static OnnxMl.ModelProto convert(
      GraphDef graph, Map<String, String> inputs, Map<String, String> outputs, Options options) {
    OnnxClasses.check();
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("a model needs at least one output");
    }
    Map<String, Source.TensorName> inputTensors = parse(inputs);
    Map<String, Source.TensorName> outputTensors = parse(outputs);
    outputTensors.keySet().stream()
        .filter(inputTensors::containsKey)
        .forEach(
            name -> {
              throw new IllegalArgumentException("both an input and an output are called " + name);
            });
    Map<String, OpConverter> converters = new HashMap<>(OpConverters.STANDARD);
    converters.putAll(options.converters());
    Source source =
        new Source(graph, outputTensors.values(), inputTensors.values(), converters.keySet());
    return new Conversion(source, inputTensors, outputTensors, converters, options.opset())
        .model(options);
  }

  private static Map<String, Source.TensorName> parse(Map<String, String> tensors) {
    Map<String, Source.TensorName> parsed = new TreeMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.isEmpty()) {
            throw new IllegalArgumentException("the name for tensor " + tensor + " is empty");
          }
          parsed.put(name, Source.TensorName.parse(tensor));
        });
    return parsed;
  }

  /** The one error that lists everything: a line for an operation and a reason. */
  static IllegalArgumentException unsupported(Collection<Source.Unsupported> nodes) {
    Map<String, List<Source.Unsupported>> kinds =
        nodes.stream()
            .collect(
                Collectors.groupingBy(
                    one -> one.node().op() + ": " + one.why(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    StringBuilder text = new StringBuilder();
    text.append(nodes.size()).append(nodes.size() == 1 ? " node" : " nodes");
    text.append(" cannot be converted to ONNX:");
    kinds.values().forEach(same -> text.append("\n  ").append(line(same)).append(';'));
    text.append("\nadd a converter with OnnxConverter.Options.withConverter,");
    return new IllegalArgumentException(text + " or export a SavedModel");
  }

  private static String line(List<Source.Unsupported> same) {
    Source.Unsupported first = same.get(0);
    String where =
        same.size() == 1
            ? " (" + first.node().name() + ")"
            : ", " + same.size() + " nodes, the first is " + first.node().name();
    return first.node().op() + where + ": " + first.why();
  }

  /** Refuses what protobuf cannot write; the bound leaves room for nodes and names. */
  static void checkSize(long constantBytes) {
    if (constantBytes > Integer.MAX_VALUE - (1 << 20)) {
      throw new IllegalArgumentException(
          "the model's constants take "
              + constantBytes
              + " bytes, and an ONNX file of one piece holds 2 GB at most (protobuf's limit);"
              + " export a SavedModel, or use half precision");
    }
  }
}
