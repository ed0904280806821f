package org.medoid.graph.network;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.medoid.export.savedmodel.FlatGraph;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.VariableDef;

/** Which variables of a SavedModel descent may change, by what its writer said of them. */
final class DeclaredVariables {
  private static final AttrValue EMPTY = AttrValue.getDefaultInstance();
  private static final Pattern STATISTICS =
      Pattern.compile(".*(moving|running)_(mean|var|variance)(_\\d+)?");

  /** What follows an object's place among the others, in the name of a variable in a checkpoint. */
  private static final String VALUE = "/.ATTRIBUTES/VARIABLE_VALUE";

  /** Operations to which TensorFlow gives no gradient, on purpose. */
  private static final Set<String> STILL =
      Set.of(
          "StopGradient",
          "Shape",
          "ShapeN",
          "Rank",
          "Size",
          "ZerosLike",
          "OnesLike",
          "OneHot",
          "Less",
          "LessEqual",
          "Greater",
          "GreaterEqual",
          "Equal",
          "NotEqual",
          "LogicalAnd",
          "LogicalOr",
          "LogicalNot",
          "Sign",
          "Floor",
          "Ceil",
          "Round",
          "Rint",
          "ArgMax",
          "ArgMin");

  private final Map<String, Boolean> declared = new HashMap<>();

  /**
   * Reads what is declared: by TensorFlow 1 in collections, by 2 in objects, which are found by the
   * name of a variable, and surely by the place from which it is restored: the objects of a
   * tf.Module may all be called "Variable".
   */
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
    Map<String, Boolean> places = new HashMap<>();
    List<SavedObject> objects = meta.getObjectGraphDef().getNodesList();
    objects(objects)
        .forEach((place, object) -> places.put(place + VALUE, object.getVariable().getTrainable()));
    for (SavedObject object : objects) {
      if (object.hasVariable()) {
        // Keras may give two layers' variables one name: then either may be the frozen one.
        declared.merge(
            object.getVariable().getName(),
            object.getVariable().getTrainable(),
            Boolean::logicalAnd);
      }
    }
    restored(meta.getGraphDef())
        .forEach(
            (variable, key) -> {
              if (places.containsKey(key)) {
                declared.put(variable, places.get(key));
              }
            });
  }

  /**
   * Variables by their places, the first that a walk in breadth finds, as TensorFlow names them.
   */
  private static Map<String, SavedObject> objects(List<SavedObject> objects) {
    Map<String, SavedObject> places = new HashMap<>();
    Map<Integer, String> found = new LinkedHashMap<>();
    Deque<Integer> open = new ArrayDeque<>();
    if (!objects.isEmpty()) {
      found.put(0, "");
      open.add(0);
    }
    while (!open.isEmpty()) {
      int number = open.remove();
      SavedObject object = objects.get(number);
      if (object.hasVariable()) {
        places.put(found.get(number), object);
      }
      for (var child : object.getChildrenList()) {
        // As TensorFlow escapes names.
        String name = child.getLocalName().replace(".", "..").replace("/", ".S");
        String place = found.get(number).isEmpty() ? name : found.get(number) + "/" + name;
        if (child.getNodeId() < objects.size()
            && found.putIfAbsent(child.getNodeId(), place) == null) {
          open.add(child.getNodeId());
        }
      }
    }
    return places;
  }

  /** The names under which variables of a graph are restored, by the variables' nodes. */
  private static Map<String, String> restored(GraphDef graph) {
    Map<String, String> keys = restored(graph.getNodeList(), Map.of());
    Map<String, FunctionDef> functions = new HashMap<>();
    graph.getLibrary().getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
    for (NodeDef node : graph.getNodeList()) {
      FunctionDef called = functions.get(node.getAttrOrDefault("f", EMPTY).getFunc().getName());
      if (called != null
          && called.getNodeDefList().stream().anyMatch(DeclaredVariables::restores)) {
        Map<String, String> arguments = new HashMap<>();
        int known = Math.min(called.getSignature().getInputArgCount(), node.getInputCount());
        for (int i = 0; i < known; i++) {
          arguments.put(called.getSignature().getInputArg(i).getName(), node.getInput(i));
        }
        keys.putAll(restored(called.getNodeDefList(), arguments));
      }
    }
    return keys;
  }

  private static boolean restores(NodeDef node) {
    return node.getOp().equals("RestoreV2");
  }

  /** The same of the nodes of a graph, or of a function that is called with variables. */
  private static Map<String, String> restored(List<NodeDef> all, Map<String, String> arguments) {
    Map<String, NodeDef> nodes = new HashMap<>();
    all.forEach(node -> nodes.put(node.getName(), node));
    Map<String, String> keys = new HashMap<>();
    for (NodeDef node : all) {
      if (node.getOp().equals("AssignVariableOp")) {
        String value = node.getInput(1);
        while (nodes.containsKey(name(value))
            && nodes.get(name(value)).getOp().equals("Identity")) {
          value = nodes.get(name(value)).getInput(0);
        }
        NodeDef from = nodes.get(name(value));
        if (from != null && restores(from)) {
          NodeDef names = nodes.get(name(from.getInput(1)));
          String index = value.substring(value.lastIndexOf(':') + 1);
          int number = index.matches("\\d+") ? Integer.parseInt(index) : 0;
          List<ByteString> known =
              names == null
                  ? List.of()
                  : names.getAttrOrDefault("value", EMPTY).getTensor().getStringValList();
          if (number < known.size()) {
            String variable = node.getInput(0);
            keys.put(arguments.getOrDefault(variable, variable), known.get(number).toStringUtf8());
          }
        }
      }
    }
    return keys;
  }

  /** The node of a tensor. */
  private static String name(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }

  /** The nodes whose values change the outputs smoothly, as far as the kinds of nodes tell. */
  private static Set<String> differentiable(FlatGraph flat) {
    Set<String> behind = new HashSet<>();
    flat.outputs().values().forEach(tensor -> behind.add(name(tensor)));
    for (int i = flat.nodes().size() - 1; i >= 0; i--) {
      NodeDef node = flat.nodes().get(i);
      if (behind.contains(node.getName()) && !STILL.contains(node.getOp())) {
        node.getInputList().forEach(input -> behind.add(name(input)));
      }
    }
    return behind;
  }

  /**
   * The names, in a flat graph, of the variables that train: those of floats that are declared
   * trainable or not declared at all, are not the averages of a batch normalisation, and do not
   * reach the outputs through operations alone that pass no gradient.
   */
  Set<String> trainable(FlatGraph flat) {
    Set<String> averages = new HashSet<>();
    for (NodeDef node : flat.nodes()) {
      if (node.getOp().startsWith("FusedBatchNorm") && node.getInputCount() == 5) {
        averages.addAll(node.getInputList().subList(3, 5));
      }
    }
    Set<String> behind = differentiable(flat);
    Set<String> trainable = new HashSet<>();
    for (FlatGraph.Variable variable : flat.variables()) {
      String name = variable.node().getName();
      String shared = variable.node().getAttrOrDefault("shared_name", EMPTY).getS().toStringUtf8();
      if (variable.type() == DataType.DT_FLOAT
          && declared.getOrDefault(name, declared.getOrDefault(shared, true))
          && behind.contains(variable.name())
          && !averages.contains(variable.name())
          && !STATISTICS.matcher(name).matches()
          && !STATISTICS.matcher(shared).matches()) {
        trainable.add(variable.name());
      }
    }
    return trainable;
  }
}
