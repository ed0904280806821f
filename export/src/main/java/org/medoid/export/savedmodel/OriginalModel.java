package org.medoid.export.savedmodel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * A network of a SavedModel as TensorFlow loaded it, neither flattened nor computed in another
 * precision, between the images and the features that {@link ModelSignature} promises.
 */
public final class OriginalModel implements AutoCloseable {
  private final SavedModel model;
  private final SavedModelBundle bundle;
  private final SignatureChooser.Fit fit;
  private final Border border;
  private final PictureFiles files;
  private final Side before;
  private final Side behind;

  /** Nodes before or behind the network, in a graph of their own: a loaded graph is not changed. */
  private static final class Side implements Border.Nodebook, AutoCloseable {
    private static final String IN = "in";
    private static final String OUT = "out";

    private final List<NodeDef> nodes = new ArrayList<>();
    private final Names names = new Names();
    private final Graph graph = new Graph();
    private final Session session;

    Side(DataType from, DataType to, BiFunction<Side, String, String> nodes) {
      add(Nodes.node(unique(IN), "Placeholder").putAttr("dtype", Nodes.type(from)).build());
      // Where there is nothing to do, what is fed could not be fetched.
      add(Nodes.identity(unique(OUT), nodes.apply(this, IN), to));
      graph.importGraphDef(GraphDef.newBuilder().addAllNode(this.nodes).build());
      session = new Session(graph);
    }

    @Override
    public String unique(String wanted) {
      return names.unique(wanted);
    }

    @Override
    public void add(NodeDef node) {
      nodes.add(node);
    }

    Result run(Tensor in) {
      return session.runner().feed(IN, in).fetch(OUT).run();
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  /**
   * Loads.
   *
   * @param files how encoded pictures are given
   */
  OriginalModel(SavedModel model, SignatureChooser.Fit fit, Border border, PictureFiles files)
      throws IOException {
    this.model = model;
    this.bundle = model.load();
    this.fit = fit;
    this.border = border;
    this.files = files;
    this.before =
        fit.encoded() == null
            ? new Side(DataType.DT_FLOAT, border.images().type(), border::before)
            : new Side(
                DataType.DT_FLOAT,
                DataType.DT_STRING,
                (side, in) ->
                    encoded(side, border.before(side, in), fit.encoded(), files.base64()));
    this.behind = new Side(border.features().type(), DataType.DT_FLOAT, border::after);
  }

  /** Picture files, without loss, of pixels. */
  private static String encoded(Side side, String pixels, ModelTensor strings, boolean base64) {
    FlatNodes nodes = new FlatNodes(side);
    String png =
        nodes.add(
            "png",
            Nodes.typed("EncodePng", DataType.DT_UINT8, pixels)
                .putAttr("compression", Nodes.number(1)));
    String files =
        base64
            ? nodes.add(
                "base64", Nodes.node("", "EncodeBase64", png).putAttr("pad", Nodes.flag(false)))
            : png;
    List<Integer> sizes =
        switch (strings.rank()) {
          case 0 -> List.of();
          case 2 -> List.of(-1, 1);
          default -> List.of(-1);
        };
    return nodes.reshaped("shaped", files, nodes.numbers("shape", sizes), DataType.DT_STRING);
  }

  /** What is fed for strings that the features do not need. */
  private static TString nothing(ModelTensor strings, long batch) {
    long[] sizes = strings.shape().isUnknown() ? new long[] {-1} : strings.shape().asArray();
    Shape shape = Shape.of(Arrays.stream(sizes).map(s -> s < 0 ? batch : s).toArray());
    NdArray<String> empty = NdArrays.ofObjects(String.class, shape);
    empty.scalars().forEach(each -> each.setObject(""));
    return TString.tensorOf(empty);
  }

  /**
   * Reads the values of variables.
   *
   * @param flat from {@link ModelSignature#flat}
   * @return by name
   * @throws IOException if they cannot be read
   */
  public Map<String, TensorProto> values(FlatGraph flat) throws IOException {
    return model.values(flat, bundle);
  }

  /**
   * Computes features.
   *
   * @param images [n, height, width, 3] in a row, in [0, 1]
   * @param height of the images in pixels
   * @param width of the images in pixels
   * @return [n, features] in a row; several runs if the network takes a fixed batch only, the last
   *     one filled up with black
   * @throws org.tensorflow.exceptions.TensorFlowException if TensorFlow cannot run it
   */
  public float[] features(float[] images, int height, int width) {
    int pixels = Math.multiplyExact(Math.multiplyExact(height, width), 3);
    int count = images.length / pixels;
    boolean alone = fit.encoded() != null && fit.encoded().rank() == 0;
    int batch = alone ? 1 : Math.toIntExact(fit.images().size(0));
    int atOnce = batch > 0 ? batch : count;
    float[] all = new float[0];
    for (int from = 0; from < count; from += atOnce) {
      float[] part = new float[Math.multiplyExact(atOnce, pixels)];
      int given = Math.min(atOnce, count - from);
      System.arraycopy(images, from * pixels, part, 0, given * pixels);
      float[] rows = run(part, Shape.of(atOnce, height, width, 3));
      int size = rows.length / atOnce;
      if (all.length == 0) {
        all = new float[Math.multiplyExact(count, size)];
      }
      System.arraycopy(rows, 0, all, from * size, given * size);
    }
    return all;
  }

  private float[] run(float[] images, Shape shape) {
    try (TFloat32 pixels = TFloat32.tensorOf(shape, DataBuffers.of(images));
        Result in = before.run(pixels);
        Tensor packed = files.features().isEmpty() ? null : files.packed((TString) in.get(0));
        TBool off = TBool.scalarOf(false)) {
      Session.Runner runner =
          bundle
              .session()
              .runner()
              .feed(fit.images().tensor(), packed == null ? in.get(0) : packed);
      fit.switches().forEach(each -> runner.feed(each.tensor(), off));
      List<TString> others = new ArrayList<>();
      for (ModelTensor each : fit.strings()) {
        others.add(nothing(each, shape.get(0)));
        runner.feed(each.tensor(), others.get(others.size() - 1));
      }
      try (Result raw = runner.fetch(border.features().tensor()).run();
          Result out = behind.run(raw.get(0))) {
        float[] values = new float[Math.toIntExact(out.get(0).size())];
        out.get(0).asRawTensor().data().asFloats().read(values);
        return values;
      } finally {
        others.forEach(TString::close);
      }
    }
  }

  /** Closes the session and the graph. */
  @Override
  public void close() {
    before.close();
    behind.close();
    bundle.close();
  }
}
