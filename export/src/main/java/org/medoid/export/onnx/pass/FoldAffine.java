package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * Folds a product or sum with constants into the convolution or matrix product before it, through
 * bounds if it is of one positive factor and one summand: they move with it.
 */
final class FoldAffine extends Pass {
  @Override
  void visit(OnnxNode node) {
    for (String y : node.inputs.stream().distinct().toList()) {
      OnnxNode clip = isSole(y) ? producer(y, "Clip", "Relu") : null;
      String x = clip == null ? y : clip.inputs.get(0);
      OnnxNode before = producer(x, "Conv", "ConvTranspose", "Gemm");
      Constant weights = before == null ? null : constant(before.inputs.get(1));
      if (weights == null
          || !isSole(x)
          || (weights.type() != DataType.DT_FLOAT && weights.type() != DataType.DT_DOUBLE)
          || Boolean.TRUE.equals(before.attributes.get("transB"))) {
        continue;
      }
      // Of a transposed convolution in groups, the weights say how many channels each makes.
      long group =
          before.is("ConvTranspose")
              ? ((Number) before.attributes.getOrDefault("group", 1L)).longValue()
              : 1;
      int channels = Math.toIntExact(group * weights.shape()[before.is("Conv") ? 0 : 1]);
      Affine affine = Affine.of(this, node, y, channels, weights.shape().length - 2);
      double[] bias = new double[channels];
      if (before.inputs.size() > 2) {
        bias = Affine.perChannel(this, before.inputs.get(2), channels, 0);
      }
      if (affine == null || bias == null || (clip != null && !isMoved(clip, affine))) {
        continue;
      }
      List<String> in = new ArrayList<>(before.inputs.subList(0, 2));
      if (affine.scale() != null) {
        double[] values = weights.doubles();
        // Conv: [out, in, sizes]; ConvTranspose: [in, out / group, sizes]; Gemm: [in, out].
        int each = before.is("Conv") ? values.length / channels : sizes(weights);
        int own = Math.toIntExact(channels / group);
        int ofGroup = Math.toIntExact(values.length / group);
        for (int i = 0; i < values.length; i++) {
          values[i] *= affine.scale()[i / ofGroup * own + i / each % own];
        }
        for (int i = 0; i < channels; i++) {
          bias[i] *= affine.scale()[i];
        }
        in.set(
            1, add(before.name + "/weights", Constant.of(weights.type(), weights.shape(), values)));
      }
      boolean biased = before.inputs.size() > 2 || affine.shift() != null;
      if (affine.shift() != null) {
        for (int i = 0; i < channels; i++) {
          bias[i] += affine.shift()[i];
        }
      }
      if (biased) {
        in.add(
            add(before.name + "/bias", Constant.of(weights.type(), new long[] {channels}, bias)));
      }
      if (clip == null) {
        become(node, before.op, in, before.attributes);
      } else {
        become(node, clip.op, bounded(clip, affine, emit(node, before.op, in, before.attributes)));
      }
      return;
    }
  }

  /** Whether bounds hold behind what they held before, moved as that is. */
  private boolean isMoved(OnnxNode clip, Affine affine) {
    double scale = affine.scale() == null ? 1 : affine.scale()[0];
    double shift = affine.shift() == null ? 0 : affine.shift()[0];
    boolean alike =
        (affine.scale() == null || Arrays.stream(affine.scale()).allMatch(i -> i == scale))
            && (affine.shift() == null || Arrays.stream(affine.shift()).allMatch(i -> i == shift));
    return alike
        && scale > 0
        && (clip.is("Relu")
            ? shift == 0
            : clip.inputs.size() == 3
                && Double.isFinite(scalar(clip.inputs.get(1)) + scalar(clip.inputs.get(2))));
  }

  private String[] bounded(OnnxNode clip, Affine affine, String x) {
    String[] in = clip.inputs.toArray(String[]::new);
    in[0] = x;
    for (int i = 1; i < in.length; i++) {
      double bound = scalar(in[i]) * (affine.scale() == null ? 1 : affine.scale()[0]);
      in[i] = scalarLike(in[i], bound + (affine.shift() == null ? 0 : affine.shift()[0]));
    }
    return in;
  }

  private static int sizes(Constant weights) {
    return Math.toIntExact(Arrays.stream(weights.shape()).skip(2).reduce(1, (a, b) -> a * b));
  }
}
