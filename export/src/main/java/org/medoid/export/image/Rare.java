package org.medoid.export.image;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * What few pictures need, as functions of their own that run only where one is taken. Behind Switch
 * and Merge alone each node of every branch is visited for every picture, and the constants are
 * worked out: 0.2 ms, a quarter of the time that a JPEG of 500x375 takes.
 *
 * <p>One does not take another: within a function of tf.data, TensorFlow 2.18 refuses a Case in a
 * Case (no rendezvous).
 */
final class Rare {
  private Rare() {}

  /** A way from a file to its picture, float [height, width, 3]. */
  record Way(String name, BiFunction<Ops, Operand<TString>, Operand<TFloat32>> body) {}

  /**
   * Takes one of some ways.
   *
   * @param tf the ops of a graph
   * @param encoded scalar: the file; where it is the dead side of a Switch, nothing runs
   * @param number scalar: which way
   * @param ways at least one
   * @return float [height, width, 3]
   */
  static Operand<TFloat32> take(
      Ops tf, Operand<TString> encoded, Operand<TInt32> number, List<Way> ways) {
    List<ConcreteFunction> functions = new ArrayList<>();
    try {
      for (Way way : ways) {
        functions.add(ConcreteFunction.create(f -> signature(f, way)));
      }
      // A call would be inlined, a Case is not.
      return tf.statefulCase(number, List.of(encoded), List.of(TFloat32.class), functions)
          .output()
          .get(0)
          .asOutput()
          .expect(TFloat32.class);
    } finally {
      functions.forEach(ConcreteFunction::close); // the graph has its own copies
    }
  }

  private static Signature signature(Ops tf, Way way) {
    Placeholder<TString> file = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    return Signature.builder("medoid_" + way.name())
        .input("encoded", file)
        .output("picture", way.body().apply(tf, file))
        .build();
  }
}
