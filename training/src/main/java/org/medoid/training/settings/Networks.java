package org.medoid.training.settings;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.SavedModelNetwork;

/** Finds the network that a model SPEC names. */
public final class Networks {
  private static final String SAVED_MODEL = "savedmodel:";
  private static final String OWN = "own:";

  private Networks() {}

  /**
   * The network of a specification.
   *
   * @param specification {@code convnet}, {@code inception_v2}, or {@code savedmodel:DIR}
   * @return the network
   * @throws SettingException if there is no such network, or it is one that a program brings itself
   * @throws IOException if the SavedModel cannot be read or holds no network from images to
   *     features
   */
  public static Network of(String specification) throws IOException {
    check(specification);
    if (isSavedModel(specification)) {
      return SavedModelNetwork.load(folder(specification));
    }
    return switch (specification) {
      case "convnet" -> new ConvNet();
      case "inception_v2" -> new InceptionV2();
      default ->
          throw new SettingException(
              "model", specification + ": is known only to the program that trained it");
    };
  }

  /** The side of the images that a network is meant for; reads no weights. */
  static int imageSize(String specification) throws IOException {
    return of(specification).defaultImageSize();
  }

  /** The specification with an absolute path, so that it holds in every folder. */
  static String absolute(String specification) {
    return isSavedModel(specification)
        ? SAVED_MODEL + folder(specification).toAbsolutePath().normalize()
        : specification;
  }

  static boolean isSavedModel(String specification) {
    return specification.startsWith(SAVED_MODEL);
  }

  /**
   * Whether a network, loss or optimizer is one that a program brings itself.
   *
   * @param name as the settings have it
   * @return true for {@code own:NAME}
   */
  public static boolean isOwn(String name) {
    return name.startsWith(OWN) && name.length() > OWN.length();
  }

  private static Path folder(String specification) {
    return Path.of(specification.substring(SAVED_MODEL.length()));
  }

  static void check(String specification) {
    SettingException.require(
        specification != null
            && (specification.equals("convnet")
                || specification.equals("inception_v2")
                || isSavedModel(specification)
                || isOwn(specification)),
        "model",
        specification,
        "no such model; models are convnet, inception_v2 and savedmodel:DIR");
  }
}
