package org.medoid.graph.network;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.medoid.export.savedmodel.FlatGraph;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.VariableDef;

/** Which variables of a SavedModel descent may change, by what its writer said of them. */
final class DeclaredVariables {
  private static final AttrValue EMPTY = AttrValue.getDefaultInstance();
  private static final Pattern STATISTICS =
      Pattern.compile(".*(moving|running)_(mean|var|variance)(_\\d+)?");

  private final Map<String, Boolean> declared = new HashMap<>();

  /** Reads what is declared: by TensorFlow 1 in collections, by 2 in objects. */
  DeclaredVariables(MetaGraphDef meta) throws InvalidProtocolBufferException {
    for (String collection : List.of("variables", "trainable_variables")) {
      if (meta.containsCollectionDef(collection)) {
        for (ByteString bytes :
            meta.getCollectionDefOrThrow(collection).getBytesList().getValueList()) {
          String name = VariableDef.parseFrom(bytes).getVariableName();
          declared.put(name.replaceFirst(":0$", ""), collection.equals("trainable_variables"));
        }
      }
    }
    for (SavedObject object : meta.getObjectGraphDef().getNodesList()) {
      if (object.hasVariable()) {
        // Keras may give two layers' variables one name: then either may be the frozen one.
        declared.merge(
            object.getVariable().getName(),
            object.getVariable().getTrainable(),
            Boolean::logicalAnd);
      }
    }
  }

  /**
   * The names, in a flat graph, of the variables that train: those of floats that are declared
   * trainable or not declared at all, and are not the averages of a batch normalisation.
   */
  Set<String> trainable(FlatGraph flat) {
    Set<String> averages = new HashSet<>();
    for (NodeDef node : flat.nodes()) {
      if (node.getOp().startsWith("FusedBatchNorm") && node.getInputCount() == 5) {
        averages.addAll(node.getInputList().subList(3, 5));
      }
    }
    Set<String> trainable = new HashSet<>();
    for (FlatGraph.Variable variable : flat.variables()) {
      String name = variable.node().getName();
      String shared = variable.node().getAttrOrDefault("shared_name", EMPTY).getS().toStringUtf8();
      if (variable.type() == DataType.DT_FLOAT
          && declared.getOrDefault(name, declared.getOrDefault(shared, true))
          && !averages.contains(variable.name())
          && !STATISTICS.matcher(name).matches()
          && !STATISTICS.matcher(shared).matches()) {
        trainable.add(variable.name());
      }
    }
    return trainable;
  }
}
