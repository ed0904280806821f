package org.medoid.graph.network;

import java.nio.charset.StandardCharsets;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Gives the initial value of a variable: from its full name and the seed alone. */
interface Initializer {
  /** Adds the value, float of the shape, to a graph. */
  Operand<TFloat32> value(Ops tf, long seed, String name, Shape shape);

  /** The same number everywhere. */
  static Initializer constant(float value) {
    return (tf, seed, name, shape) -> tf.fill(tf.constant(shape), tf.constant(value));
  }

  /** Uniform within sqrt(6 / inputs): keeps the variance of what a ReLU passes on. */
  static Initializer heUniform(Shape shape) {
    double inputs = (double) shape.size() / shape.get(shape.numDimensions() - 1);
    return uniform(Math.sqrt(6 / inputs));
  }

  /** Uniform in [-bound, bound). */
  static Initializer uniform(double bound) {
    return (tf, seed, name, shape) ->
        tf.math.add(
            tf.math.mul(
                tf.random.statelessRandomUniform(
                    tf.constant(shape), tf.constant(new long[] {seed, hash(name)})),
                tf.constant((float) (2 * bound))),
            tf.constant((float) -bound));
  }

  /** FNV-1a, 64 bits: unlike String.hashCode wide enough that no two variables share a stream. */
  private static long hash(String name) {
    long h = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return h;
  }
}
