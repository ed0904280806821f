package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import org.medoid.graph.network.LayerVariable;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/** What the optimizers have in common. */
final class Gradients {
  private Gradients() {}

  /**
   * Checks the values of an optimizer.
   *
   * @param name the optimizer's
   */
  record Check(String name) {
    /** Throws unless a value is in [0, 1). */
    Check share(String what, float value) {
      return require(what, value, value >= 0 && value < 1);
    }

    /** Throws unless a value is finite and not negative. */
    Check notNegative(String what, float value) {
      return require(what, value, value >= 0 && Float.isFinite(value));
    }

    private Check require(String what, float value, boolean holds) {
      if (!holds) {
        throw new IllegalArgumentException(name + " cannot have a " + what + " of " + value);
      }
      return this;
    }
  }

  /**
   * Whether a variable's weights decay: those of two or more dimensions do, as TF-Slim has it;
   * biases and the betas of batch normalisation do not.
   */
  static boolean decays(LayerVariable variable) {
    return variable.shape().numDimensions() >= 2;
  }

  /**
   * Scales all gradients together so that their global norm, the square root of the sum of all
   * squares, is at most clipNorm. None is available before all are.
   */
  static List<Operand<TFloat32>> clipped(
      Ops tf, List<Operand<TFloat32>> gradients, float clipNorm) {
    if (clipNorm == 0) {
      return gradients;
    }
    // l2Loss is half the sum of squares.
    List<Operand<TFloat32>> halves = new ArrayList<>();
    gradients.forEach(gradient -> halves.add(tf.nn.l2Loss(gradient)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(halves), tf.constant(2f)));
    Operand<TFloat32> limit = tf.constant(clipNorm);
    Operand<TFloat32> scale = tf.math.div(limit, tf.math.maximum(norm, limit));
    List<Operand<TFloat32>> clipped = new ArrayList<>();
    gradients.forEach(gradient -> clipped.add(tf.math.mul(gradient, scale)));
    return clipped;
  }

  /** A variable of an optimizer beside a variable of the network, called {@code name/role}. */
  static Variable<TFloat32> slot(Ops tf, LayerVariable of, String role, float start) {
    // By hand: an endpoint takes no name with slashes.
    Variable<TFloat32> slot =
        new Variable<>(
            tf.scope()
                .env()
                .opBuilder(Variable.OP_NAME, of.name() + "/" + role, tf.scope())
                .setAttr("shape", of.shape())
                .setAttr("dtype", DataType.DT_FLOAT)
                .build());
    Ops init = tf.withInitScope();
    init.assign(slot, init.fill(init.constant(of.shape()), init.constant(start)));
    return slot;
  }
}
