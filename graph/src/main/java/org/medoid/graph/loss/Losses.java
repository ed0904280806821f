package org.medoid.graph.loss;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.medoid.ops.FacilityLocationLoss;

/** The losses by name, as the command line offers them. */
public final class Losses {
  private static final Map<String, Function<Settings, BatchLoss.Builder>> BY_NAME =
      new LinkedHashMap<>();

  static {
    BY_NAME.put(
        "facility_location",
        s ->
            FacilityLocation.builder(
                s.facilityLocation().toArray(FacilityLocationLoss.Options[]::new)));
    BY_NAME.put("contrastive", s -> Contrastive.defaults().builder());
    BY_NAME.put("triplet_semihard", s -> TripletSemiHard.defaults().builder());
    BY_NAME.put("lifted_structure", s -> LiftedStructure.defaults().builder());
    BY_NAME.put("n_pairs", s -> NPairs.defaults().builder());
    BY_NAME.put("multi_similarity", s -> MultiSimilarity.defaults().builder());
    BY_NAME.put("proxy_nca", s -> ProxyNca.builder(s.classes()));
    BY_NAME.put("proxy_anchor", s -> ProxyAnchor.builder(s.classes()));
    BY_NAME.put("normalized_softmax", s -> NormalizedSoftmax.builder(s.classes()));
    BY_NAME.put("deep_clustering", s -> new DeepClustering().builder());
    BY_NAME.put("spectral_clustering", s -> new SpectralClustering().builder());
  }

  private Losses() {}

  /**
   * What the losses need to know; everything else is as their papers have it.
   *
   * @param classes the number of training classes; labels are 0 .. classes - 1
   * @param facilityLocation attributes of the facility location op
   */
  public record Settings(int classes, List<FacilityLocationLoss.Options> facilityLocation) {
    /**
     * Copies the options.
     *
     * @param classes the number of training classes
     * @param facilityLocation attributes of the facility location op
     */
    public Settings {
      facilityLocation = List.copyOf(facilityLocation);
    }

    /**
     * Makes settings.
     *
     * @param classes the number of training classes
     * @param facilityLocation attributes of the facility location op
     * @return the settings
     */
    public static Settings of(int classes, FacilityLocationLoss.Options... facilityLocation) {
      return new Settings(classes, List.of(facilityLocation));
    }
  }

  /**
   * The names of all losses.
   *
   * @return facility location first, then its rivals
   */
  public static List<String> names() {
    return List.copyOf(BY_NAME.keySet());
  }

  /**
   * The loss of a name.
   *
   * @param name one of {@link #names()}
   * @param settings what it needs
   * @return adds the loss to a training graph
   * @throws IllegalArgumentException if there is no such loss, or the settings cannot be
   */
  public static BatchLoss.Builder of(String name, Settings settings) {
    Function<Settings, BatchLoss.Builder> loss = BY_NAME.get(name);
    if (loss == null) {
      throw new IllegalArgumentException(
          "no loss is called " + name + "; the losses are " + String.join(", ", BY_NAME.keySet()));
    }
    return loss.apply(settings);
  }
}
