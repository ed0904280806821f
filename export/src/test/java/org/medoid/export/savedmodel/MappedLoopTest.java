package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.op.image.DecodePng;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.op.io.ParseExample;
import org.tensorflow.op.math.Mean;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * What {@code tf.map_fn} does to pictures one by one is done to all of them at once, with the same
 * numbers as TensorFlow's; also behind a decoder that is left out.
 */
class MappedLoopTest {
  private static final AttrValue INT = Nodes.type(DataType.DT_INT32);
  private static final int COUNT = 3;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 5;

  /** What is done to a picture [6, 5, 3]. */
  private interface Row extends BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> {}

  private static Operand<TFloat32> resized(Ops tf, Operand<TFloat32> x, int height, int width) {
    Operand<TFloat32> batch = tf.expandDims(x, tf.constant(0));
    return tf.squeeze(
        tf.image.resizeBilinear(
            batch, tf.array(height, width), ResizeBilinear.halfPixelCenters(true)),
        Squeeze.axis(List.of(0L)));
  }

  private static Row row(Row row) {
    return row;
  }

  static Stream<Row> rows() {
    return Stream.of(
        row((tf, x) -> tf.math.mul(resized(tf, x, 4, 4), tf.constant(2f))),
        // Less its mean, over its deviation: axes from the first and from the last.
        (tf, x) -> {
          Mean.Options keep = Mean.keepDims(true);
          Operand<TFloat32> centred = tf.math.sub(x, tf.math.mean(x, tf.array(0, 1, 2), keep));
          return tf.math.div(
              centred,
              tf.math.sqrt(tf.math.mean(tf.math.square(centred), tf.array(-1, -2, -3), keep)));
        },
        // A number for each picture, times the picture: ranks 0 and 3.
        (tf, x) -> tf.math.mul(x, tf.math.mean(x, tf.array(0, 1, 2))),
        // Ranks 1 and 3; then a vector of constants.
        (tf, x) ->
            tf.math.sub(
                tf.math.add(x, tf.math.mean(x, tf.array(0, 1))),
                tf.constant(new float[] {1, 2, 3})),
        (tf, x) -> tf.stridedSlice(x, Indices.slice(1, 5), Indices.slice(0, 4), Indices.all()),
        (tf, x) -> tf.stridedSlice(x, Indices.ellipsis(), Indices.at(1)),
        (tf, x) ->
            tf.stridedSlice(tf.stridedSlice(x, Indices.newAxis(), Indices.all()), Indices.at(0)),
        (tf, x) -> tf.slice(x, tf.array(1, 0, 0), tf.array(4, -1, 2)),
        (tf, x) ->
            tf.squeeze(
                tf.slice(
                    tf.expandDims(x, tf.constant(0)), tf.array(0, 1, 0, 0), tf.array(1, 4, -1, 2)),
                Squeeze.axis(List.of(-4L))),
        (tf, x) -> tf.pad(x, tf.constant(new int[][] {{1, 0}, {0, 2}, {0, 0}}), tf.constant(0f)),
        (tf, x) -> tf.reverse(tf.linalg.transpose(x, tf.array(1, 0, 2)), tf.array(-1, 0)),
        (tf, x) -> tf.reshape(x, tf.array(HEIGHT, WIDTH * 3)),
        (tf, x) -> tf.reshape(x, tf.array(-1, 3)),
        (tf, x) -> tf.reshape(tf.reshape(x, tf.array(1, HEIGHT, WIDTH, 3)), tf.array(-1)),
        // By its own size, which is that of all pictures.
        (tf, x) -> tf.reshape(x, tf.reverse(tf.shape(x), tf.array(0))),
        (tf, x) -> {
          List<Operand<TFloat32>> colours =
              Stream.of(2, 1, 0)
                  .map(
                      i ->
                          (Operand<TFloat32>) tf.stridedSlice(x, Indices.ellipsis(), Indices.at(i)))
                  .toList();
          return tf.concat(
              List.of(x, tf.stack(colours, org.tensorflow.op.core.Stack.axis(-1L))),
              tf.constant(1));
        },
        (tf, x) -> tf.gather(x, tf.array(2, 0), tf.constant(-1)),
        (tf, x) -> {
          List<Operand<TFloat32>> rows = List.copyOf(tf.unstack(x, (long) HEIGHT).output());
          return tf.math.maximum(rows.get(0), rows.get(3));
        },
        // A layer inside, over a batch of one.
        (tf, x) ->
            tf.squeeze(
                tf.math.mean(
                    tf.nn.conv2d(
                        tf.expandDims(x, tf.constant(0)),
                        tf.math.sin(
                            tf.reshape(
                                tf.range(tf.constant(0f), tf.constant(108f), tf.constant(1f)),
                                tf.array(3, 3, 3, 4))),
                        List.of(1L, 2L, 2L, 1L),
                        "SAME"),
                    tf.array(1, 2)),
                Squeeze.axis(List.of(0L))));
  }

  /** Runs a function by MapDefun, TensorFlow's own loop over rows; and gives its definition. */
  private static <T extends TType, U extends TType> FunctionDef function(
      Class<T> from, Shape in, BiFunction<Ops, Operand<T>, Operand<U>> row, Class<U> to) {
    try (Graph graph = new Graph();
        ConcreteFunction function =
            ConcreteFunction.create(
                tf -> {
                  Placeholder<T> x = tf.placeholder(from, Placeholder.shape(in));
                  return Signature.builder("picture")
                      .input("x", x)
                      .output("y", row.apply(tf, x))
                      .build();
                })) {
      Ops tf = Ops.create(graph);
      tf.mapDefun(
          List.of(tf.placeholder(from)),
          List.of(),
          List.of(to),
          List.of(Shape.unknown()),
          function);
      return graph.toGraphDef().getLibrary().getFunction(0);
    }
  }

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static AttrValue named(String function) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(function)).build();
  }

  private static AttrValue types(DataType... types) {
    AttrValue.Builder list = AttrValue.newBuilder();
    list.getListBuilder().addAllType(List.of(types));
    return list.build();
  }

  private static FunctionDef.Builder loops(String name, DataType... types) {
    FunctionDef.Builder function = FunctionDef.newBuilder();
    function.getSignatureBuilder().setName(name);
    for (int i = 0; i < types.length; i++) {
      function
          .getSignatureBuilder()
          .addInputArgBuilder()
          .setName(String.valueOf((char) ('a' + i)))
          .setType(types[i]);
    }
    return function;
  }

  /** {@code stack = tf.map_fn(row, x)}, as Python writes it. */
  private static GraphDef mapped(NodeDef x, DataType to, FunctionDef row) {
    DataType from = Nodes.type(x, "dtype");
    DataType[] carried = {
      DataType.DT_INT32, DataType.DT_VARIANT, DataType.DT_VARIANT, DataType.DT_INT32
    };
    GraphDef.Builder graph = GraphDef.newBuilder().addNode(x);
    graph.getVersionsBuilder().setProducer(1882);
    graph.addNode(Nodes.sizes("x", from).setName("shape"));
    graph.addNode(Nodes.constant(List.of(0)).setName("from"));
    graph.addNode(Nodes.constant(List.of(1)).setName("to"));
    graph.addNode(
        node("rows", "StridedSlice", "shape", "from", "to", "to")
            .putAttr("T", INT)
            .putAttr("Index", INT)
            .putAttr("shrink_axis_mask", Nodes.number(1)));
    graph.addNode(Nodes.constant(0).setName("zero"));
    graph.addNode(Nodes.constant(-1).setName("any"));
    graph.addNode(
        node("list", "TensorListFromTensor", "x", "any")
            .putAttr("element_dtype", Nodes.type(from))
            .putAttr("shape_type", INT));
    graph.addNode(
        node("empty", "TensorListReserve", "any", "rows")
            .putAttr("element_dtype", Nodes.type(to))
            .putAttr("shape_type", INT));
    graph.addNode(
        node("loop", "StatelessWhile", "zero", "list", "empty", "rows")
            .putAttr("T", types(carried))
            .putAttr("cond", named("fewer"))
            .putAttr("body", named("next")));
    graph.addNode(
        node("stack", "TensorListStack", "loop:2", "any").putAttr("element_dtype", Nodes.type(to)));
    FunctionDef.Builder fewer = loops("fewer", carried);
    fewer.getSignatureBuilder().addOutputArgBuilder().setName("y").setType(DataType.DT_BOOL);
    fewer.addNodeDef(node("less", "Less", "a", "d").putAttr("T", INT)).putRet("y", "less:z:0");
    FunctionDef.Builder next = loops("next", carried);
    next.addNodeDef(Nodes.constant(1).setName("one"));
    next.addNodeDef(Nodes.constant(-1).setName("any"));
    next.addNodeDef(node("after", "AddV2", "a", "one:output:0").putAttr("T", INT));
    next.addNodeDef(
        node("get", "TensorListGetItem", "b", "a", "any:output:0")
            .putAttr("element_dtype", Nodes.type(from)));
    next.addNodeDef(
        node("call", "PartitionedCall", "get:item:0")
            .putAttr("Tin", types(from))
            .putAttr("Tout", types(to))
            .putAttr("f", named(row.getSignature().getName())));
    next.addNodeDef(
        node("set", "TensorListSetItem", "c", "a", "call:output:0")
            .putAttr("element_dtype", Nodes.type(to)));
    String[] results = {"after:z:0", "b", "set:output_handle:0", "d"};
    for (int i = 0; i < results.length; i++) {
      next.getSignatureBuilder().addOutputArgBuilder().setName("r" + i).setType(carried[i]);
      next.putRet("r" + i, results[i]);
    }
    graph.getLibraryBuilder().addFunction(row).addFunction(fewer).addFunction(next);
    return graph.build();
  }

  private static float[] run(GraphDef definition, String in, String out) {
    float[] pixels = new float[COUNT * HEIGHT * WIDTH * 3];
    Random random = new Random(1);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(definition);
      try (TFloat32 x =
              TFloat32.tensorOf(Shape.of(COUNT, HEIGHT, WIDTH, 3), DataBuffers.of(pixels));
          Result result = session.runner().feed(in, x).fetch(out).run()) {
        float[] values = new float[Math.toIntExact(result.get(0).size())];
        result.get(0).asRawTensor().data().asFloats().read(values);
        return values;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void whatIsDonePictureByPictureIsDoneToAllAtOnce(Row row) {
    FunctionDef function =
        function(TFloat32.class, Shape.of(HEIGHT, WIDTH, 3), row, TFloat32.class);
    NodeDef x = Nodes.placeholder("x", DataType.DT_FLOAT, Nodes.shape(-1, HEIGHT, WIDTH, 3));
    GraphDef loop = mapped(x, DataType.DT_FLOAT, function);
    for (Purpose purpose : Purpose.values()) {
      FlatGraph flat =
          FlatGraph.of(
              loop,
              List.of(
                  new FlatGraph.Port(
                      "in", "x", DataType.DT_FLOAT, Nodes.shape(-1, HEIGHT, WIDTH, 3))),
              List.of(
                  new FlatGraph.Port(
                      "out", "stack", DataType.DT_FLOAT, Nodes.shape(-1, HEIGHT, WIDTH, 3))),
              purpose);
      assertThat(flat.functions()).isEmpty();
      assertThat(run(flat.frozen(Map.of()), "in", "out"))
          .containsExactly(run(loop, "x", "stack"), within(1e-5f));
    }
  }

  /** A SavedModel whose only signature takes strings: mean colours of the pictures behind a map. */
  /** The pixels of a PNG, 0 to 255. */
  private static Operand<TFloat32> decoded(Ops tf, Operand<TString> file, long channels) {
    return tf.dtypes.cast(
        tf.image.decodePng(file, TUint8.class, DecodePng.channels(channels)), TFloat32.class);
  }

  private static ThrowableAssertAlternative<?> assertRefused(
      Path folder, BiFunction<Ops, Operand<TString>, Operand<TFloat32>> row) {
    return assertThatIOException().isThrownBy(() -> open(write(folder, row)));
  }

  private static Path write(Path folder, BiFunction<Ops, Operand<TString>, Operand<TFloat32>> row)
      throws IOException {
    FunctionDef function = function(TString.class, Shape.scalar(), row, TFloat32.class);
    NodeDef x = Nodes.placeholder("x", DataType.DT_STRING, Nodes.shape(-1));
    GraphDef.Builder graph = mapped(x, DataType.DT_FLOAT, function).toBuilder();
    graph.addNode(Nodes.constant(List.of(1, 2)).setName("places"));
    graph.addNode(
        node("mean", "Mean", "stack", "places")
            .putAttr("T", Nodes.type(DataType.DT_FLOAT))
            .putAttr("Tidx", INT));
    return write(folder, graph, "mean:0", -1);
  }

  /** A signature from strings of a shape. */
  private static Path write(Path folder, GraphDef.Builder graph, String out, long... shape)
      throws IOException {
    long[] features = shape.length == 0 ? new long[] {3} : new long[] {-1, 3};
    SignatureDef.Builder signature = SignatureDef.newBuilder();
    signature
        .putInputs("bytes", tensor("x:0", DataType.DT_STRING, shape))
        .putOutputs("y", tensor(out, DataType.DT_FLOAT, features));
    MetaGraphDef.Builder meta =
        MetaGraphDef.newBuilder().setGraphDef(graph).putSignatureDef("serve", signature.build());
    meta.getMetaInfoDefBuilder().addTags("serve");
    Files.write(
        folder.resolve("saved_model.pb"),
        SavedModel.newBuilder().addMetaGraphs(meta).build().toByteArray());
    return folder;
  }

  private static TensorInfo tensor(String name, DataType type, long... shape) {
    return TensorInfo.newBuilder()
        .setName(name)
        .setDtype(type)
        .setTensorShape(Nodes.shape(shape))
        .build();
  }

  private static ModelSignature open(Path folder) throws IOException {
    return org.medoid.export.savedmodel.SavedModel.open(folder).signature(SignatureChoice.FITTING);
  }

  private static void assertSame(ModelSignature signature) throws IOException {
    FlatGraph flat = signature.flat(Purpose.TRAINING);
    float[] ours = run(flat.frozen(Map.of()), "images", "features");
    Random random = new Random(1);
    float[] pixels = new float[COUNT * HEIGHT * WIDTH * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    try (OriginalModel original = signature.original()) {
      assertThat(original.features(pixels, HEIGHT, WIDTH)).containsExactly(ours, within(1e-3f));
    }
  }

  @Test
  void aDecoderInAMapIsLeftOutAndWhatFollowsItIsDone(@TempDir Path folder) throws IOException {
    ModelSignature signature =
        open(
            write(
                folder,
                (tf, file) -> {
                  Operand<TUint8> pixels = tf.image.decodeJpeg(file, DecodeJpeg.channels(3L));
                  return tf.math.sub(
                      tf.math.div(
                          resized(tf, tf.dtypes.cast(pixels, TFloat32.class), 4, 8),
                          tf.constant(127.5f)),
                      tf.constant(1f));
                }));
    assertThat(signature.meantHeight()).isEqualTo(4);
    assertThat(signature.meantWidth()).isEqualTo(8);
    assertThat(signature.input().type()).isEqualTo(DataType.DT_STRING);
    assertThat(signature.notes()).anyMatch(note -> note.contains("(DecodeJpeg)"));
    assertSame(signature);
  }

  @Test
  void picturesMayBeDecodedToFloats(@TempDir Path folder) throws IOException {
    assertSame(
        open(
            write(
                folder,
                (tf, file) ->
                    tf.math.mul(decoded(tf, tf.io.decodeBase64(file), 3), tf.constant(0.5f)))));
  }

  @Test
  void aSignatureOfOnePictureIsComputedForAll(@TempDir Path folder) throws IOException {
    FunctionDef row =
        function(
            TString.class,
            Shape.scalar(),
            (Ops tf, Operand<TString> file) ->
                tf.math.mean(
                    resized(
                        tf,
                        tf.dtypes.cast(
                            tf.image.decodeJpeg(file, DecodeJpeg.channels(3L)), TFloat32.class),
                        4,
                        8),
                    tf.array(0, 1)),
            TFloat32.class);
    GraphDef.Builder graph =
        GraphDef.newBuilder().addNode(Nodes.placeholder("x", DataType.DT_STRING, Nodes.shape()));
    graph.getVersionsBuilder().setProducer(1882);
    graph.addNode(
        node("call", "PartitionedCall", "x")
            .putAttr("Tin", types(DataType.DT_STRING))
            .putAttr("Tout", types(DataType.DT_FLOAT))
            .putAttr("f", named(row.getSignature().getName())));
    graph.getLibraryBuilder().addFunction(row);
    ModelSignature signature = open(write(folder, graph, "call:0"));
    assertThat(signature.batch()).isEqualTo(-1);
    assertSame(signature);
  }

  /** Of one example: the file of feature {@code image}, and a number beside it. */
  private static List<Output<?>> parsed(Ops tf, Operand<TString> example) {
    Operand<TString> none =
        tf.constant(StandardCharsets.UTF_8, Shape.of(0), DataBuffers.ofObjects(String.class, 0));
    ParseExample all =
        tf.io.parseExample(
            example,
            none,
            tf.array("rare"),
            tf.array("image", "label", "again"),
            none,
            List.of(tf.constant(""), tf.constant(new float[] {3, 4}), tf.array("")),
            1L,
            List.of(TInt64.class),
            List.of(),
            List.of(),
            List.of(Shape.scalar(), Shape.of(2), Shape.of(1)));
    return all.denseValues();
  }

  @Test
  void picturesMayLieInExamples(@TempDir Path folder) throws IOException {
    assertSame(
        open(
            write(
                folder,
                (tf, example) ->
                    decoded(tf, parsed(tf, example).get(0).expect(TString.class), 3))));
  }

  @Test
  void aPictureMayBeTheOnlyOneOfItsFeature(@TempDir Path folder) throws IOException {
    assertSame(
        open(
            write(
                folder,
                (tf, example) ->
                    decoded(
                        tf,
                        tf.squeeze(
                            parsed(tf, example).get(2).expect(TString.class),
                            Squeeze.axis(List.of(0L))),
                        3))));
  }

  @Test
  void anotherFeatureOfAnExampleIsNamed(@TempDir Path folder) {
    assertRefused(
            folder,
            (tf, example) ->
                tf.math.mul(
                    decoded(tf, parsed(tf, example).get(0).expect(TString.class), 3),
                    tf.math.mean(
                        parsed(tf, example).get(1).expect(TFloat32.class), tf.constant(0))))
        .withMessageContaining("gives the feature label of an example, and only pictures are fed");
  }

  @Test
  void whatNeedsTheStringsThemselvesIsNamed(@TempDir Path folder) {
    assertRefused(
            folder,
            (tf, file) ->
                tf.math.mul(
                    decoded(tf, file, 3),
                    tf.dtypes.cast(tf.strings.stringLength(file), TFloat32.class)))
        .withMessageContaining("StringLength")
        .withMessageContaining("reads encoded pictures otherwise than by decoding them");
  }

  @Test
  void aDecoderOfGreyPicturesIsNamed(@TempDir Path folder) {
    assertRefused(folder, (tf, file) -> decoded(tf, file, 1))
        .withMessageContaining("decodes pictures to 1 channels, not 3");
  }
}
