package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue.ListValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * What an operation gives that takes a serialized {@code tf.train.Example} apart.
 *
 * @param outputs how many tensors
 * @param first which of them is that of the first dense feature
 * @param features the dense ones, which have a fixed number of values
 */
record ExampleParser(int outputs, int first, List<Feature> features) {
  private static final String KEYS = "dense_keys";

  private static final Set<String> OPERATIONS =
      Set.of("ParseExample", "ParseExampleV2", "ParseSingleExample");

  /**
   * A feature.
   *
   * @param key its name
   * @param type string, int64 or float
   * @param shape of its values in one example
   */
  record Feature(String key, DataType type, Shape shape) {
    /** Whether it is one string, which may be the content of a file. */
    boolean isFile() {
      return type == DataType.DT_STRING && shape.size() == 1;
    }
  }

  static boolean isOperation(NodeDef node) {
    return OPERATIONS.contains(node.getOp());
  }

  /**
   * Reads a node.
   *
   * @param flat what is flat so far
   * @param node with all attributes
   * @throws IllegalArgumentException if the names of features are computed
   */
  static ExampleParser of(Flattener flat, Body body, NodeDef node, List<String> inputs) {
    OpDef definition = Operations.registered(node.getOp());
    int outputs =
        definition.getOutputArgList().stream().mapToInt(each -> Operations.size(node, each)).sum();
    int first = Operations.offset(node, definition, "dense_values");
    ListValue types = node.getAttrOrThrow("Tdense").getList();
    List<TensorShapeProto> shapes = node.getAttrOrThrow("dense_shapes").getList().getShapeList();
    List<ByteString> keys = keys(flat, definition, node, inputs);
    if (keys.size() != types.getTypeCount() || keys.size() != shapes.size()) {
      throw new IllegalArgumentException(
          body.where(node) + " does not say in constants what the features of an example are");
    }
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      Shape shape = ModelTensor.shape(shapes.get(i));
      features.add(new Feature(keys.get(i).toStringUtf8(), types.getType(i), shape));
    }
    return new ExampleParser(outputs, first, features);
  }

  /** An attribute, a tensor for each, or one for all. */
  private static List<ByteString> keys(
      Flattener flat, OpDef definition, NodeDef node, List<String> inputs) {
    if (node.containsAttr(KEYS)) {
      return node.getAttrOrThrow(KEYS).getList().getSList();
    }
    List<ByteString> keys = new ArrayList<>();
    int at = 0;
    for (OpDef.ArgDef input : definition.getInputArgList()) {
      int end = at + Operations.size(node, input);
      if (input.getName().equals(KEYS)) {
        for (String tensor : inputs.subList(at, end)) {
          TensorProto value = Constants.value(flat.node(Tensors.node(tensor)));
          keys.addAll(value == null ? List.of() : strings(value));
        }
      }
      at = end;
    }
    return keys;
  }

  /** The values of a tensor of strings. */
  private static List<ByteString> strings(TensorProto value) {
    List<ByteString> strings = new ArrayList<>(value.getStringValList());
    try {
      // Packed: all lengths, then all bytes.
      CodedInputStream in = value.getTensorContent().newCodedInput();
      int[] lengths = new int[(int) ModelTensor.shape(value.getTensorShape()).size()];
      for (int i = 0; i < lengths.length && !in.isAtEnd(); i++) {
        lengths[i] = in.readRawVarint32();
      }
      for (int i = 0; i < lengths.length && strings.size() < lengths.length; i++) {
        strings.add(ByteString.copyFrom(in.readRawBytes(lengths[i])));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("a tensor of strings is cut short", e);
    }
    return strings;
  }
}
