package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.OnnxNode;
import org.medoid.export.onnx.pass.Passes;
import org.medoid.export.onnx.pass.Subgraph;
import org.medoid.export.onnx.pass.Types;
import org.medoid.export.savedmodel.Operations;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;

/**
 * {@code While} as ONNX's Loop. Where TensorFlow has two functions, which get all that the loop
 * reads, ONNX has one graph, which sees what is around it: what the body hands on as it is becomes
 * no state of the loop, and if it is a constant it is one in the body too, so that convolutions in
 * there can be converted. The condition is computed before the loop, and at the end of each round
 * for the next.
 */
final class Loop {
  private static final Set<String> OPERATIONS = Set.of("While", "StatelessWhile");

  private final Translation outer;
  private final Source.Node node;
  private final TfNode context;
  private final List<Value> read;
  private final List<Value> made;
  private final OnnxGraph graph = new OnnxGraph();
  private final Map<String, Value> around = new LinkedHashMap<>();

  Loop(Translation outer, Source.Node node, TfNode context, List<Value> read, List<Value> made) {
    this.outer = outer;
    this.node = node;
    this.context = context;
    this.read = read;
    this.made = made;
  }

  static boolean is(Source.Node node) {
    return OPERATIONS.contains(node.op());
  }

  void convert() {
    FunctionDef body = function("body");
    FunctionDef condition = function("cond");
    boolean[] stays = new boolean[read.size()];
    List<Integer> changing = new ArrayList<>();
    for (int i = 0; i < read.size(); i++) {
      stays[i] = Operations.handsOn(body, i);
      if (!stays[i]) {
        if (!Types.known(read.get(i).type())) {
          throw context.unsupported("ONNX has no type for " + read.get(i).type());
        }
        changing.add(i);
      }
    }
    String first = first(condition);
    String round = graph.fresh("round");
    String before = graph.fresh("more");
    List<Subgraph.Port> inputs = new ArrayList<>();
    inputs.add(new Subgraph.Port(round, DataType.DT_INT64, new long[0]));
    inputs.add(new Subgraph.Port(before, DataType.DT_BOOL, new long[0]));
    // Only what is read is taken from around.
    Map<Integer, Value> inside = new HashMap<>();
    Constant[] constants = new Constant[read.size()];
    Source.Info[] infos = new Source.Info[read.size()];
    for (int i = 0; i < read.size(); i++) {
      Value value = stays[i] ? read.get(i) : made.get(i);
      infos[i] = new Source.Info(value.type(), value.shape());
      constants[i] = stays[i] ? read.get(i).constant() : null;
      if (constants[i] == null && Types.known(value.type())) {
        String name = graph.fresh((stays[i] ? "around" : "carried") + "_" + i);
        Value stand = new Value(graph, name, infos[i], null);
        stand.setPlain(name);
        inside.put(i, stand);
        if (stays[i]) {
          around.put(name, read.get(i));
        } else {
          inputs.add(new Subgraph.Port(name, value.type(), value.shape()));
        }
      }
    }
    Translation rounds = translated(body, infos, constants, inside, graph);
    Map<String, String> ends = new TreeMap<>();
    Map<Integer, Value> next = new HashMap<>(inside);
    for (int i : changing) {
      Value end = rounds.value(Functions.result(i));
      next.put(i, end);
      ends.put("end_" + i, end.plain());
    }
    Translation test = translated(condition, infos, constants, next, graph);
    ends.put("more", truth(test.value(Functions.result(0)), graph));
    graph.prune(ends.values());
    if (graph.nodes().stream().noneMatch(one -> one.op.equals(OnnxGraph.UNSUPPORTED))) {
      Passes.apply(graph, ends, OnnxConverter.OPSET);
    }
    rounds.nameTensors();
    test.nameTensors();
    outer.graph().needOpset(graph.opset());
    add(first, changing, inputs, ends);
  }

  private void add(
      String first, List<Integer> changing, List<Subgraph.Port> inputs, Map<String, String> ends) {
    List<Subgraph.Port> outputs = new ArrayList<>();
    List<String> results = new ArrayList<>(List.of("more"));
    changing.forEach(i -> results.add("end_" + i));
    for (int i = 0; i < results.size(); i++) {
      // A graph's outputs are made in it, each by a node of its own.
      OnnxNode copy =
          graph.add("Identity", results.get(i), List.of(ends.get(results.get(i))), Map.of(), 1);
      Subgraph.Port like = inputs.get(i + 1);
      outputs.add(new Subgraph.Port(copy.output(), like.type(), like.shape()));
    }
    List<String> tensors = new ArrayList<>(List.of("", first));
    changing.forEach(i -> tensors.add(read.get(i).plain()));
    Set<String> needed = Set.copyOf(graph.uses(List.of()).keySet());
    List<String> captured = around.keySet().stream().filter(needed::contains).toList();
    captured.forEach(name -> tensors.add(around.get(name).plain()));
    Subgraph subgraph = new Subgraph(graph, inputs, outputs, captured);
    List<String> after =
        outer
            .graph()
            .add("Loop", node.name(), tensors, Map.of("body", subgraph), changing.size())
            .outputs;
    for (int i = 0; i < read.size(); i++) {
      int at = changing.indexOf(i);
      if (at >= 0) {
        made.get(i).setPlain(after.get(at));
      } else {
        made.get(i).setSame(read.get(i));
      }
    }
  }

  /** The condition for what the loop starts with, computed around it. */
  private String first(FunctionDef condition) {
    Constant[] constants = new Constant[read.size()];
    Source.Info[] infos = new Source.Info[read.size()];
    Map<Integer, Value> starts = new HashMap<>();
    for (int i = 0; i < read.size(); i++) {
      infos[i] = new Source.Info(read.get(i).type(), read.get(i).shape());
      constants[i] = read.get(i).constant();
      starts.put(i, read.get(i));
    }
    Translation test = translated(condition, infos, constants, starts, outer.graph());
    return truth(test.value(Functions.result(0)), outer.graph());
  }

  private Translation translated(
      FunctionDef function,
      Source.Info[] infos,
      Constant[] constants,
      Map<Integer, Value> arguments,
      OnnxGraph into) {
    Map<Source.TensorName, Value> values = new HashMap<>();
    arguments.forEach(
        (i, value) -> {
          if (constants[i] == null) {
            values.put(Functions.argument(function, i), value);
          }
        });
    Source source = outer.source().function(Functions.graph(function, infos, constants));
    return outer.of(source, into, values);
  }

  private static String truth(Value value, OnnxGraph graph) {
    if (value.type() == DataType.DT_BOOL) {
      return value.plain();
    }
    Map<String, Object> to = Map.of("to", Types.onnx(DataType.DT_BOOL).getNumber());
    return graph.add("Cast", value.toString(), List.of(value.plain()), to, 1).output();
  }

  private FunctionDef function(String attribute) {
    String name = node.definition().getAttrMap().get(attribute).getFunc().getName();
    FunctionDef function = outer.source().functions().get(name);
    if (function == null) {
      throw context.unsupported("it runs " + name + ", which is not in the graph's library");
    }
    return function;
  }
}
