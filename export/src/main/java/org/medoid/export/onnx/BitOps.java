package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;
import static org.tensorflow.proto.DataType.DT_UINT64;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/**
 * Bits of whole numbers. ONNX shifts those of unsigned numbers; the other operations are arithmetic
 * until opset 18. All is done in 64 bits; the cast back drops what a type has no room for.
 */
final class BitOps {
  private BitOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("BitwiseAnd", node -> combine(node, 0));
    table.put("BitwiseOr", node -> combine(node, 1));
    table.put("BitwiseXor", node -> combine(node, 2));
    table.put("Invert", BitOps::invert);
    table.put("LeftShift", node -> shift(node, "LEFT"));
    table.put("RightShift", node -> shift(node, "RIGHT"));
  }

  private static String number(TfNode node, double value) {
    return node.scalar(DT_INT64, value);
  }

  private static List<String> wide(TfNode node) {
    return node.aligned().stream().map(x -> node.cast(x, node.type(0), DT_INT64)).toList();
  }

  private static void give(TfNode node, String wide) {
    node.alignedOutput(0, node.cast(wide, DT_INT64, node.type(0)));
  }

  private static int bits(TfNode node) {
    return 8 * Types.bytes(node.type(0));
  }

  /** -1 - x; of unsigned numbers the cast back makes it the largest less x. */
  private static void invert(TfNode node) {
    give(node, node.emit("Sub", number(node, -1), wide(node).get(0)));
  }

  /** a | b is a + b less a &amp; b, a ^ b is a + b less twice that. */
  private static void combine(TfNode node, int less) {
    List<String> x = wide(node);
    String both = both(node, x);
    if (less > 0) {
      String sum = node.emit("Add", x);
      both = node.emit("Sub", sum, node.emit("Mul", both, number(node, less)));
    }
    give(node, both);
  }

  /** Bit by bit, those that both numbers have; a mask of the lowest is a remainder. */
  private static String both(TfNode node, List<String> x) {
    int bits = bits(node);
    for (int i = 0; i < 2; i++) {
      if (node.isConstant(i)) {
        long[] mask = node.integers(i);
        if (Arrays.stream(mask).allMatch(m -> m >= 0)) {
          long all = Arrays.stream(mask).reduce(0, (a, b) -> a | b);
          bits = Math.min(bits, 64 - Long.numberOfLeadingZeros(all));
          if (all == (1L << bits) - 1 && Arrays.stream(mask).allMatch(m -> m == all)) {
            return lowest(node, x.get(1 - i), bits);
          }
        }
      }
    }
    long[] powers = IntStream.range(0, bits).mapToLong(k -> 1L << k).toArray();
    String places = node.constant(powers);
    int width = bits;
    UnaryOperator<String> split =
        tensor -> {
          String each = node.unsqueezed(lowest(node, tensor, width), -1);
          return node.emit("Mod", node.emit("Div", each, places), number(node, 2));
        };
    String common = node.emit("Mul", split.apply(x.get(0)), split.apply(x.get(1)));
    List<String> summed = List.of(node.emit("Mul", common, places), node.constant(-1));
    return node.emit("ReduceSum", summed, Map.of("keepdims", false));
  }

  /** ONNX's remainder is never below zero, as the bits of a negative number are counted. */
  private static String lowest(TfNode node, String x, int bits) {
    if (bits > 62) {
      throw node.unsupported("numbers of 64 bits, none of them a constant mask of fewer");
    }
    return node.emit("Mod", x, number(node, (double) (1L << bits)));
  }

  /** To the right, what is below zero keeps its sign: the bits of -1 - x are shifted. */
  private static void shift(TfNode node, String direction) {
    List<String> in = wide(node);
    String x = in.get(0);
    DataType type = node.type(0);
    boolean turned = direction.equals("RIGHT") && !isUnsigned(type);
    String below = turned ? node.emit("Less", x, number(node, 0)) : null;
    x = turned ? upturned(node, below, x) : x;
    String moved =
        node.emit(
            "BitShift",
            Map.of("direction", direction),
            node.cast(x, DT_INT64, DT_UINT64),
            node.cast(in.get(1), DT_INT64, DT_UINT64));
    String back = node.cast(moved, DT_UINT64, DT_INT64);
    give(node, turned ? upturned(node, below, back) : back);
  }

  private static boolean isUnsigned(DataType type) {
    return switch (type) {
      case DT_UINT8, DT_UINT16, DT_UINT32, DT_UINT64 -> true;
      default -> false;
    };
  }

  private static String upturned(TfNode node, String below, String x) {
    return node.emit("Where", below, node.emit("Sub", number(node, -1), x), x);
  }
}
