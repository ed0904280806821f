package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * Finds among the signatures of a SavedModel the one from images to features.
 *
 * <p>It fits if one of its inputs is a batch of pictures of three channels, all others switches
 * (scalars of type bool, set to false) or strings, and one of its outputs a batch of vectors or
 * maps of numbers. Where there is none, one fits whose pictures are encoded. Of several the names
 * decide, which follow conventions.
 */
final class SignatureChooser {
  private static final String NONE =
      "it has none at all; save it with one, as tf.saved_model.save(model, folder, signatures=f)"
          + " or Keras's model.export(folder) do";

  /** Medoid's own, TensorFlow's, TensorFlow Hub's (two), Keras's. */
  private static final List<String> SIGNATURES =
      List.of("features", "serving_default", "default", "image_feature_vector", "serve");

  /** Medoid's own two, TensorFlow Hub's, and what others call a vector for a picture. */
  private static final List<String> OUTPUTS =
      List.of(
          "features",
          "embedding",
          "default",
          "embeddings",
          "feature_vector",
          "image_embeds",
          "image_features",
          "pooled_output",
          "pooler_output",
          "pooled",
          "pooled_features",
          "global_pool",
          "avg_pool");

  /** What classifies and what are parts of a picture is not the vector that stands for it. */
  private static final Pattern OTHERS =
      Pattern.compile("logit|predict|probab|softmax|class|score|label|segment|mask|box|attention");

  /** What is called so among several strings is a picture, and not a key for it. */
  private static final Pattern PICTURES =
      Pattern.compile("image|img|picture|photo|byte|b64|base64|encoded|jpe?g|png|content");

  private final Map<String, SignatureDef> all = new TreeMap<>();

  /**
   * A signature from images to features, as it is declared.
   *
   * @param name the signature's
   * @param images its input; where that is encoded pictures, the pixels behind their decoder
   * @param encoded the input of encoded pictures, or null
   * @param switches further inputs, which are set to false
   * @param strings further inputs, which the features do not need
   * @param outputs those that may be the features, the likelier ones first
   */
  record Fit(
      String name,
      ModelTensor images,
      ModelTensor encoded,
      List<ModelTensor> switches,
      List<ModelTensor> strings,
      List<ModelTensor> outputs) {}

  SignatureChooser(Map<String, SignatureDef> signatures) {
    all.putAll(signatures);
    // The operation that Keras and tf.saved_model.save initialise tables by.
    all.values().removeIf(each -> each.getInputsCount() == 0 || each.getOutputsCount() == 0);
  }

  List<String> names() {
    return List.copyOf(all.keySet());
  }

  /**
   * A signature by its name.
   *
   * @param name null for {@code serving_default} or the only one
   * @throws IllegalArgumentException if there is none
   */
  SignatureDef named(String name) {
    String wanted =
        name != null ? name : all.size() == 1 ? all.keySet().iterator().next() : SIGNATURES.get(1);
    SignatureDef found = all.get(wanted);
    if (found == null) {
      throw new IllegalArgumentException("has no signature " + wanted + "; " + list());
    }
    return found;
  }

  private String list() {
    return all.isEmpty()
        ? "it has none"
        : "it has "
            + all.entrySet().stream()
                .map(each -> each.getKey() + ": " + describe(each.getValue()))
                .collect(Collectors.joining("; "));
  }

  private static String describe(SignatureDef signature) {
    return describe(signature.getInputsMap()) + " -> " + describe(signature.getOutputsMap());
  }

  private static String describe(Map<String, TensorInfo> tensors) {
    return new TreeMap<>(tensors)
        .entrySet().stream()
            .map(
                each ->
                    each.getValue().getEncodingCase() == TensorInfo.EncodingCase.NAME
                        ? ModelTensor.of(each.getKey(), each.getValue()).toString()
                        : each.getKey() + " (not dense)")
            .collect(Collectors.joining(", "));
  }

  /**
   * The signature that fits.
   *
   * @throws IllegalArgumentException if there is none, or several of which no name decides; says
   *     what there is and, of each, why it does not fit
   */
  Fit choose(SignatureChoice choice) {
    if (choice.signature() != null) {
      return fit(choice.signature(), named(choice.signature()), choice.output());
    }
    Map<String, Fit> fits = new LinkedHashMap<>();
    List<String> reasons = new ArrayList<>();
    all.forEach(
        (name, signature) -> {
          try {
            fits.put(name, fit(name, signature, choice.output()));
          } catch (IllegalArgumentException e) {
            reasons.add(e.getMessage());
          }
        });
    if (fits.values().stream().anyMatch(fit -> fit.encoded == null)) {
      fits.values().removeIf(fit -> fit.encoded != null);
    }
    for (String name : SIGNATURES) {
      if (fits.containsKey(name)) {
        return fits.get(name);
      }
    }
    if (fits.size() == 1) {
      return fits.values().iterator().next();
    }
    if (fits.isEmpty()) {
      throw new IllegalArgumentException(
          "has no signature from images [batch, height, width, 3] to features: "
              + (reasons.isEmpty() ? NONE : String.join("; ", reasons)));
    }
    throw new IllegalArgumentException(
        "has several signatures from images to features, say which one: " + list());
  }

  private static Fit fit(String name, SignatureDef signature, String output) {
    String described = "signature " + name + " (" + describe(signature) + ") ";
    List<ModelTensor> switches = new ArrayList<>();
    List<ModelTensor> images = new ArrayList<>();
    List<ModelTensor> strings = new ArrayList<>();
    for (Map.Entry<String, TensorInfo> each : new TreeMap<>(signature.getInputsMap()).entrySet()) {
      ModelTensor input = ModelTensor.of(each.getKey(), each.getValue());
      boolean string = input.type() == DataType.DT_STRING;
      (isSwitch(input) ? switches : string ? strings : images).add(input);
    }
    ModelTensor encoded = images.isEmpty() ? encoded(strings) : null;
    if (encoded != null) {
      strings.remove(encoded);
      long batch = encoded.rank() <= 0 ? -1 : encoded.size(0);
      Shape pixels = Shape.of(batch, -1, -1, 3);
      images.add(new ModelTensor(encoded.name(), encoded.tensor(), DataType.DT_UINT8, pixels));
    }
    if (images.size() != 1) {
      throw new IllegalArgumentException(
          described
              + "takes "
              + (images.isEmpty() && strings.isEmpty()
                  ? "no images"
                  : "several inputs, only images can be fed"));
    }
    String unfit = unfit(encoded == null ? images.get(0) : encoded);
    if (unfit != null) {
      throw new IllegalArgumentException(described + unfit);
    }
    boolean alone = encoded != null && encoded.rank() == 0;
    List<ModelTensor> outputs = outputs(described, signature, output, alone);
    return new Fit(name, images.get(0), encoded, switches, strings, outputs);
  }

  /** Which of several strings is the content of pictures; null if none, or several may be. */
  private static ModelTensor encoded(List<ModelTensor> strings) {
    List<ModelTensor> named =
        strings.size() == 1
            ? strings
            : strings.stream()
                .filter(each -> PICTURES.matcher(each.name().toLowerCase(Locale.ROOT)).find())
                .toList();
    return named.size() == 1 ? named.get(0) : null;
  }

  private static boolean isSwitch(ModelTensor input) {
    return input.type() == DataType.DT_BOOL && (input.shape().isUnknown() || input.rank() == 0);
  }

  /** Why an input is not one of images; null if it may be. */
  private static String unfit(ModelTensor input) {
    if (input.type() == DataType.DT_STRING) {
      boolean rows = input.rank() == 2 && (input.size(1) == 1 || input.size(1) < 0);
      return input.shape().isUnknown() || input.rank() < 2 || rows
          ? null
          : "takes strings of this shape, not one for each picture";
    }
    if (!input.isFloating() && !input.isInteger()) {
      return "takes " + Precision.name(input.type()) + ", not pixels";
    }
    if (input.shape().isUnknown()) {
      return null;
    }
    if (input.rank() != 4) {
      if (input.rank() != 3) {
        return "takes no pictures, which have the shape [batch, height, width, 3]";
      }
      return input.size(2) == 3 || input.size(2) < 0
          ? "takes one picture, not a batch of them"
          : "takes pictures without an axis of channels, not [batch, height, width, 3]";
    }
    long last = input.size(3);
    if (last == 3 || last < 0 || channelsFirst(input)) {
      return null;
    }
    long channels = input.size(1) < 0 || last < input.size(1) ? last : input.size(1);
    return "takes pictures of %d channel%s, not 3".formatted(channels, channels == 1 ? "" : "s");
  }

  /** Whether pictures are [batch, 3, height, width]. */
  static boolean channelsFirst(ModelTensor images) {
    return images.rank() == 4 && images.size(1) == 3 && images.size(3) != 3;
  }

  private static List<ModelTensor> outputs(
      String described, SignatureDef signature, String wanted, boolean alone) {
    Map<String, TensorInfo> given = new TreeMap<>(signature.getOutputsMap());
    if (wanted != null) {
      if (!given.containsKey(wanted)) {
        throw new IllegalArgumentException(
            described + "has no output " + wanted + ", only " + String.join(", ", given.keySet()));
      }
      given.keySet().removeIf(name -> !name.equals(wanted));
    }
    List<ModelTensor> fit = new ArrayList<>();
    for (Map.Entry<String, TensorInfo> each : given.entrySet()) {
      if (each.getValue().getEncodingCase() == TensorInfo.EncodingCase.NAME) {
        ModelTensor output = ModelTensor.of(each.getKey(), each.getValue());
        output = alone ? ofSeveral(output) : output;
        boolean shaped = output.shape().isUnknown() || (output.rank() > 1 && output.rank() < 5);
        if (output.isFloating() && shaped) {
          fit.add(output);
        }
      }
    }
    if (fit.isEmpty()) {
      throw new IllegalArgumentException(
          described
              + (wanted == null ? "has no output" : "has with " + wanted + " no output")
              + " of floating point with the shape [batch, features]");
    }
    fit.sort(Comparator.comparingInt(SignatureChooser::unlikely));
    return fit;
  }

  /** What one picture gives, a vector or a batch of one, for a batch of any size. */
  private static ModelTensor ofSeveral(ModelTensor one) {
    if (one.rank() == 1) {
      return one.of(Shape.of(-1, one.size(0)));
    }
    if (one.rank() < 2 || one.size(0) > 1) {
      return one.of(Shape.scalar());
    }
    long[] sizes = one.shape().asArray();
    sizes[0] = -1;
    return one.of(Shape.of(sizes));
  }

  /** The smaller, the likelier is an output the vector of a picture. */
  static int unlikely(ModelTensor output) {
    int named = OUTPUTS.indexOf(output.name());
    if (named >= 0 && output.rank() <= 2) {
      return named;
    }
    int other = OTHERS.matcher(output.name().toLowerCase(Locale.ROOT)).find() ? 1 : 0;
    int rank = output.shape().isUnknown() ? 1 : output.rank() == 2 ? 0 : output.rank();
    return OUTPUTS.size() + rank + 10 * other;
  }
}
