package org.medoid.export.onnx.pass;

import java.util.Arrays;
import org.tensorflow.proto.DataType;

/**
 * y = x * scale + shift for each channel.
 *
 * @param scale a factor for each channel; null: none
 * @param shift a summand for each channel; null: none
 */
record Affine(double[] scale, double[] shift) {

  /**
   * What a node does to the output of another, as one factor and one summand for each channel.
   *
   * @param trailing how many axes the output has behind that of the channels, which is the second
   */
  static Affine of(Pass pass, OnnxNode node, String x, int channels, int trailing) {
    if (node.is("BatchNormalization") && node.inputs.get(0).equals(x)) {
      double[][] p = new double[4][];
      for (int i = 0; i < 4; i++) {
        p[i] = perChannel(pass, node.inputs.get(i + 1), channels, 0);
        if (p[i] == null) {
          return null;
        }
      }
      double epsilon = ((Number) node.attributes.get("epsilon")).doubleValue();
      double[] scale = new double[channels];
      double[] shift = new double[channels];
      Arrays.setAll(scale, i -> p[0][i] / Math.sqrt(p[3][i] + epsilon));
      Arrays.setAll(shift, i -> p[1][i] - p[2][i] * scale[i]);
      return new Affine(scale, shift);
    }
    if (!node.is("Mul", "Add", "Sub", "Div")) {
      return null;
    }
    String constant = Pass.other(node, x);
    double[] c = constant == null ? null : perChannel(pass, constant, channels, trailing);
    boolean left = node.inputs.get(0).equals(x);
    if (c == null
        || !Arrays.stream(c).allMatch(Double::isFinite)
        || (node.is("Div") && (!left || Arrays.stream(c).anyMatch(v -> v == 0)))) {
      return null; // weights of a kernel over 0 add up to NaN, where their sum over 0 is infinite
    }
    double[] one = new double[channels];
    Arrays.fill(one, 1);
    double[] minus = Arrays.stream(c).map(v -> -v).toArray();
    return switch (node.op) {
      case "Mul" -> new Affine(c, null);
      case "Div" -> new Affine(Arrays.stream(c).map(v -> 1 / v).toArray(), null);
      case "Add" -> new Affine(null, c);
      default ->
          left ? new Affine(null, minus) : new Affine(Arrays.stream(one).map(v -> -v).toArray(), c);
    };
  }

  /** A constant that has one value for each channel, or one for all; else null. */
  static double[] perChannel(Pass pass, String tensor, int channels, int trailing) {
    Constant constant = pass.constant(tensor);
    if (constant == null
        || (constant.type() != DataType.DT_FLOAT && constant.type() != DataType.DT_DOUBLE)) {
      return null;
    }
    long[] shape = constant.shape();
    if (shape.length > trailing + 2) {
      return null;
    }
    for (int i = 0; i < shape.length; i++) {
      boolean channel = i == shape.length - 1 - trailing;
      if (shape[i] != 1 && !(channel && shape[i] == channels)) {
        return null;
      }
    }
    double[] values = constant.doubles();
    if (values.length == channels) {
      return values;
    }
    double[] all = new double[channels];
    Arrays.fill(all, values[0]);
    return all;
  }
}
