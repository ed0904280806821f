package org.medoid.graph.network;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medoid.export.savedmodel.LiteralPath;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.Restore;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Pretrained weights: fills variables from a checkpoint that some other program wrote, by name.
 *
 * <p>Unlike {@code Session.restore}, which wants every variable of the graph to be there, this
 * takes what fits and says what does not.
 */
public final class Weights {

  private Weights() {}

  /**
   * What a restore found.
   *
   * @param prefix the checkpoint
   * @param restored names of the variables that have their values from the checkpoint
   * @param missing names of those that the checkpoint does not hold
   * @param unfit those that it holds in another shape or type, each as one line with both
   */
  public record Report(
      String prefix, List<String> restored, List<String> missing, List<String> unfit) {

    /**
     * Copies the lists.
     *
     * @param prefix the checkpoint
     * @param restored names of the restored variables
     * @param missing names of those not in the checkpoint
     * @param unfit lines on those of another shape or type
     */
    public Report {
      restored = List.copyOf(restored);
      missing = List.copyOf(missing);
      unfit = List.copyOf(unfit);
    }

    /**
     * Tells whether every variable asked for was restored.
     *
     * @return whether nothing is missing or unfit
     */
    public boolean complete() {
      return missing.isEmpty() && unfit.isEmpty();
    }

    /**
     * Describes the result for a person.
     *
     * @return a line with the count, then one for each variable that was not restored
     */
    public List<String> lines() {
      List<String> lines = new ArrayList<>();
      int all = restored.size() + missing.size() + unfit.size();
      lines.add("restored " + restored.size() + " of " + all + " variables from " + prefix);
      missing.forEach(name -> lines.add("not in the checkpoint: " + name));
      unfit.forEach(line -> lines.add("does not fit: " + line));
      return lines;
    }
  }

  /**
   * Assigns the checkpoint's values to those of the variables that it holds in the same shape; what
   * else it holds (a global step, optimizer slots, a classifier) is passed over, and a variable
   * that is not restored keeps its value.
   *
   * <p>Initialises the session first where that has not been done. Adds one restoring and n
   * assigning operations to the session's graph, under {@code restore_weights}.
   *
   * @param session of the graph of the variables
   * @param variables what to restore, for instance those of {@link LayerVariable.Group#BACKBONE}
   * @param file a checkpoint as {@link Checkpoint#read} takes it
   * @return what was restored and what was not
   * @throws IOException if the checkpoint is missing, damaged, or holds none of the variables
   */
  public static Report restore(Session session, List<LayerVariable> variables, Path file)
      throws IOException {
    Checkpoint checkpoint = Checkpoint.read(file);
    List<LayerVariable> fit = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    List<String> unfit = new ArrayList<>();
    for (LayerVariable variable : variables) {
      Checkpoint.Entry entry = checkpoint.tensors().get(variable.name());
      if (entry == null) {
        missing.add(variable.name());
      } else if (entry.type() != DataType.DT_FLOAT || !entry.shape().equals(variable.shape())) {
        unfit.add(
            "%s is %s %s in the network, %s %s in the checkpoint"
                .formatted(
                    variable.name(),
                    DataType.DT_FLOAT,
                    Arrays.toString(variable.shape().asArray()),
                    entry.type(),
                    Arrays.toString(entry.shape().asArray())));
      } else {
        fit.add(variable);
      }
    }
    if (fit.isEmpty()) {
      throw new IOException(
          "%s has none of the network's %d variables, such as %s; it holds %s: weights of another network?"
              .formatted(
                  checkpoint.prefix(),
                  variables.size(),
                  variables.stream().limit(1).map(LayerVariable::name).toList(),
                  checkpoint.tensors().keySet().stream().limit(3).toList()));
    }
    assign(session, fit, checkpoint.prefix());
    return new Report(
        checkpoint.prefix(), fit.stream().map(LayerVariable::name).toList(), missing, unfit);
  }

  private static void assign(Session session, List<LayerVariable> variables, String prefix)
      throws IOException {
    Ops tf = Ops.create(session.graph()).withSubScope("restore_weights");
    String[] names = variables.stream().map(LayerVariable::name).toArray(String[]::new);
    List<Class<? extends TType>> types = new ArrayList<>();
    variables.forEach(v -> types.add(TFloat32.class));
    Operand<TString> tensorNames = tf.constant(StdArrays.ndCopyOf(names));
    Operand<TString> file = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    Restore restore = tf.train.restore(file, tensorNames, tf.zerosLike(tensorNames), types);
    List<Op> assigns = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      assigns.add(
          tf.assign(
              variables.get(i).variable(),
              restore.tensors().get(i).asOutput().expect(TFloat32.class)));
    }
    session.initialize();
    try (LiteralPath path = LiteralPath.of(Path.of(prefix));
        TString name = TString.scalarOf(path.name())) {
      session
          .runner()
          .addTarget(tf.withControlDependencies(assigns).noOp())
          .feed(file, name)
          .run()
          .close();
    } catch (TensorFlowException | IllegalArgumentException | UnsupportedOperationException e) {
      throw new IOException(Checkpoint.notReadable(prefix, e), e);
    }
  }
}
