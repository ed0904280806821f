package org.medoid.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.SavedModelNetwork;
import org.medoid.training.data.Npy;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Writes the gradients of networks, for gradients_check.py to compare with Python's GradientTape.
 *
 * <p>usage: GradientValues FOLDER... Each folder holds model, a SavedModel, and images.npy (float32
 * [n, height, width, 3] in [0, 1]); it gets features.npy, for each trainable variable I its values
 * value-I.npy and gradient-I.npy, the gradient of Σ features · weights in it, with weights.npy,
 * float32 [n, d], which is cos(0), cos(1), ...; and facts.txt: the signature's name, input and
 * output, and what pixels are scaled and shifted by. What cannot be trained gets refused.txt.
 */
public class GradientValues {
  public static void main(String[] folders) throws IOException {
    for (String folder : folders) {
      Path in = Path.of(folder);
      try {
        write(in, Npy.read(in.resolve("images.npy")));
      } catch (IOException | IllegalArgumentException e) {
        Files.writeString(in.resolve("refused.txt"), String.valueOf(e.getMessage()), UTF_8);
      }
    }
  }

  private static void write(Path folder, Npy pixels) throws IOException {
    SavedModelNetwork network = SavedModelNetwork.load(folder.resolve("model"));
    ModelSignature signature = network.signature();
    Files.writeString(
        folder.resolve("facts.txt"),
        String.join(
            "\n",
            signature.name(),
            signature.input().name(),
            signature.output().name(),
            signature.range().scale()[0]
                + " "
                + signature.range().shift()[0]), // without --range one for all colours
        UTF_8);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Layers layers =
          new Layers(
              tf,
              Layers.Mode.TRAINING,
              Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN));
      int[] sizes = pixels.shape();
      Operand<TFloat32> images =
          tf.constant(
              Shape.of(sizes[0], sizes[1], sizes[2], sizes[3]),
              DataBuffers.of((float[]) pixels.data()));
      Operand<TFloat32> features = network.features(layers, images);
      try (Session session = new Session(graph)) {
        session.initialize();
        Npy given = fetch(session, List.of(features)).get(0);
        given.write(folder.resolve("features.npy"));
        float[] weights = new float[((float[]) given.data()).length];
        for (int i = 0; i < weights.length; i++) {
          weights[i] = (float) Math.cos(i);
        }
        new Npy(given.shape(), weights).write(folder.resolve("weights.npy"));
        List<LayerVariable> variables = layers.trainables();
        List<Operand<TFloat32>> wanted = new ArrayList<>();
        variables.forEach(each -> wanted.add(each.variable()));
        wanted.addAll(
            layers.gradients(
                features,
                tf.constant(Shape.of(given.shape()[0], given.shape()[1]), DataBuffers.of(weights)),
                variables));
        List<Npy> values = fetch(session, wanted);
        for (int i = 0; i < variables.size(); i++) {
          values.get(i).write(folder.resolve("value-" + i + ".npy"));
          values.get(variables.size() + i).write(folder.resolve("gradient-" + i + ".npy"));
        }
      }
    }
  }

  private static List<Npy> fetch(Session session, List<Operand<TFloat32>> wanted) {
    Session.Runner runner = session.runner();
    wanted.forEach(runner::fetch);
    List<Npy> fetched = new ArrayList<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < wanted.size(); i++) {
        TFloat32 tensor = (TFloat32) result.get(i);
        float[] values = new float[Math.toIntExact(tensor.size())];
        tensor.copyTo(DataBuffers.of(values, false, false));
        int[] shape = Arrays.stream(tensor.shape().asArray()).mapToInt(Math::toIntExact).toArray();
        fetched.add(new Npy(shape, values));
      }
    }
    return fetched;
  }
}
