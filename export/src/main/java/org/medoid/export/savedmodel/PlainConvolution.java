package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

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
  private final Anew at;
  private final NodeDef node;

  /** Height, width, channels of a group, channels out. */
  private final int[] filter;

  /** Of height and width. */
  private final int[] dilations;

  private PlainConvolution(Anew at, NodeDef node, Shape filter) {
    this.at = at;
    this.node = node;
    this.filter = ints(filter.asArray());
    dilations = ints(numbers(node, "dilations").get(1), numbers(node, "dilations").get(2));
  }

  /**
   * Writes a convolution anew.
   *
   * @param at what the first input of the convolution is the first input of, and where nodes go
   * @param node channels last, of float32
   * @param filter the shape of its second input
   * @return what bears its name now; itself where its gradient is right
   * @throws IllegalArgumentException if the size of the filter must be known and is not
   */
  static NodeDef of(Anew at, NodeDef node, Shape filter) {
    if (at.shape(0).isUnknown() || filter.isUnknown() || filter.hasUnknownDimension()) {
      List<Long> dilations = numbers(node, "dilations");
      if (dilations.get(1) * dilations.get(2) > 1) {
        throw new IllegalArgumentException(
            "node %s (%s) is dilated, by a filter of unknown size: it has no gradient"
                .formatted(node.getName(), node.getOp()));
      }
      return node;
    }
    return new PlainConvolution(at, node, filter).written();
  }

  private NodeDef written() {
    NodeDef padded = isPadded("EXPLICIT") ? padded() : node;
    if (dilations[0] * dilations[1] == 1) {
      return byGroups(padded);
    }
    List<Long> strides = numbers(node, "strides");
    return strides.get(1) * strides.get(2) == 1 ? overBlocks(padded) : byGroups(withZeros(padded));
  }

  private boolean isPadded(String how) {
    return Nodes.text(node, "padding").equals(how);
  }

  private NodeDef padded() {
    long[] pairs = numbers(node, "explicit_paddings").stream().mapToLong(Long::longValue).toArray();
    return node.toBuilder()
        .setInput(0, at.padded(node.getInput(0), ints(pairs)))
        .putAttr("padding", Nodes.text("VALID"))
        .putAttr("explicit_paddings", Nodes.numbers())
        .build();
  }

  /** Each of the blocks, every so manieth row and column, is convolved by itself. */
  private NodeDef overBlocks(NodeDef of) {
    int[] before = new int[2];
    int[] after = new int[2];
    for (int axis = 0; axis < 2 && isPadded("SAME"); axis++) {
      int total = (filter[axis] - 1) * dilations[axis];
      before[axis] = total / 2;
      after[axis] = total - total / 2;
    }
    String blocks = at.row(dilations);
    String begin = at.row(before);
    String end = at.row(after);
    // Rows and columns that fill the last blocks, to be cut off again.
    String sizes = at.sizes(of.getInput(0), DataType.DT_FLOAT);
    String size = at.slice(DataType.DT_INT32, sizes, new int[] {1}, new int[] {2});
    String padded = whole("AddV2", whole("AddV2", size, begin), end);
    String rest = whole("FloorMod", whole("Neg", padded), blocks);
    String pads = beside(begin, whole("AddV2", end, rest));
    NodeDef plain =
        of.toBuilder()
            .setInput(
                0,
                at.part(
                    "batch", inBlocks("SpaceToBatchND", "Tpaddings", of.getInput(0), blocks, pads)))
            .putAttr("padding", Nodes.text("VALID"))
            .putAttr("dilations", Nodes.numbers(1, 1, 1, 1))
            .build();
    String convolved = at.part("convolved", byGroups(plain).toBuilder());
    String crops = beside(at.row(0, 0), rest);
    return inBlocks("BatchToSpaceND", "Tcrops", convolved, blocks, crops).build();
  }

  private NodeDef.Builder inBlocks(String op, String edges, String... inputs) {
    return Nodes.node(node.getName(), op, inputs)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("Tblock_shape", Nodes.INT)
        .putAttr(edges, Nodes.INT);
  }

  /** The filter with zeros between its rows and columns, which is no longer dilated. */
  private NodeDef withZeros(NodeDef of) {
    int[] now = filter.clone();
    String apart = at.reshaped(of.getInput(1), at.row(now[0], 1, now[1], 1, now[2], now[3]));
    String zeros =
        at.padded(apart, 0, 0, 0, dilations[0] - 1, 0, 0, 0, dilations[1] - 1, 0, 0, 0, 0);
    String whole =
        at.reshaped(zeros, at.row(now[0] * dilations[0], now[1] * dilations[1], now[2], now[3]));
    for (int axis = 0; axis < 2; axis++) {
      filter[axis] = (filter[axis] - 1) * dilations[axis] + 1;
    }
    return of.toBuilder()
        .setInput(1, at.slice(DataType.DT_FLOAT, whole, new int[4], filter))
        .putAttr("dilations", Nodes.numbers(1, 1, 1, 1))
        .build();
  }

  private NodeDef byGroups(NodeDef of) {
    long channels = at.shape(0).get(3);
    if (of.getOp().equals("DepthwiseConv2dNative") || channels <= 0 || channels == filter[2]) {
      return of;
    }
    List<Long> strides = numbers(of, "strides");
    int groups = Math.toIntExact(channels / filter[2]);
    return filter[2] == 1 && strides.get(1).equals(strides.get(2))
        ? depthwise(of, groups)
        : group(of, groups);
  }

  private NodeDef depthwise(NodeDef of, int channels) {
    String sizes = at.row(filter[0], filter[1], channels, filter[3] / channels);
    return of.toBuilder()
        .setOp("DepthwiseConv2dNative")
        .setInput(1, at.reshaped(of.getInput(1), sizes))
        .removeAttr("use_cudnn_on_gpu")
        .build();
  }

  private NodeDef group(NodeDef of, int groups) {
    String axis = at.scalar(3);
    String images = split(axis, of.getInput(0), groups);
    String filters = split(axis, of.getInput(1), groups);
    NodeDef.Builder all = Nodes.node(of.getName(), "ConcatV2");
    for (int i = 0; i < groups; i++) {
      NodeDef.Builder one =
          of.toBuilder()
              .setInput(0, Tensors.shortened(images + ":" + i))
              .setInput(1, Tensors.shortened(filters + ":" + i));
      all.addInput(at.part("group", one));
    }
    return all.addInput(axis)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", Nodes.INT)
        .putAttr("N", Nodes.number(groups))
        .build();
  }

  private String split(String axis, String tensor, int count) {
    return at.part(
        "split",
        Nodes.typed("Split", DataType.DT_FLOAT, axis, tensor)
            .putAttr("num_split", Nodes.number(count)));
  }

  private String whole(String op, String... inputs) {
    return at.typed(DataType.DT_INT32, op, inputs);
  }

  /** Two rows of numbers as two columns. */
  private String beside(String first, String second) {
    return at.part(
        "pairs",
        Nodes.typed("Pack", DataType.DT_INT32, first, second)
            .putAttr("N", Nodes.number(2))
            .putAttr("axis", Nodes.number(1)));
  }

  private static List<Long> numbers(NodeDef node, String attribute) {
    return node.getAttrOrThrow(attribute).getList().getIList();
  }

  private static int[] ints(long... values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }
}
