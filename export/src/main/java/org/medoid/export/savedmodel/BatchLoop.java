package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Runs a network that takes a fixed number of pictures as often as a batch needs: it becomes the
 * body of a loop, {@code StatelessWhile}, which takes as many pictures from the batch in each round
 * and writes their rows. The last round is filled up with the last picture.
 */
final class BatchLoop implements Border.Nodebook {
  private static final DataType FLOAT = DataType.DT_FLOAT;
  private static final DataType INT = DataType.DT_INT32;

  private final FlatGraph flat;
  private final int batch;
  private final String images;
  private final String output;
  private final Names names = new Names();
  private final FlatNodes nodes = new FlatNodes(this);
  private List<NodeDef> written;

  private BatchLoop(FlatGraph flat, int batch) {
    this.flat = flat;
    this.batch = batch;
    this.images = Tensors.node(flat.inputs().values().iterator().next());
    this.output = flat.outputs().values().iterator().next();
    flat.nodes().forEach(node -> names.take(node.getName()));
    flat.variables().forEach(variable -> names.take(variable.name()));
    flat.functions().forEach(function -> names.take(function.getSignature().getName()));
  }

  @Override
  public String unique(String wanted) {
    return names.unique(wanted);
  }

  @Override
  public void add(NodeDef node) {
    written.add(node);
  }

  /**
   * Writes the loop.
   *
   * @param flat with one input, a placeholder [batch, height, width, 3] of float32, and one output,
   *     [batch, features]
   * @param batch that it takes
   * @return the same for any batch
   * @throws IllegalArgumentException if the graph does not say how many features there are
   */
  static FlatGraph of(FlatGraph flat, int batch) {
    return new BatchLoop(flat, batch).looped();
  }

  private FlatGraph looped() {
    Shape row = new InferredShapes(flat.open()).of(output);
    if (row.isUnknown() || row.numDimensions() != 2 || row.get(1) < 0) {
      throw new IllegalArgumentException(
          "the network takes %d picture%s at a time and no other number, and does not say how many"
                  .formatted(batch, batch == 1 ? "" : "s")
              + " features they have: write it with an open batch");
    }
    // What the loop carries: the first picture's number and the rows; and what it reads.
    List<String> arguments = new ArrayList<>(List.of("first", "rows", "limit", "pictures"));
    List<DataType> types = new ArrayList<>(List.of(INT, FLOAT, INT, FLOAT));
    TensorShapeProto picture = placeholder().getAttrOrThrow("shape").getShape();
    List<TensorShapeProto> shapes =
        new ArrayList<>(
            List.of(Nodes.shape(), Nodes.shape(-1, row.get(1)), Nodes.shape(), freed(picture)));
    Map<String, String> outside = new LinkedHashMap<>();
    arguments.replaceAll(this::unique);
    for (FlatGraph.Variable variable : flat.variables()) {
      String argument = unique("variable");
      outside.put(variable.name() + ":0", argument);
      arguments.add(argument);
      types.add(variable.type());
      shapes.add(variable.shape());
    }
    FunctionDef body = body(arguments, types, outside);
    FunctionDef condition = condition(arguments, types);
    written = new ArrayList<>();
    return flat.with(
        around(body, condition, types, shapes, Math.toIntExact(row.get(1))),
        flat.variables(),
        functions(body, condition));
  }

  private List<FunctionDef> functions(FunctionDef body, FunctionDef condition) {
    List<FunctionDef> all = new ArrayList<>(flat.functions());
    all.add(condition);
    all.add(body);
    return all;
  }

  private NodeDef placeholder() {
    return flat.nodes().stream().filter(n -> n.getName().equals(images)).findFirst().orElseThrow();
  }

  private static TensorShapeProto freed(TensorShapeProto shape) {
    TensorShapeProto.Builder any = shape.toBuilder();
    any.getDimBuilder(0).setSize(-1);
    return any.build();
  }

  private FunctionDef body(
      List<String> arguments, List<DataType> types, Map<String, String> outside) {
    written = new ArrayList<>();
    String first = arguments.get(0);
    String each = nodes.numbers("places/each", IntStream.range(0, batch).boxed().toList());
    String last =
        nodes.add("last", Nodes.typed("Sub", INT, arguments.get(2), nodes.number("one", 1)));
    String places =
        nodes.add("places", Nodes.typed("Minimum", INT, sum("places/all", first, each), last));
    String some = nodes.gathered("some", arguments.get(3), places, FLOAT);
    // The placeholder becomes the pictures of the round, under its own name.
    for (NodeDef node : flat.nodes()) {
      written.add(node.getName().equals(images) ? Nodes.identity(images, some, FLOAT) : node);
    }
    String one = nodes.numbers("places/rows", List.of(batch, 1));
    String at = nodes.reshaped("places/column", places, one, INT);
    String rows = nodes.replacedRows("changed", arguments.get(1), at, output, FLOAT);
    String next = sum("next", first, nodes.number("next/by", batch));
    List<String> results = new ArrayList<>(List.of(next, rows));
    results.addAll(arguments.subList(2, arguments.size()));
    FunctionDef.Builder function =
        FlatFunction.of(arguments, types, outside, written, results, types);
    function.getSignatureBuilder().setName(unique("batch_body"));
    return function.build();
  }

  private FunctionDef condition(List<String> arguments, List<DataType> types) {
    written = new ArrayList<>();
    String more = nodes.add("more", Nodes.typed("Less", INT, arguments.get(0), arguments.get(2)));
    FunctionDef.Builder function =
        FlatFunction.of(
            arguments, types, Map.of(), written, List.of(more), List.of(DataType.DT_BOOL));
    function.getSignatureBuilder().setName(unique("batch_cond"));
    return function.build();
  }

  private String sum(String name, String a, String b) {
    return nodes.add(name, Nodes.typed("AddV2", INT, a, b));
  }

  /** The graph around the loop. */
  private List<NodeDef> around(
      FunctionDef body,
      FunctionDef condition,
      List<DataType> types,
      List<TensorShapeProto> shapes,
      int size) {
    NodeDef given = placeholder();
    AttrValue shape = AttrValue.newBuilder().setShape(shapes.get(3)).build();
    written.add(given.toBuilder().putAttr("shape", shape).build());
    String count = nodes.rows("count", images + ":0", FLOAT);
    String zeros = nodes.zeros("embeddings", count, Shape.of(size), FLOAT);
    List<String> inputs =
        new ArrayList<>(List.of(nodes.number("start", 0), zeros, count, images + ":0"));
    flat.variables().forEach(variable -> inputs.add(variable.name() + ":0"));
    String loop =
        nodes.add(
            "batch",
            FlatFunction.loop(
                inputs,
                types,
                shapes,
                condition.getSignature().getName(),
                body.getSignature().getName()));
    String rows = Tensors.node(loop) + ":1";
    written.add(Nodes.identity(Tensors.node(output), rows, FLOAT));
    return written;
  }
}
