package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * A convolution by such as TensorFlow's C++ has the right gradient of, on a processor:
 *
 * <ul>
 *   <li>Padding that is spelled out goes before it.
 *   <li>A dilated one is a plain one over blocks of the batch, as TensorFlow itself writes those
 *       that it has no kernel for; or where it has strides, one by a filter with zeros in it.
 *   <li>One in groups is depthwise where each channel is a group (ConvNeXt), else there is one for
 *       each group.
 * </ul>
 */
final class PlainConvolution {
  private final NodeWriter writer;
  private final NodeDef node;
  private final Shape images;

  /** Height, width, channels of a group, channels out. */
  private final long[] filter;

  private final List<Long> dilations;

  private PlainConvolution(NodeWriter writer, NodeDef node, Shape images, Shape filter) {
    this.writer = writer;
    this.node = node;
    this.images = images;
    this.filter = filter.asArray();
    dilations = numbers(node, "dilations");
  }

  /**
   * Writes a convolution anew.
   *
   * @param node channels last, of float32
   * @param images the shape of its first input
   * @param filter the shape of its second
   * @return what bears its name now; itself where its gradient is right
   * @throws IllegalArgumentException if the size of the filter must be known and is not
   */
  static NodeDef of(NodeWriter writer, NodeDef node, Shape images, Shape filter) {
    if (images.isUnknown() || filter.isUnknown() || filter.hasUnknownDimension()) {
      List<Long> dilations = numbers(node, "dilations");
      if (dilations.get(1) * dilations.get(2) > 1) {
        throw new IllegalArgumentException(
            "node %s (%s) is dilated, by a filter of unknown size: it has no gradient"
                .formatted(node.getName(), node.getOp()));
      }
      return node;
    }
    return new PlainConvolution(writer, node, images, filter).written();
  }

  private NodeDef written() {
    NodeDef padded =
        node.getAttrOrThrow("padding").getS().toStringUtf8().equals("EXPLICIT")
            ? padded(node)
            : node;
    List<Long> strides = numbers(node, "strides");
    if (dilations.get(1) * dilations.get(2) == 1) {
      return byGroups(padded);
    }
    return strides.get(1) * strides.get(2) == 1 ? overBlocks(padded) : byGroups(withZeros(padded));
  }

  private NodeDef padded(NodeDef of) {
    List<Integer> sizes = new ArrayList<>();
    numbers(of, "explicit_paddings").forEach(each -> sizes.add(Math.toIntExact(each)));
    String paddings = pairs(sizes);
    String padded =
        writer.add(
            node,
            "padded",
            Nodes.node("", "Pad", of.getInput(0), paddings)
                .putAttr("T", Nodes.type(DataType.DT_FLOAT))
                .putAttr("Tpaddings", Nodes.type(DataType.DT_INT32)));
    return of.toBuilder()
        .setInput(0, padded)
        .putAttr("padding", Nodes.text("VALID"))
        .putAttr("explicit_paddings", integers(List.of()))
        .build();
  }

  /** A row of two numbers for each axis. */
  private String pairs(List<Integer> numbers) {
    TensorProto rows =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_INT32)
            .setTensorShape(Nodes.shape(numbers.size() / 2, 2))
            .addAllIntVal(numbers)
            .build();
    return writer.add(node, "paddings", Nodes.constant("", rows));
  }

  /** Each of the blocks, every so manieth row and column, is convolved by itself. */
  private NodeDef overBlocks(NodeDef of) {
    boolean same = of.getAttrOrThrow("padding").getS().toStringUtf8().equals("SAME");
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    List<Integer> sides = new ArrayList<>();
    for (int axis = 0; axis < 2; axis++) {
      long total = same ? (filter[axis] - 1) * dilations.get(axis + 1) : 0;
      starts.add(Math.toIntExact(total / 2));
      ends.add(Math.toIntExact(total - total / 2));
      sides.add(Math.toIntExact(dilations.get(axis + 1)));
    }
    String blocks = integers("blocks", sides);
    String begin = integers("starts", starts);
    String end = integers("ends", ends);
    String sizes = writer.add(node, "sizes", Nodes.sizes("", of.getInput(0), DataType.DT_FLOAT));
    // Rows and columns that fill the last blocks, to be cut off again.
    String size =
        writer.add(
            node,
            "size",
            Nodes.node("", "Slice", sizes, integers("at", List.of(1)), integers("two", List.of(2)))
                .putAttr("T", Nodes.type(DataType.DT_INT32))
                .putAttr("Index", Nodes.type(DataType.DT_INT32)));
    String padded = integer("AddV2", integer("AddV2", size, begin), end);
    String rest = integer("FloorMod", integer("Neg", padded), blocks);
    String batch =
        writer.add(
            node,
            "batch",
            Nodes.node(
                    "",
                    "SpaceToBatchND",
                    of.getInput(0),
                    blocks,
                    beside(begin, integer("AddV2", end, rest)))
                .putAttr("T", Nodes.type(DataType.DT_FLOAT))
                .putAttr("Tblock_shape", Nodes.type(DataType.DT_INT32))
                .putAttr("Tpaddings", Nodes.type(DataType.DT_INT32)));
    NodeDef plain =
        of.toBuilder()
            .setInput(0, batch)
            .putAttr("padding", Nodes.text("VALID"))
            .putAttr("dilations", integers(List.of(1, 1, 1, 1)))
            .build();
    String convolved = writer.add(node, "convolved", byGroups(plain));
    return Nodes.node(
            node.getName(),
            "BatchToSpaceND",
            convolved,
            blocks,
            beside(integers("none", List.of(0, 0)), rest))
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("Tblock_shape", Nodes.type(DataType.DT_INT32))
        .putAttr("Tcrops", Nodes.type(DataType.DT_INT32))
        .build();
  }

  /** The filter with zeros between its rows and columns, which is no longer dilated. */
  private NodeDef withZeros(NodeDef of) {
    int[] sides = {Math.toIntExact(dilations.get(1)), Math.toIntExact(dilations.get(2))};
    List<Integer> now = new ArrayList<>();
    for (long each : filter) {
      now.add(Math.toIntExact(each));
    }
    List<Integer> apart = List.of(now.get(0), 1, now.get(1), 1, now.get(2), now.get(3));
    String rows = reshaped("rows", of.getInput(1), apart);
    String zeros =
        writer.add(
            node,
            "zeros",
            Nodes.node(
                    "",
                    "Pad",
                    rows,
                    pairs(List.of(0, 0, 0, sides[0] - 1, 0, 0, 0, sides[1] - 1, 0, 0, 0, 0)))
                .putAttr("T", Nodes.type(DataType.DT_FLOAT))
                .putAttr("Tpaddings", Nodes.type(DataType.DT_INT32)));
    List<Integer> whole =
        List.of(now.get(0) * sides[0], now.get(1) * sides[1], now.get(2), now.get(3));
    for (int axis = 0; axis < 2; axis++) {
      filter[axis] = (filter[axis] - 1) * sides[axis] + 1;
    }
    String cut =
        writer.add(
            node,
            "cut",
            Nodes.node(
                    "",
                    "Slice",
                    reshaped("whole", zeros, whole),
                    integers("from", List.of(0, 0, 0, 0)),
                    integers(
                        "sides", List.of((int) filter[0], (int) filter[1], now.get(2), now.get(3))))
                .putAttr("T", Nodes.type(DataType.DT_FLOAT))
                .putAttr("Index", Nodes.type(DataType.DT_INT32)));
    return of.toBuilder()
        .setInput(1, cut)
        .putAttr("dilations", integers(List.of(1, 1, 1, 1)))
        .build();
  }

  private NodeDef byGroups(NodeDef of) {
    boolean depthwise = of.getOp().equals("DepthwiseConv2dNative");
    if (depthwise || images.get(3) <= 0 || images.get(3) == filter[2]) {
      return of;
    }
    List<Long> strides = numbers(of, "strides");
    long groups = images.get(3) / filter[2];
    return filter[2] == 1 && strides.get(1).equals(strides.get(2))
        ? depthwise(of, groups)
        : group(of, groups);
  }

  private NodeDef depthwise(NodeDef of, long channels) {
    List<Integer> sizes =
        List.of((int) filter[0], (int) filter[1], (int) channels, (int) (filter[3] / channels));
    return of.toBuilder()
        .setOp("DepthwiseConv2dNative")
        .setInput(1, reshaped("filter", of.getInput(1), sizes))
        .removeAttr("use_cudnn_on_gpu")
        .build();
  }

  private NodeDef group(NodeDef of, long groups) {
    String axis = writer.add(node, "axis", Nodes.constant("", 3));
    String[] parts = new String[2];
    for (int input = 0; input < 2; input++) {
      parts[input] =
          writer.add(
              node,
              "split",
              Nodes.node("", "Split", axis, of.getInput(input))
                  .putAttr("T", Nodes.type(DataType.DT_FLOAT))
                  .putAttr("num_split", Nodes.number(groups)));
    }
    NodeDef.Builder all = Nodes.node(of.getName(), "ConcatV2");
    for (int i = 0; i < groups; i++) {
      NodeDef.Builder one =
          of.toBuilder()
              .setInput(0, Tensors.shortened(parts[0] + ":" + i))
              .setInput(1, Tensors.shortened(parts[1] + ":" + i));
      all.addInput(writer.add(node, "group", one));
    }
    return all.addInput(axis)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", Nodes.type(DataType.DT_INT32))
        .putAttr("N", Nodes.number(groups))
        .build();
  }

  private String integers(String part, List<Integer> values) {
    return writer.add(node, part, Nodes.constant("", values));
  }

  private String integer(String op, String... inputs) {
    return writer.add(
        node, op, Nodes.node("", op, inputs).putAttr("T", Nodes.type(DataType.DT_INT32)));
  }

  /** Two rows of numbers as two columns. */
  private String beside(String first, String second) {
    return writer.add(
        node,
        "pairs",
        Nodes.node("", "Pack", first, second)
            .putAttr("T", Nodes.type(DataType.DT_INT32))
            .putAttr("N", Nodes.number(2))
            .putAttr("axis", Nodes.number(1)));
  }

  private String reshaped(String part, String tensor, List<Integer> sizes) {
    return writer.add(
        node,
        part,
        Nodes.node("", "Reshape", tensor, integers("sizes", sizes))
            .putAttr("T", Nodes.type(DataType.DT_FLOAT))
            .putAttr("Tshape", Nodes.type(DataType.DT_INT32)));
  }

  private static List<Long> numbers(NodeDef node, String attribute) {
    return node.getAttrOrThrow(attribute).getList().getIList();
  }

  private static AttrValue integers(List<Integer> values) {
    AttrValue.Builder list = AttrValue.newBuilder();
    list.getListBuilder();
    values.forEach(each -> list.getListBuilder().addI(each));
    return list.build();
  }
}
