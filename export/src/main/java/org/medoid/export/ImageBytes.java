package org.medoid.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.image.ImageSize;
import org.medoid.export.image.Pictures;
import org.medoid.export.savedmodel.AsWritten;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * From encoded pictures to what a network takes, as in the pipeline that evaluates: see {@link
 * Pictures}.
 *
 * @param height of the network's input in pixels
 * @param width of the network's input in pixels
 * @param resize as {@link ImageSize#resize}
 */
record ImageBytes(int height, int width, int resize) {
  /** The signature and its input. */
  static final String NAME = "image_bytes";

  ImageBytes {
    ImageSize unused = new ImageSize(height, width, resize); // checks them
  }

  private Operand<TFloat32> pixels(Ops tf, Operand<TString> encoded) {
    return Pictures.centre(tf, Pictures.decode(tf, encoded), new ImageSize(height, width, resize));
  }

  /**
   * Adds a second way into a frozen graph, from encoded pictures. The constants serve both ways;
   * the nodes that depend on the images are there twice, since a signature that fed the images of
   * the first way by a default would not survive the pruning of TensorFlow 2's loader.
   *
   * @param frozen with one input and one output
   * @param names filled in: {@value #NAME} and the output's name, and the new tensors
   * @return the larger graph
   */
  GraphDef extend(FrozenGraph frozen, Map<String, String> names) {
    String images = node(frozen.inputs().values().iterator().next());
    Map.Entry<String, String> output = frozen.outputs().entrySet().iterator().next();
    String prefix = NAME;
    for (NodeDef node : frozen.graph().getNodeList()) {
      while (node.getName().startsWith(prefix)) {
        prefix += "_";
      }
    }
    GraphDef.Builder extended = frozen.graph().toBuilder();
    Map<String, String> copies = new LinkedHashMap<>();
    GraphDef decoding = decoding(prefix);
    extended.addAllNode(decoding.getNodeList());
    extended.getLibraryBuilder().addAllFunction(decoding.getLibrary().getFunctionList());
    copies.put(images, decoding.getNode(decoding.getNodeCount() - 1).getName());
    for (NodeDef node : frozen.graph().getNodeList()) {
      if (node.getInputList().stream().anyMatch(input -> copies.containsKey(node(input)))) {
        String copy = prefix + "/" + node.getName();
        copies.put(node.getName(), copy);
        NodeDef.Builder copied = node.toBuilder().setName(copy).clearInput();
        for (String input : node.getInputList()) {
          String from = node(input);
          copied.addInput(copies.getOrDefault(from, from) + input.substring(from.length()));
        }
        extended.addNode(copied);
      }
    }
    names.put(NAME, prefix + ":0");
    names.put(
        output.getKey(),
        copies.getOrDefault(node(output.getValue()), node(output.getValue())) + ":0");
    return extended.build();
  }

  /** A graph from the placeholder {@code prefix} to its last node. */
  private GraphDef decoding(String prefix) {
    try (Graph graph = new Graph();
        ConcreteFunction one =
            ConcreteFunction.create(
                tf -> {
                  Placeholder<TString> encoded =
                      tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
                  return Signature.builder("decode_picture")
                      .input("encoded", encoded)
                      .output("pixels", pixels(tf, encoded))
                      .build();
                })) {
      Ops tf = Ops.create(graph);
      Placeholder<TString> encoded =
          tf.withName(prefix).placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      tf.withName(prefix + "_decoded")
          .mapDefun(
              List.of(encoded),
              List.of(),
              List.of(TFloat32.class),
              List.of(Shape.of(height, width, 3)),
              one);
      return graph.toGraphDef();
    }
  }

  /**
   * Decodes pictures one by one.
   *
   * @param encoded the content of picture files
   * @param names what to call each in an error
   * @return [n, height, width, 3] in a row
   * @throws IOException if one is not a picture, naming it
   */
  float[] decode(List<byte[]> encoded, List<String> names) throws IOException {
    int values = Math.multiplyExact(Math.multiplyExact(height, width), 3);
    float[] pixels = new float[Math.multiplyExact(values, encoded.size())];
    try (Graph graph = new Graph();
        Session session = new Session(graph, AsWritten.CONFIG)) {
      Ops tf = Ops.create(graph);
      Placeholder<TString> file = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
      Operand<TFloat32> decoded = pixels(tf, file);
      for (int i = 0; i < encoded.size(); i++) {
        try (TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(encoded.get(i)));
            Result result = session.runner().feed(file, bytes).fetch(decoded).run()) {
          ((TFloat32) result.get(0))
              .copyTo(
                  DataBuffers.of(pixels, false, false).offset((long) i * values).narrow(values));
        } catch (TensorFlowException | IllegalArgumentException e) {
          throw new IOException(
              names.get(i) + " is not a picture: " + VariableValues.firstLine(e), e);
        }
      }
    }
    return pixels;
  }

  /**
   * Encodes pictures without loss, but for the rounding to 8 bits.
   *
   * @param pixels [n, height, width, 3] in a row, in [0, 1]
   * @return n PNG files
   */
  List<byte[]> encode(float[] pixels) {
    List<byte[]> encoded = new ArrayList<>();
    int values = height * width * 3;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TUint8> picture =
          tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(height, width, 3)));
      Operand<TString> png = tf.image.encodePng(picture);
      for (int i = 0; i < pixels.length / values; i++) {
        byte[] rounded = new byte[values];
        for (int k = 0; k < values; k++) {
          rounded[k] = (byte) Math.round(255 * Math.max(0, Math.min(1, pixels[i * values + k])));
        }
        try (TUint8 bytes = TUint8.tensorOf(Shape.of(height, width, 3), DataBuffers.of(rounded));
            Result result = session.runner().feed(picture, bytes).fetch(png).run()) {
          encoded.add(((TString) result.get(0)).asBytes().getObject());
        }
      }
    }
    return encoded;
  }

  static List<byte[]> read(List<Path> files) throws IOException {
    List<byte[]> read = new ArrayList<>();
    for (Path file : files) {
      read.add(Files.readAllBytes(file));
    }
    return read;
  }

  private static String node(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }
}
