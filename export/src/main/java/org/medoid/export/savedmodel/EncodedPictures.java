package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * Pixels that stand for encoded pictures while a graph is flattened. A network that is served with
 * the content of picture files decodes them itself, one by one; here it is fed with what its
 * decoder would give. For strings of any shape there are pixels, uint8, with three more axes:
 * height, width and 3. A decoder is then but a change of what a tensor means; whatever else looks
 * into the strings cannot be flattened.
 */
final class EncodedPictures {
  /** How many axes a picture has in place of a string. */
  private static final int AXES = 3;

  private static final Set<String> DECODERS = Set.of("DecodeImage", "DecodeJpeg", "DecodePng");

  private final Flattener flat;
  private final FlatNodes nodes;
  private final Set<String> encoded = new HashSet<>();
  private final Set<String> decoders = new TreeSet<>();
  private PictureFiles files = PictureFiles.PLAIN;

  EncodedPictures(Flattener flat) {
    this.flat = flat;
    this.nodes = new FlatNodes(flat);
  }

  /**
   * Lets pixels stand for strings.
   *
   * @param pixels uint8 [n, height, width, 3], or of one picture
   * @param strings what the signature takes: n of them, or n rows of one, or one alone
   * @return the flat tensor that stands for them
   */
  String of(String pixels, ModelTensor strings) {
    if (strings.rank() == 2) {
      return marked(nodes.expanded("pictures", pixels, 1, DataType.DT_UINT8));
    }
    return marked(pixels);
  }

  /** The decoders that were met. */
  Set<String> decoders() {
    return decoders;
  }

  /** How the files are given. */
  PictureFiles files() {
    return files;
  }

  /** Whether a flat tensor stands for strings. */
  boolean isEncoded(String tensor) {
    return encoded.contains(Tensors.canonical(tensor));
  }

  /** The type that a tensor has in the flat graph. */
  DataType type(String tensor, DataType declared) {
    return isEncoded(tensor) ? DataType.DT_UINT8 : declared;
  }

  /** Of a tensor that was made of another one without decoding it. */
  String like(String source, String made) {
    return isEncoded(source) ? marked(made) : made;
  }

  /** Lets a tensor of pixels stand for strings. */
  void mark(String tensor) {
    marked(tensor);
  }

  void forget(NodeDef node) {
    encoded.removeIf(tensor -> Tensors.node(tensor).equals(node.getName()));
  }

  private String marked(String tensor) {
    encoded.add(Tensors.canonical(tensor));
    return tensor;
  }

  /**
   * Flattens an operation that reads strings.
   *
   * @return null if pixels stand for none of its inputs
   * @throws IllegalArgumentException if it needs the strings themselves, or decodes them to other
   *     pixels than 8 bits of three channels
   */
  List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    if (inputs.stream().noneMatch(this::isEncoded)) {
      return null;
    }
    NodeDef complete = body.complete(node, Operations.registered(node.getOp()));
    String name = body.flatName(node);
    String strings = inputs.get(0);
    if (ExampleParser.isOperation(node)) {
      return parsed(body, complete, inputs);
    }
    if (DECODERS.contains(node.getOp())) {
      return List.of(decoded(body, complete, strings));
    }
    List<String> done =
        switch (node.getOp()) {
          case "DecodeBase64" -> {
            files = files.and(new PictureFiles(true, List.of()));
            yield inputs;
          }
          case "Shape" -> {
            DataType type = Nodes.type(complete, "out_type");
            yield List.of(nodes.sliced(name, sizes(name, strings, type), type, 0, -AXES));
          }
          case "Reshape" -> List.of(reshaped(name, complete, inputs));
          case "Squeeze", "ExpandDims", "StridedSlice", "GatherV2" -> moved(name, complete, inputs);
          default -> null;
        };
    if (done == null) {
      throw new IllegalArgumentException(
          body.where(node)
              + " reads encoded pictures otherwise than by decoding them; only their pixels are"
              + " fed");
    }
    return done;
  }

  private String decoded(Body body, NodeDef node, String strings) {
    long channels = node.getAttrOrThrow("channels").getI();
    DataType type = node.containsAttr("dtype") ? Nodes.type(node, "dtype") : DataType.DT_UINT8;
    if (channels == 1 || channels == 4) {
      throw new IllegalArgumentException(
          "%s decodes pictures to %d channels, not 3".formatted(body.where(node), channels));
    }
    if (node.containsAttr("ratio") && node.getAttrOrThrow("ratio").getI() > 1) {
      throw new IllegalArgumentException(
          body.where(node) + " makes pictures smaller while it decodes them");
    }
    if (type != DataType.DT_UINT8 && type != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(
          body.where(node) + " decodes pictures to " + Precision.name(type));
    }
    decoders.add(node.getOp());
    String name = body.flatName(node);
    if (type == DataType.DT_UINT8) {
      // A name of its own: from here on they are pixels.
      return nodes.add(name, Nodes.typed("Identity", type, strings));
    }
    String wide = flat.add(name + "/Cast", Nodes.cast(strings, DataType.DT_UINT8, type));
    String unit = flat.add(name + "/unit", Nodes.constant(1 / 255f));
    return nodes.add(name, Nodes.typed("Mul", type, wide, unit));
  }

  /** The pixels for each dense feature that may be a file; nothing else of an example is fed. */
  private List<String> parsed(Body body, NodeDef node, List<String> inputs) {
    ExampleParser parser = ExampleParser.of(flat, body, node, inputs);
    files = files.and(new PictureFiles(false, parser.features()));
    String unfed = body.where(node) + " gives other features of an example than pictures";
    List<String> outputs =
        new ArrayList<>(Collections.nCopies(parser.outputs(), flat.refused(unfed)));
    for (int i = 0; i < parser.features().size(); i++) {
      outputs.set(parser.first() + i, fed(body, node, inputs.get(0), parser.features().get(i)));
    }
    return outputs;
  }

  private String fed(Body body, NodeDef node, String pictures, ExampleParser.Feature feature) {
    if (!feature.isFile()) {
      return flat.refused(
          "%s gives the feature %s of an example, and only pictures are fed"
              .formatted(body.where(node), feature.key()));
    }
    String pixels = pictures;
    for (int axis = 0; axis < feature.shape().numDimensions(); axis++) {
      String name = body.flatName(node) + "/" + feature.key();
      pixels = marked(nodes.expanded(name, pixels, -1 - AXES, DataType.DT_UINT8));
    }
    return pixels;
  }

  private String reshaped(String name, NodeDef node, List<String> inputs) {
    DataType type = Nodes.type(node, "Tshape");
    String all = sizes(name, inputs.get(0), type);
    String picture = nodes.sliced(name + "/picture", all, type, -AXES, 0);
    String shape = nodes.joined(name + "/shape", List.of(inputs.get(1), picture), type);
    return marked(
        nodes.add(
            name,
            Nodes.typed("Reshape", DataType.DT_UINT8, inputs.get(0), shape)
                .putAttr("Tshape", Nodes.type(type))));
  }

  /** Counted from the first axis, places of strings are those of pictures; null if they are not. */
  private List<String> moved(String name, NodeDef node, List<String> inputs) {
    NodeDef.Builder moved =
        node.toBuilder().clearInput().putAttr("T", Nodes.type(DataType.DT_UINT8));
    inputs.forEach(input -> moved.addInput(Tensors.shortened(input)));
    node.getAttrMap().keySet().stream().filter(a -> a.startsWith("_")).forEach(moved::removeAttr);
    switch (node.getOp()) {
      case "Squeeze" -> {
        List<Long> axes = new ArrayList<>();
        for (long axis : node.getAttrOrThrow("squeeze_dims").getList().getIList()) {
          axes.add(axis < 0 ? axis - AXES : axis);
        }
        if (axes.isEmpty()) {
          return null;
        }
        moved.putAttr(
            "squeeze_dims", Nodes.numbers(axes.stream().mapToLong(Long::longValue).toArray()));
      }
      case "ExpandDims" -> {
        Double axis = number(inputs.get(1));
        if (axis == null) {
          return null;
        }
        int at = axis.intValue() < 0 ? axis.intValue() - AXES : axis.intValue();
        moved
            .setInput(1, Tensors.shortened(nodes.number(name + "/axis", at)))
            .putAttr("Tdim", Nodes.INT);
      }
      case "GatherV2" -> {
        Double axis = number(inputs.get(2));
        boolean rows = axis != null && axis == 0 && node.getAttrOrThrow("batch_dims").getI() == 0;
        if (!rows || !isEncoded(inputs.get(0))) {
          return null;
        }
        moved.removeAttr("T").putAttr("Tparams", Nodes.type(DataType.DT_UINT8));
      }
      default -> {
        if (node.getAttrOrThrow("ellipsis_mask").getI() != 0) {
          return null;
        }
      }
    }
    return List.of(marked(nodes.add(name, moved)));
  }

  /** The value of a constant of one number; null where it is none. */
  private Double number(String tensor) {
    TensorProto value = Constants.value(flat.node(Tensors.node(tensor)));
    return value == null ? null : Constants.scalar(value);
  }

  private String sizes(String name, String pictures, DataType type) {
    return nodes.sizes(name + "/pixels", pictures, DataType.DT_UINT8, type);
  }
}
