package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/** Of {@link RowRules}, the operations that know their operand's axes: each is told of one more. */
final class RowPlaces {
  private final RowRules rules;
  private final NodeDef node;
  private final List<String> inputs;
  private final RowRules.Rows x;

  RowPlaces(RowRules rules, NodeDef node, List<String> inputs) {
    this.rules = rules;
    this.node = node;
    this.inputs = inputs;
    this.x = rules.rows(inputs.get(0));
  }

  void add() throws RowRules.NoRuleException {
    String op = node.getOp();
    boolean several = op.equals("ConcatV2") || op.equals("Pack");
    require(several || (x != null && inputs.stream().skip(1).allMatch(i -> rules.rows(i) == null)));
    switch (op) {
      case "ExpandDims" -> expanded();
      case "Squeeze" -> squeezed();
      case "Reshape" -> reshaped();
      case "EnsureShape" -> ensured();
      case "Transpose" -> transposed();
      case "StridedSlice" -> strided();
      case "Slice" -> sliced();
      case "Pad", "PadV2", "MirrorPad" -> padded();
      case "Mean", "Sum", "Max", "Min", "Prod", "All", "Any" -> reduced();
      case "ReverseV2" -> along(1, true);
      case "ConcatV2", "Pack" -> joined();
      case "Unpack" -> unpacked();
      case "GatherV2" -> gathered();
      default -> require(false);
    }
  }

  private void require(boolean rule) throws RowRules.NoRuleException {
    if (!rule) {
      throw new RowRules.NoRuleException(node);
    }
  }

  private int rank() {
    return rules.shape(node.getName() + ":0").numDimensions();
  }

  private void done(String tensor, boolean merged) throws RowRules.NoRuleException {
    require(rank() >= 0);
    rules.done(node, new RowRules.Rows(tensor, rank(), merged, x.type()));
  }

  private String made(NodeDef.Builder changed, String... others) {
    List<String> operands = new ArrayList<>(List.of(x.tensor()));
    operands.addAll(List.of(others));
    return rules.add(changed, node.getName(), operands) + ":0";
  }

  /** An axis of a row as one of all rows; -1 for the axis that the rows have taken. */
  private int axis(int given, int rank) {
    int axis = given < 0 ? given + rank : given;
    return x.merged() && axis == 0 ? -1 : axis + x.shift();
  }

  private int[] constants(int input) throws RowRules.NoRuleException {
    int[] values = rules.constants(inputs.get(input));
    require(values != null);
    return values;
  }

  private String vector(int... values) {
    return rules.numbers(DataType.DT_INT32, values);
  }

  private void expanded() throws RowRules.NoRuleException {
    int given = constants(1)[0];
    int at = given < 0 ? given + x.rank() + 1 : given;
    if (at == 0) {
      require(!x.merged());
      done(x.tensor(), true);
      return;
    }
    String axis = vector(at + x.shift());
    done(made(node.toBuilder().putAttr("Tdim", Nodes.INT), axis), x.merged());
  }

  private void squeezed() throws RowRules.NoRuleException {
    List<Long> given = node.getAttrOrThrow("squeeze_dims").getList().getIList();
    require(!given.isEmpty());
    int[] axes = given.stream().mapToInt(each -> axis(each.intValue(), x.rank())).toArray();
    long[] left = Arrays.stream(axes).filter(axis -> axis >= 0).asLongStream().toArray();
    boolean merged = x.merged() && left.length == axes.length;
    done(
        left.length == 0
            ? x.tensor()
            : made(node.toBuilder().putAttr("squeeze_dims", Nodes.numbers(left))),
        merged);
  }

  private void reshaped() throws RowRules.NoRuleException {
    DataType type = Nodes.type(node, "Tshape");
    int[] sizes = rules.constants(inputs.get(1));
    Shape made = rules.shape(node.getName() + ":0");
    boolean one = made.numDimensions() > 1 && made.get(0) == 1;
    boolean merged = sizes != null && sizes.length > 1 && (sizes[0] == 1 || one);
    if (sizes == null) {
      String shape = rules.joined(List.of(rules.count(x, type), rules.same(inputs.get(1))), type);
      done(made(node.toBuilder(), shape), false);
      return;
    }
    int[] own = merged ? Arrays.copyOfRange(sizes, 1, sizes.length) : sizes;
    boolean open = Arrays.stream(own).anyMatch(size -> size < 0);
    String shape =
        open
            ? rules.joined(List.of(rules.count(x, type), rules.numbers(type, own)), type)
            : rules.numbers(type, with(-1, own));
    done(made(node.toBuilder(), shape), merged);
  }

  private static int[] with(int first, int... rest) {
    return IntStream.concat(IntStream.of(first), Arrays.stream(rest)).toArray();
  }

  private void ensured() throws RowRules.NoRuleException {
    var shape = node.getAttrOrThrow("shape").toBuilder();
    if (!shape.getShape().getUnknownRank()) {
      var sizes = Nodes.shape(-1).toBuilder();
      shape.getShape().getDimList().stream()
          .skip(x.merged() ? 1 : 0)
          .forEach(size -> sizes.addDim(size));
      shape.setShape(sizes);
    }
    done(made(node.toBuilder().putAttr("shape", shape.build())), x.merged());
  }

  private void transposed() throws RowRules.NoRuleException {
    int[] order = constants(1);
    require(!x.merged() || order[0] == 0);
    int[] all = x.merged() ? order : with(0, Arrays.stream(order).map(a -> a + 1).toArray());
    done(made(node.toBuilder().putAttr("Tperm", Nodes.INT), vector(all)), x.merged());
  }

  private void strided() throws RowRules.NoRuleException {
    DataType index = Nodes.type(node, "Index");
    NodeDef.Builder strided = node.toBuilder();
    boolean newAxis = (mask("new_axis") & 1) == 1;
    boolean shrinks = (mask("shrink_axis") & 1) == 1;
    boolean ellipsis = (mask("ellipsis") & 1) == 1;
    if (!x.merged() && !newAxis) {
      // A whole axis before all others.
      for (String name : List.of("begin", "end", "ellipsis", "new_axis", "shrink_axis")) {
        boolean whole = name.equals("begin") || name.equals("end");
        strided.putAttr(name + "_mask", Nodes.number(mask(name) << 1 | (whole ? 1 : 0)));
      }
      String[] places = new String[3];
      for (int i = 0; i < places.length; i++) {
        String first = rules.numbers(index, i == 2 ? 1 : 0);
        places[i] = rules.joined(List.of(first, rules.same(inputs.get(i + 1))), index);
      }
      done(made(strided, places), false);
      return;
    }
    // The first place is that of the rows: all of them.
    require(!x.merged() || !newAxis);
    require(!ellipsis || x.rank() < 0 || !shrinks);
    if (!ellipsis) {
      strided
          .putAttr("begin_mask", Nodes.number(mask("begin") | 1))
          .putAttr("end_mask", Nodes.number(mask("end") | 1))
          .putAttr("new_axis_mask", Nodes.number(mask("new_axis") & ~1))
          .putAttr("shrink_axis_mask", Nodes.number(mask("shrink_axis") & ~1));
      int[] strides = constants(3);
      require(newAxis || strides[0] == 1);
    }
    done(
        made(
            strided,
            rules.same(inputs.get(1)),
            rules.same(inputs.get(2)),
            rules.same(inputs.get(3))),
        x.merged() ? !shrinks : true);
  }

  private long mask(String name) {
    return node.getAttrOrThrow(name + "_mask").getI();
  }

  private void sliced() throws RowRules.NoRuleException {
    DataType index = Nodes.type(node, "Index");
    String[] places = new String[2];
    for (int i = 0; i < places.length; i++) {
      String given = rules.same(inputs.get(i + 1));
      String own = x.merged() ? rules.after(given, 1, index) : given;
      places[i] = rules.joined(List.of(rules.numbers(index, -i), own), index);
    }
    done(made(node.toBuilder(), places), x.merged());
  }

  private void padded() throws RowRules.NoRuleException {
    DataType type = Nodes.type(node, "Tpaddings");
    String given = rules.same(inputs.get(1));
    if (x.merged()) {
      require(rank() > 0);
      require(rules.shape(node.getName() + ":0").get(0) == 1 || rules.isUnpaddedFirst(given));
    } else {
      String none =
          rules.reshaped(rules.numbers(type, 0, 0), rules.numbers(DataType.DT_INT32, 1, 2), type);
      given = rules.joined(List.of(none, given), type);
    }
    String[] others =
        inputs.size() > 2 ? new String[] {given, rules.same(inputs.get(2))} : new String[] {given};
    done(made(node.toBuilder(), others), x.merged());
  }

  private void reduced() throws RowRules.NoRuleException {
    along(1, node.getAttrOrThrow("keep_dims").getB());
  }

  /** Along axes that an input says; a row keeps its rank or not. */
  private void along(int input, boolean keeps) throws RowRules.NoRuleException {
    int[] axes = Arrays.stream(constants(input)).map(a -> axis(a, x.rank())).toArray();
    require(Arrays.stream(axes).allMatch(axis -> axis >= 0));
    require(keeps || rank() >= 0);
    done(made(node.toBuilder().putAttr("Tidx", Nodes.INT), vector(axes)), x.merged());
  }

  private void joined() throws RowRules.NoRuleException {
    boolean packs = node.getOp().equals("Pack");
    List<String> parts = packs ? inputs : inputs.subList(0, inputs.size() - 1);
    List<String> all = new ArrayList<>();
    for (String part : parts) {
      RowRules.Rows rows = rules.rows(part);
      require(rows != null && rows.merged() == rules.rows(parts.get(0)).merged());
      all.add(rows.tensor());
    }
    int given = packs ? (int) node.getAttrOrThrow("axis").getI() : constants(parts.size())[0];
    int axis = axis(given, packs ? x.rank() + 1 : x.rank());
    require(axis > 0);
    NodeDef.Builder joined = node.toBuilder();
    if (packs) {
      joined.putAttr("axis", Nodes.number(axis));
    } else {
      joined.putAttr("Tidx", Nodes.INT);
      all.add(rules.number(axis));
    }
    done(rules.add(joined, node.getName(), all) + ":0", x.merged());
  }

  private void unpacked() throws RowRules.NoRuleException {
    int axis = axis((int) node.getAttrOrThrow("axis").getI(), x.rank());
    require(axis >= 0 && !x.merged());
    String first = made(node.toBuilder().putAttr("axis", Nodes.number(axis)));
    for (int i = 0; i < node.getAttrOrThrow("num").getI(); i++) {
      String tensor = Tensors.node(first) + ":" + i;
      rules.done(node, i, new RowRules.Rows(tensor, x.rank() - 1, false, x.type()));
    }
  }

  private void gathered() throws RowRules.NoRuleException {
    require(node.getAttrOrThrow("batch_dims").getI() == 0);
    int axis = axis(constants(2)[0], x.rank());
    require(axis > 0);
    String at = rules.number(axis);
    done(
        made(node.toBuilder().putAttr("Taxis", Nodes.INT), rules.same(inputs.get(1)), at),
        x.merged());
  }
}
