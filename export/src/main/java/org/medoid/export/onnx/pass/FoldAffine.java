package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.proto.DataType;

/** Folds a product or sum with constants into the convolution or matrix product before it. */
final class FoldAffine extends Pass {
  @Override
  void visit(OnnxNode node) {
    for (String x : node.inputs.stream().distinct().toList()) {
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
      Affine affine = Affine.of(this, node, x, channels, weights.shape().length - 2);
      double[] bias = new double[channels];
      if (before.inputs.size() > 2) {
        bias = Affine.perChannel(this, before.inputs.get(2), channels, 0);
      }
      if (affine == null || bias == null) {
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
      become(node, before.op, in, before.attributes);
      return;
    }
  }

  private static int sizes(Constant weights) {
    return Math.toIntExact(Arrays.stream(weights.shape()).skip(2).reduce(1, (a, b) -> a * b));
  }
}
