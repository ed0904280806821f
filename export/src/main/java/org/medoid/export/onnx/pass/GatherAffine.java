package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * A product and a sum for each channel that no convolution takes in are a batch normalisation: one
 * pass over the map, and runtimes keep it in the layout of the convolutions around.
 */
final class GatherAffine extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("Add", "Sub") || node.inputs.size() != 2) {
      return;
    }
    for (String y : node.inputs) {
      OnnxNode product = producer(y, "Mul");
      String[] parts = split(product);
      if (parts == null || !isSole(y)) {
        continue;
      }
      long[] shape = shape(parts[1]);
      long[] factor = constant(parts[0]).shape();
      if (shape == null || shape.length != 4 || shape[1] < 1 || factor.length != 4) {
        continue;
      }
      int channels = Math.toIntExact(shape[1]);
      Affine scale = Affine.of(this, product, parts[1], channels, 2);
      Affine shift = Affine.of(this, node, y, channels, 2);
      if (scale == null
          || shift == null
          || shift.scale() != null
          || constant(parts[0]).type() != DataType.DT_FLOAT) {
        continue;
      }
      double[] ones = new double[channels];
      Arrays.fill(ones, 1);
      List<String> in = new ArrayList<>(List.of(parts[1]));
      for (double[] values : List.of(scale.scale(), shift.shift(), new double[channels], ones)) {
        Constant constant = Constant.of(DataType.DT_FLOAT, new long[] {channels}, values);
        in.add(add(node.name + "/norm", constant));
      }
      become(node, "BatchNormalization", in, Map.of("epsilon", 0f));
      return;
    }
  }
}
