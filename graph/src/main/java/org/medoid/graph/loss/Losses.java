package org.medoid.graph.loss;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.medoid.ops.FacilityLocationLoss;

/**
 * The losses by name, as the command line offers them, each with its one main parameter: the number
 * that a fair comparison tunes beside the learning rate. K. Musgrave, S. Belongie, S.-N. Lim: "A
 * Metric Learning Reality Check", ECCV 2020, shows what comparisons are worth that tune one loss
 * alone.
 */
public final class Losses {
  /**
   * The main parameter of a loss.
   *
   * @param name what its paper calls it
   * @param value the default: the paper's or, where it has none, pytorch-metric-learning's
   * @param lowest where to search, about where published settings of it end
   * @param highest where to search
   */
  public record Parameter(String name, double value, double lowest, double highest) {}

  /** A loss in the table; one with proxies has variables of its own for each class. */
  private record Entry(Optional<Parameter> parameter, boolean proxies, Maker maker) {}

  /** Makes a loss of settings and the value of its parameter. */
  private interface Maker {
    BatchLoss.Builder make(Settings settings, double value);
  }

  /** Makes a loss of the number of classes and the value of its parameter. */
  private interface ProxyMaker {
    BatchLoss.Builder make(int classes, double value);
  }

  private static final Map<String, Entry> BY_NAME = new LinkedHashMap<>();

  static {
    // Its parameter, the margin multiplier, is fed to the graph with every step.
    put(
        "facility_location",
        (s, none) ->
            FacilityLocation.builder(
                s.facilityLocation().toArray(FacilityLocationLoss.Options[]::new)));
    put("contrastive", new Parameter("margin", 1, 0.3, 1.5), Losses::contrastive);
    put("triplet_semihard", new Parameter("margin", 0.2, 0.05, 0.8), Losses::triplets);
    put(
        "lifted_structure",
        new Parameter("margin", 1, 0.3, 1.5),
        (s, v) -> new LiftedStructure(v).builder());
    put("n_pairs", new Parameter("scale", 16, 4, 64), (s, v) -> new NPairs(v).builder());
    put(
        "multi_similarity",
        new Parameter("base", 0.5, 0.2, 1),
        (s, v) -> new MultiSimilarity(2, 50, v, 0.1).builder());
    putProxies(
        "proxy_nca",
        new Parameter("scale", 9, 1, 32),
        (classes, v) -> ProxyNca.builder(classes, v, false));
    putProxies(
        "proxy_anchor",
        new Parameter("alpha", 32, 8, 64),
        (classes, v) -> ProxyAnchor.builder(classes, 0.1, v));
    putProxies(
        "normalized_softmax",
        new Parameter("temperature", 0.05, 0.02, 0.2),
        NormalizedSoftmax::builder);
    putProxies(
        "arcface",
        new Parameter("scale", 64, 8, 64),
        (classes, v) -> ArcFace.builder(classes, 0.5, v));
    putProxies(
        "soft_triple",
        new Parameter("lambda", 20, 5, 60),
        (classes, v) -> SoftTriple.builder(classes, 10, v, 0.1, 0.01));
    put("supcon", new Parameter("temperature", 0.1, 0.03, 0.3), (s, v) -> new SupCon(v).builder());
    put(
        "smooth_ap",
        new Parameter("temperature", 0.01, 0.005, 0.1),
        (s, v) -> new SmoothAp(v).builder());
    put("deep_clustering", (s, none) -> new DeepClustering().builder());
    put("spectral_clustering", (s, none) -> new SpectralClustering().builder());
  }

  private Losses() {}

  private static void put(String name, Parameter parameter, Maker maker) {
    BY_NAME.put(name, new Entry(Optional.of(parameter), false, maker));
  }

  private static void put(String name, Maker maker) {
    BY_NAME.put(name, new Entry(Optional.empty(), false, maker));
  }

  private static void putProxies(String name, Parameter parameter, ProxyMaker maker) {
    Maker ofSettings = (settings, value) -> maker.make(settings.classes(), value);
    BY_NAME.put(name, new Entry(Optional.of(parameter), true, ofSettings));
  }

  private static BatchLoss.Builder contrastive(Settings settings, double margin) {
    Contrastive usual = Contrastive.defaults();
    return new Contrastive(usual.positiveMargin(), margin, usual.squared(), usual.activeOnly())
        .builder();
  }

  private static BatchLoss.Builder triplets(Settings settings, double margin) {
    TripletSemiHard usual = TripletSemiHard.defaults();
    return new TripletSemiHard(margin, usual.squared(), usual.negatives()).builder();
  }

  /**
   * What the losses need to know; everything else is as their papers have it.
   *
   * @param classes the number of training classes; labels are 0 .. classes - 1
   * @param parameter the value of the loss's main parameter; null for its default
   * @param facilityLocation attributes of the facility location op
   */
  public record Settings(
      int classes, Double parameter, List<FacilityLocationLoss.Options> facilityLocation) {
    /**
     * Copies the options.
     *
     * @param classes the number of training classes
     * @param parameter the value of the main parameter, or null
     * @param facilityLocation attributes of the facility location op
     */
    public Settings {
      facilityLocation = List.copyOf(facilityLocation);
    }

    /**
     * Makes settings with the default of every parameter.
     *
     * @param classes the number of training classes
     * @param facilityLocation attributes of the facility location op
     * @return the settings
     */
    public static Settings of(int classes, FacilityLocationLoss.Options... facilityLocation) {
      return new Settings(classes, null, List.of(facilityLocation));
    }

    /**
     * Sets the main parameter of the loss.
     *
     * @param value its value; null for its default
     * @return settings with it
     */
    public Settings withParameter(Double value) {
      return new Settings(classes, value, facilityLocation);
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
   * The names of the losses that have variables of their own, proxies of the classes.
   *
   * @return some of {@link #names()}, in their order
   */
  public static List<String> namesWithProxies() {
    return BY_NAME.keySet().stream().filter(name -> BY_NAME.get(name).proxies()).toList();
  }

  /**
   * The main parameter of a loss.
   *
   * @param name one of {@link #names()}
   * @return the parameter; none where the paper has no number to choose, and for facility location,
   *     whose margin multiplier is an input of the training graph
   * @throws IllegalArgumentException if there is no such loss
   */
  public static Optional<Parameter> parameter(String name) {
    return entry(name).parameter();
  }

  /**
   * The loss of a name.
   *
   * @param name one of {@link #names()}
   * @param settings what it needs
   * @return adds the loss to a training graph
   * @throws IllegalArgumentException if there is no such loss, the settings cannot be, or a
   *     parameter is set that it does not have
   */
  public static BatchLoss.Builder of(String name, Settings settings) {
    Entry entry = entry(name);
    if (entry.parameter().isEmpty() && settings.parameter() != null) {
      throw new IllegalArgumentException("the loss " + name + " has no parameter to set");
    }
    double value =
        settings.parameter() != null
            ? settings.parameter()
            : entry.parameter().map(Parameter::value).orElse(Double.NaN);
    return entry.maker().make(settings, value);
  }

  private static Entry entry(String name) {
    Entry entry = BY_NAME.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "no loss is called " + name + "; the losses are " + String.join(", ", BY_NAME.keySet()));
    }
    return entry;
  }
}
