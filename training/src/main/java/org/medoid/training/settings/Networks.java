package org.medoid.training.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.SavedModelNetwork;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the network that a model SPEC names. */
public final class Networks {
  static final String INCEPTION_V2 = "inception_v2";
  private static final String SAVED_MODEL = "savedmodel:";
  private static final String OWN = "own:";

  private static final Map<String, Function<Pooling, Network>> MAKERS =
      new TreeMap<>(
          Map.of(
              "convnet",
              none -> new ConvNet(),
              INCEPTION_V2,
              pool -> pool == null ? new InceptionV2() : new InceptionV2(pool)));

  /** Of a SavedModel that takes images of any size. */
  private static final int OPEN_SIZE = 224;

  private static final Logger LOG = LoggerFactory.getLogger(Networks.class);

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
    return of(specification, SignatureChoice.FITTING, null);
  }

  /**
   * The network of a run's settings.
   *
   * @param settings the network and, of a SavedModel, what is taken
   * @return the network
   * @throws SettingException as {@link #of(String)}
   * @throws IOException as {@link #of(String)}
   */
  public static Network of(NetworkSettings settings) throws IOException {
    return of(settings.model(), settings.choice(), settings.pool());
  }

  /**
   * The network of a specification, with what is told of it.
   *
   * @param specification as {@link #of(String)} takes it
   * @param choice what is taken of a SavedModel
   * @param pool how the last map of inception_v2 becomes features; null for the usual
   * @return the network
   * @throws SettingException as {@link #of(String)}
   * @throws IOException as {@link #of(String)}
   */
  public static Network of(String specification, SignatureChoice choice, Pooling pool)
      throws IOException {
    check(specification);
    if (isSavedModel(specification)) {
      ModelSignature signature = SavedModel.open(folder(specification)).signature(choice);
      signature.notes().forEach(note -> LOG.info("{}: {}", specification, note));
      return SavedModelNetwork.of(signature);
    }
    if (isOwn(specification)) {
      throw new SettingException(
          "model", specification + ": is known only to the program that trained it");
    }
    return MAKERS.get(specification).apply(pool);
  }

  /** The side of the images that a network is meant for; reads no weights. */
  static int imageSize(NetworkSettings settings) throws IOException {
    if (!isSavedModel(settings.model())) {
      return of(settings.model()).defaultImageSize();
    }
    ModelSignature signature =
        SavedModel.open(folder(settings.model())).signature(settings.choice());
    if (signature.meantHeight() != signature.meantWidth()) {
      throw new SettingException(
          "model",
          "%s: takes images of %dx%d pixels; only square ones can be trained"
              .formatted(settings.model(), signature.meantWidth(), signature.meantHeight()));
    }
    return signature.meantHeight() < 0 ? OPEN_SIZE : signature.meantHeight();
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
            && (MAKERS.containsKey(specification)
                || isSavedModel(specification)
                || isOwn(specification)),
        "model",
        specification,
        "no such model; models are " + String.join(", ", MAKERS.keySet()) + " and savedmodel:DIR");
  }
}
