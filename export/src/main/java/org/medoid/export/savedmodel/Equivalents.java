package org.medoid.export.savedmodel;

import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Operations that are written by others which give the same numbers and have a gradient: older
 * forms, and what is put together of sums, products and moves.
 */
final class Equivalents {
  private Equivalents() {}

  static void register(Map<String, Differentiable.Rule> table) {
    table.put("OnesLike", Equivalents::ones);
    table.put("TopKV2", Equivalents::most);
    table.put("BiasAddV1", Equivalents::bias);
    table.put("Concat", Equivalents::beside);
    table.put("Gather", Equivalents::gathered);
    table.put("FusedBatchNorm", Equivalents::normalised);
    table.put("FusedBatchNormV2", Equivalents::normalised);
    table.put("EnsureShape", Equivalents::ensured);
    table.put("ConjugateTranspose", Equivalents::adjoint);
    table.put("Cross", Equivalents::cross);
    table.put("SegmentMean", Equivalents::mean);
    table.put("TensorScatterUpdate", Equivalents::replaced);
    table.put("TensorScatterAdd", n -> n.add("AddV2", n.input(0), scattered(n, n.input(2))));
    table.put("TensorScatterSub", n -> n.add("Sub", n.input(0), scattered(n, n.input(2))));
    table.put("LogMatrixDeterminant", Equivalents::determinant);
    table.put("SelfAdjointEigV2", Equivalents::eigen);
    table.put("LRN", Windows::response);
    table.put("MaxPool", Windows::padded);
    table.put("Split", n -> whole(n, 1));
    table.put("SplitV", n -> whole(n, 0));
    table.put("MaxPoolWithArgmax", Windows::largest);
    table.put("ExtractImagePatches", Windows::patches);
    table.put("Dilation2D", Windows::dilation);
  }

  private static String ones(Anew n) {
    return n.part(
        "ones",
        Nodes.typed("Fill", DataType.DT_FLOAT, n.sizes(n.input(0), DataType.DT_FLOAT), n.scalar(1f))
            .putAttr("index_type", Nodes.INT));
  }

  /** The node itself gives the places, under another name. */
  private static String most(Anew n) {
    DataType type = Nodes.type(n.node(), "index_type");
    if (n.rank(0) == 0 || type == DataType.DT_INT16) {
      return null;
    }
    int last = n.rank(0) - 1;
    String places = n.itself();
    n.rename(1, places + ":1");
    return n.part(
        "values",
        Nodes.gather(n.input(0), places + ":1", n.scalar(last), DataType.DT_FLOAT)
            .putAttr("Tindices", Nodes.type(type == DataType.DT_INVALID ? DataType.DT_INT32 : type))
            .putAttr("batch_dims", Nodes.number(last)));
  }

  /** In one part: C++ would put one tensor together, for which it has no operation. */
  private static String whole(Anew n, int input) {
    return n.node().getAttrOrThrow("num_split").getI() == 1 ? n.input(input) : null;
  }

  private static String bias(Anew n) {
    return n.part(
        "sum",
        Nodes.typed("BiasAdd", DataType.DT_FLOAT, n.input(0), n.input(1))
            .putAttr("data_format", Nodes.text("NHWC")));
  }

  private static String beside(Anew n) {
    NodeDef.Builder all = n.node().toBuilder().setOp("ConcatV2").clearInput();
    for (int i = 1; i < n.inputs(); i++) {
      all.addInput(n.input(i));
    }
    return n.part("beside", all.addInput(n.input(0)).putAttr("Tidx", Nodes.INT));
  }

  private static String gathered(Anew n) {
    return n.part(
        "gathered",
        Nodes.gather(n.input(0), n.input(1), n.scalar(0), DataType.DT_FLOAT)
            .putAttr("Tindices", Nodes.type(Nodes.type(n.node(), "Tindices"))));
  }

  private static String normalised(Anew n) {
    if (n.flag("is_training")) {
      return null;
    }
    NodeDef.Builder third = n.node().toBuilder().setOp("FusedBatchNormV3");
    third.putAttr("U", Nodes.type(DataType.DT_FLOAT));
    return n.part(
        "normalised",
        third.putAttr("exponential_avg_factor", AttrValue.newBuilder().setF(1).build()));
  }

  /** The sizes that are said, at most one of them open, else as they are. */
  private static String ensured(Anew n) {
    Shape shape = n.output();
    if (shape.isUnknown()) {
      return n.add("Identity", n.input(0));
    }
    int[] sizes = new int[shape.numDimensions()];
    int open = 0;
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = Math.toIntExact(shape.get(i));
      open += sizes[i] < 0 ? 1 : 0;
    }
    return open > 1 ? n.add("Identity", n.input(0)) : n.reshaped(n.input(0), n.row(sizes));
  }

  private static String adjoint(Anew n) {
    DataType type = Nodes.type(n.node(), "T");
    String turned = n.part("turned", n.node().toBuilder().setOp("Transpose"));
    return type == DataType.DT_FLOAT ? turned : n.typed(type, "Conj", turned);
  }

  /** Coordinate i is that of a after it times that of b after both, less the same turned round. */
  private static String cross(Anew n) {
    String first = n.add("Mul", rolled(n, n.input(0), -1), rolled(n, n.input(1), -2));
    return n.add("Sub", first, n.add("Mul", rolled(n, n.input(0), -2), rolled(n, n.input(1), -1)));
  }

  private static String rolled(Anew n, String x, int by) {
    return n.part(
        "rolled",
        Nodes.typed("Roll", DataType.DT_FLOAT, x, n.row(by), n.row(n.rank(0) - 1))
            .putAttr("Tshift", Nodes.INT)
            .putAttr("Taxis", Nodes.INT));
  }

  private static String mean(Anew n) {
    NodeDef.Builder sum = n.node().toBuilder().setOp("SegmentSum");
    String sums = n.part("sum", sum);
    String counts = n.part("count", sum.setInput(0, ones(n)));
    return n.add("DivNoNan", sums, counts);
  }

  /** Zeros with numbers in the places that are said. */
  private static String scattered(Anew n, String numbers) {
    DataType places = Nodes.type(n.node(), "Tindices");
    String sizes =
        n.part(
            "sizes",
            Nodes.sizes(n.input(0), DataType.DT_FLOAT).putAttr("out_type", Nodes.type(places)));
    return n.part(
        "scattered",
        Nodes.typed("ScatterNd", DataType.DT_FLOAT, n.input(1), numbers, sizes)
            .putAttr("Tindices", Nodes.type(places)));
  }

  /** Chosen, not added: what is replaced may be infinite. Of twins the node says which is last. */
  private static String replaced(Anew n) {
    String kept =
        n.part(
            "kept",
            n.node().toBuilder().setInput(0, ones(n)).setInput(2, n.add("ZerosLike", n.input(2))));
    String itself = n.still(n.itself());
    String change = scattered(n, n.change(n.input(2)));
    return n.part(
        "replaced",
        Nodes.typed(
            "SelectV2",
            DataType.DT_FLOAT,
            positive(n, kept),
            n.input(0),
            n.add("AddV2", itself, change)));
  }

  private static String positive(Anew n, String x) {
    return n.part("positive", Nodes.typed("Greater", DataType.DT_FLOAT, x, n.scalar(0f)));
  }

  /** The first output is the sign, which stays. */
  private static String determinant(Anew n) {
    if (n.fromLast(0, 0) < 0) {
      return null;
    }
    String itself = n.itself();
    String logarithm = n.still(itself + ":1");
    n.rename(1, n.add("AddV2", logarithm, Tangents.trace(n)));
    return n.still(itself);
  }

  /**
   * With B = Vᵀ dA V: the eigenvalues change by its diagonal, the vectors by V (B ∘ F), where F is
   * 1 / (λⱼ - λᵢ), and nothing where these are equal.
   */
  private static String eigen(Anew n) {
    long side = n.fromLast(0, 0);
    if (side < 0 || !n.flag("compute_v")) {
      return null;
    }
    String itself = n.itself();
    String values = n.still(itself);
    String vectors = n.still(itself + ":1");
    String change = n.product(n.change(n.input(0)), vectors);
    String within = n.product(DataType.DT_FLOAT, vectors, change, true, false);
    String mirrored = n.product(DataType.DT_FLOAT, change, vectors, true, false);
    within = n.add("Mul", n.add("AddV2", within, mirrored), n.scalar(0.5f));
    String gaps = n.add("Sub", n.expanded(values, -2), n.expanded(values, -1));
    String moved = n.add("DivNoNan", within, gaps);
    n.rename(1, n.add("AddV2", vectors, n.product(vectors, moved)));
    return n.add("AddV2", values, n.sum(n.add("Mul", within, n.eye(side, side, 0)), -1));
  }
}
