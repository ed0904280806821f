package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.proto.DataType;

/**
 * Lets a flat tensor of images stand for what a signature takes, be it pixels or files of them. A
 * signature that takes one file alone is computed for all pictures at once, by {@link RowRules}.
 */
final class FedImages {
  private final SignatureChooser.Fit fit;
  private final Set<String> decoders = new TreeSet<>();
  private PictureFiles files = PictureFiles.PLAIN;

  FedImages(SignatureChooser.Fit fit) {
    this.fit = fit;
  }

  /** The decoders that are left out, as far as graphs were flattened. */
  synchronized Set<String> decoders() {
    return new TreeSet<>(decoders);
  }

  /** How the files are given. */
  synchronized PictureFiles files() {
    return files;
  }

  /**
   * Flattens.
   *
   * @param images the flat tensor, as the network wants its pixels
   * @param tensors of the source, which depend on the images
   * @return the flat tensors for them
   * @throws IllegalArgumentException if that cannot be done, or the signature takes strings that
   *     are no pictures
   */
  synchronized List<String> flatten(Flattener flattener, String images, List<String> tensors) {
    EncodedPictures pictures = flattener.pictures();
    int before = flattener.size();
    boolean alone = fit.encoded() != null && fit.encoded().rank() == 0;
    String number = alone ? number(flattener) : null;
    flattener.feed(
        fit.images().tensor(),
        fit.encoded() == null
            ? images
            : pictures.of(alone ? picture(flattener, images, number) : images, fit.encoded()));
    for (ModelTensor each : fit.switches()) {
      flattener.feed(each.tensor(), flattener.add("switch", Nodes.constant(false)) + ":0");
    }
    if (fit.encoded() == null) {
      return flattener.flatten(tensors);
    }
    try {
      List<String> flat = flattener.flatten(tensors);
      decoders.addAll(pictures.decoders());
      files = files.and(pictures.files());
      if (decoders.isEmpty()) {
        throw new IllegalArgumentException(
            "no decoder of pictures lies between them and the features");
      }
      return alone ? forAll(flattener, before, number, flat) : flat;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "signature %s takes encoded pictures or other strings, not pixels: %s"
              .formatted(fit.name(), e.getMessage()),
          e);
    }
  }

  /** The number of a picture, for as long as there is one alone. */
  private static String number(Flattener flattener) {
    String name = flattener.unique("number");
    flattener.add(Nodes.placeholder(name, DataType.DT_INT32, Nodes.shape()));
    return name + ":0";
  }

  private static String picture(Flattener flattener, String images, String number) {
    return new FlatNodes(flattener).gathered("picture", images, number, DataType.DT_UINT8);
  }

  /** What is flat for one picture, for all. */
  private static List<String> forAll(
      Flattener flattener, int before, String number, List<String> flat) {
    InferredShapes shapes = flattener.shapes();
    RowRules rules = new RowRules(flattener, flattener.forget(before), shapes);
    try {
      rules.add(Set.of(number), flat);
      List<String> all = new ArrayList<>();
      for (String tensor : flat) {
        all.add(rules.batch(tensor));
      }
      return all;
    } catch (RowRules.NoRuleException e) {
      throw new IllegalArgumentException(
          "it takes one picture, and node %s cannot be computed for several at once"
              .formatted(e.getMessage()),
          e);
    }
  }
}
