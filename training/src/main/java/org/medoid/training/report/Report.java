package org.medoid.training.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.report.Chart.Reference;
import org.medoid.training.report.Curves.Series;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.TrainingSettings;

/**
 * {@code report.html} of a run: one file that needs nothing else, to be opened in any browser.
 *
 * <p>It shows the scores, the curves of the training, what some queries find, the classes that are
 * taken for each other, a map of the embeddings, and clusters with their medoids. Retrieval counts
 * all images; map and clusters show at most {@value #PICTURES} of them, of whole classes where
 * these are not too large, so that the file stays below 5 MB; the page says so. The same run gives
 * the same page.
 *
 * <p>Cost: n² distances for the retrieval, a few seconds for the map.
 */
public final class Report {
  private static final String FILE = "report.html";

  /** Images in the map: a thumbnail takes 1 to 3 KB. */
  private static final int PICTURES = 1200;

  /** Images of a class in the map, so that it shows 20 classes or more. */
  private static final int PER_CLASS = PICTURES / 20;

  private static final int CONFUSIONS = 12;
  private static final int EXAMPLES = 3;
  private static final int MIXED = 6;
  private static final int PURE = 3;
  private static final int MEMBERS = 18;

  /**
   * What a report shows, beside the run's metrics.
   *
   * @param title the heading of the page
   * @param settings what the run was told
   * @param scores the rows of the score table in order, the last one being the result; perhaps
   *     empty
   * @param unseen the images of classes that were not trained on, two or more
   * @param embeddings of these images, n·d finite values, row-major
   * @param imageSize height and width of the network's input in pixels
   */
  public record Content(
      String title,
      TrainingSettings settings,
      Map<String, EvaluationResult> scores,
      ImageDataSet unseen,
      float[] embeddings,
      int imageSize) {
    /**
     * Checks that there is a row of embeddings for each image.
     *
     * @param title the heading of the page
     * @param settings what the run was told
     * @param scores the rows of the score table in order, the last one being the result; perhaps
     *     empty
     * @param unseen the images of classes that were not trained on, two or more
     * @param embeddings of these images, n·d finite values, row-major
     * @param imageSize height and width of the network's input in pixels
     * @throws IllegalArgumentException if there are fewer than two images, or the embeddings are
     *     not as many rows
     */
    public Content {
      scores = new LinkedHashMap<>(scores);
      if (unseen.size() < 2 || embeddings.length == 0 || embeddings.length % unseen.size() != 0) {
        throw new IllegalArgumentException(
            unseen.name()
                + ": a report needs two images or more and a row of embeddings for each, but there"
                + " are "
                + unseen.size()
                + " images and "
                + embeddings.length
                + " values");
      }
    }
  }

  private final Content content;
  private final ImageDataSet unseen;
  private final int[] labels;
  private final Curves curves;
  private final Retrieval retrieval;
  private final int[] shown;
  private final double[][] points;
  private final Clusters clusters;
  private final Sprite sprite;
  private final Map<Retrieval.Outcome, List<Integer>> outcomes;
  private final List<Retrieval.Confusion> confusions;

  private Report(RunFolder folder, Content content) throws IOException {
    this.content = content;
    unseen = content.unseen();
    labels = unseen.labels();
    curves = Curves.read(folder.path());
    retrieval = new Retrieval(content.embeddings(), labels, unseen.classNames().size());
    outcomes = retrieval.outcomes();
    confusions = retrieval.confusions(CONFUSIONS, EXAMPLES);
    shown = shown(labels, unseen.classNames().size());
    int d = content.embeddings().length / unseen.size();
    double[][] x = new double[shown.length][d];
    for (int i = 0; i < shown.length; i++) {
      for (int j = 0; j < d; j++) {
        x[i][j] = content.embeddings()[shown[i] * d + j];
      }
    }
    points = Projection.of(x);
    clusters = Clusters.of(x, shown, Arrays.stream(shown).map(row -> labels[row]).toArray());
    sprite = new Sprite(unseen, List.copyOf(pictures()));
  }

  /**
   * Writes {@code report.html} into a run folder, whole or not at all.
   *
   * @param folder the run; its {@code metrics.csv} gives the curves
   * @param content what to show
   * @throws IOException if the metrics or an image cannot be read, or the file not be written
   */
  public static void write(RunFolder folder, Content content) throws IOException {
    folder.writeText(FILE, new Report(folder, content).page());
  }

  /** Whole classes, evenly spaced in their order, as long as there is room. */
  static int[] shown(int[] labels, int classes) {
    int[] sizes = new int[classes];
    for (int label : labels) {
      sizes[label]++;
    }
    if (labels.length > PICTURES) {
      Arrays.setAll(sizes, c -> Math.min(sizes[c], PER_CLASS));
    }
    // Steps of the golden ratio go through all classes, and the first few lie far apart.
    Set<Integer> order = new LinkedHashSet<>();
    for (int i = 0; order.size() < classes && i < 4 * classes; i++) {
      order.add((int) (i * 0.6180339887498949 % 1 * classes));
    }
    for (int c = 0; c < classes; c++) {
      order.add(c);
    }
    int room = PICTURES;
    int[] quota = new int[classes];
    for (int c : order) {
      if (sizes[c] <= room) {
        quota[c] = sizes[c];
        room -= sizes[c];
      }
    }
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < labels.length; row++) {
      if (quota[labels[row]]-- > 0) {
        rows.add(row);
      }
    }
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Every image that the page shows; those of the map first. */
  private Set<Integer> pictures() {
    Set<Integer> rows = new LinkedHashSet<>();
    Arrays.stream(shown).forEach(rows::add);
    outcomes.forEach(
        (outcome, queries) -> {
          for (int query : retrieval.sample(queries, outcome.examples)) {
            rows.add(query);
            Arrays.stream(retrieval.nearest(query)).forEach(rows::add);
          }
        });
    for (Retrieval.Confusion confusion : confusions) {
      confusion.examples().forEach(pair -> Arrays.stream(pair).forEach(rows::add));
    }
    return rows;
  }

  private String page() throws IOException {
    String title = Html.text(content.title());
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
        // Whatever the page might hold, the browser fetches nothing and sends nothing.
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src"
        + " data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/><meta"
        + " name=\"color-scheme\" content=\"light dark\"/><title>"
        + title
        + "</title>\n<style>"
        + resource("report.css")
        + sprite.css()
        + "</style></head>\n<body>\n"
        + header(title)
        + "<main>\n"
        + training()
        + queries()
        + confusions()
        + map()
        + clusters()
        + settings()
        + "</main>\n<script type=\"application/json\" id=\"data\">"
        + data()
        + "</script>\n<script>"
        + resource("report.js")
        + "</script>\n</body></html>\n";
  }

  private String header(String title) {
    TrainingSettings s = content.settings();
    StringBuilder out =
        new StringBuilder("<header><h1>")
            .append(title)
            .append("</h1><p>")
            .append(Html.text(s.network().model()))
            .append(" on ")
            .append(Html.text(s.data().data()))
            .append(", ")
            .append(Html.count(s.schedule().steps(), "step", "steps"))
            .append(". Scored on ")
            .append(Html.count(unseen.size(), "image", "images"))
            .append(" of ")
            .append(Html.count(Arrays.stream(labels).distinct().count(), "class", "classes"))
            .append(" never seen in training.</p>");
    if (!content.scores().isEmpty()) {
      out.append(scores());
    }
    out.append("<nav>");
    for (String section :
        List.of("Training", "Retrieval", "Confusions", "Map", "Clusters", "Settings")) {
      out.append("<a href=\"#")
          .append(section.toLowerCase(Locale.ROOT))
          .append("\">")
          .append(section)
          .append("</a>");
    }
    return out.append("</nav></header>\n").toString();
  }

  private String scores() {
    List<EvaluationResult> rows = List.copyOf(content.scores().values());
    Set<Integer> ks = new java.util.TreeSet<>();
    rows.forEach(row -> ks.addAll(row.recallAt().keySet()));
    StringBuilder out =
        new StringBuilder(
            "<div class=\"wide\"><table class=\"scores\"><thead><tr><th></th><th>NMI</th>");
    ks.forEach(k -> out.append("<th>Recall@").append(k).append("</th>"));
    out.append("<th>AMI</th><th>F1</th><th>MAP@R</th></tr></thead><tbody>");
    content
        .scores()
        .forEach(
            (name, row) -> {
              out.append("<tr><th scope=\"row\">").append(Html.text(name)).append("</th>");
              out.append(cell(row.nmi()));
              ks.forEach(k -> out.append(cell(row.recallAt().getOrDefault(k, Double.NaN))));
              out.append(cell(row.ami()))
                  .append(cell(row.f1()))
                  .append(cell(row.mapAtR()))
                  .append("</tr>");
            });
    return out.append("</tbody></table></div>").toString();
  }

  private static String cell(double value) {
    return "<td>" + (Double.isNaN(value) ? "–" : Html.score(value)) + "</td>";
  }

  private String training() {
    StringBuilder out =
        new StringBuilder("<section id=\"training\"><h2>Training</h2><div class=\"charts\">");
    Series loss = curves.of("loss");
    if (loss.size() == 0) {
      return out.append("</div><p>The run has logged no step yet.</p></section>\n").toString();
    }
    out.append(
        new Chart("Loss", "<span>each step, and the moving mean</span>", loss, List.of()).dense());
    Series recall = curves.of("eval_recall_at_1");
    if (recall.size() > 0) {
      out.append(
          new Chart(
                  "Recall@1, " + watched() + " classes",
                  "",
                  recall,
                  references(r -> r.recallAt().get(1)))
              .sparse());
    }
    Series nmi = curves.of("eval_nmi");
    if (nmi.size() > 0) {
      out.append(
          new Chart("NMI, " + watched() + " classes", "", nmi, references(EvaluationResult::nmi))
              .sparse());
    }
    Series agreement = curves.of("agreement");
    if (agreement.size() > 0) {
      out.append(
          new Chart(
                  "Agreement of the inferred clustering",
                  "<span>" + alreadyRight(agreement) + "</span>",
                  agreement,
                  List.of())
              .dense());
    }
    for (Map.Entry<String, String> spread :
        Map.of("mean_distance", "Mean distance in a batch", "effective_rank", "Effective rank")
            .entrySet()) {
      Series series = curves.of(spread.getKey());
      if (series.size() > 0) {
        out.append(new Chart(spread.getValue(), "", series, List.of()).dense());
      }
    }
    return out.append("</div></section>\n").toString();
  }

  /** Which classes draw the curves. */
  private String watched() {
    return content.settings().schedule().chooseOn() == Choice.TEST ? "unseen" : "validation";
  }

  private List<Reference> references(java.util.function.Function<EvaluationResult, Double> score) {
    List<Reference> references = new ArrayList<>();
    int index = 0;
    for (Map.Entry<String, EvaluationResult> row : content.scores().entrySet()) {
      Double value = score.apply(row.getValue());
      if (++index < content.scores().size() && value != null) { // the last is the curve itself
        references.add(new Reference(row.getKey(), value));
      }
    }
    return references;
  }

  /** How often the clustering was the labels' own. */
  private static String alreadyRight(Series agreement) {
    int n = agreement.size();
    int late = Math.max(1, n / 10);
    long right = ones(agreement.y(), 0, n);
    return String.format(
        Locale.ROOT,
        "already right (agreement 1) in %s of %s: %s; in the last %s: %s",
        Html.count(right),
        Html.count(n, "step", "steps"),
        Html.percent(right, n),
        Html.count(late),
        Html.percent(ones(agreement.y(), n - late, n), late));
  }

  private static long ones(double[] agreement, int from, int to) {
    // The op computes in float: equal clusterings give 1 up to rounding.
    return Arrays.stream(agreement, from, to).filter(value -> value >= 1 - 1e-6).count();
  }

  private String queries() {
    int k = retrieval.nearest(0).length;
    StringBuilder out =
        new StringBuilder("<section id=\"retrieval\"><h2>Retrieval</h2><p>A query and its ")
            .append(k)
            .append(
                " nearest others among all unseen images, the nearest first. "
                    + mark(true)
                    + " of the query’s class, "
                    + mark(false)
                    + " of another. A query counts as “all right” if its class comes before all"
                    + " others. The examples of each kind are evenly spaced, none picked by"
                    + " hand.</p>");
    long total = outcomes.values().stream().mapToLong(List::size).sum();
    if (total == 0) {
      out.append("<p>No class has two images, so no query can be answered.</p>");
    }
    outcomes.forEach(
        (outcome, queries) -> {
          if (!queries.isEmpty()) {
            out.append("<h3>")
                .append(outcome.title)
                .append(" <small>")
                .append(Html.count(queries.size()))
                .append(" of ")
                .append(Html.count(total, "query", "queries"))
                .append(", ")
                .append(Html.percent(queries.size(), total))
                .append("</small></h3><div class=\"queries\">");
            retrieval.sample(queries, outcome.examples).forEach(query -> out.append(query(query)));
            out.append("</div>");
          }
        });
    return out.append("</section>\n").toString();
  }

  private String query(int query) {
    StringBuilder out =
        new StringBuilder("<div class=\"query\" data-query=\"")
            .append(query)
            .append("\"><div class=\"tile lead\">")
            .append(sprite.thumbnail(query))
            .append("<span>")
            .append(Html.text(sprite.name(query)))
            .append("</span></div><div class=\"tiles\">");
    for (int other : retrieval.nearest(query)) {
      out.append(tile(other, labels[other] == labels[query], true));
    }
    return out.append("</div></div>").toString();
  }

  private String tile(int row, boolean right, boolean named) {
    String name = Html.text(sprite.name(row));
    return "<div class=\"tile "
        + (right ? "right" : "wrong")
        + "\" title=\""
        + name
        + "\">"
        + sprite.thumbnail(row)
        + mark(right)
        + (named ? "<span>" + name + "</span>" : "")
        + "</div>";
  }

  private static String mark(boolean right) {
    return right
        ? "<b class=\"mark right\" role=\"img\" aria-label=\"right\">✓</b>"
        : "<b class=\"mark wrong\" role=\"img\" aria-label=\"wrong\">✗</b>";
  }

  private String confusions() {
    StringBuilder out =
        new StringBuilder(
            "<section id=\"confusions\"><h2>Confusions</h2><p>Pairs of unseen classes, by how many"
                + " images of the two have their nearest other in the other class. The pictures:"
                + " an image → its nearest other.</p>");
    if (confusions.isEmpty()) {
      return out.append("<p>None: every nearest other is of the query’s class.</p></section>\n")
          .toString();
    }
    out.append("<div class=\"cards\">");
    for (Retrieval.Confusion confusion : confusions) {
      out.append("<div class=\"card\"><h3>")
          .append(Html.text(unseen.classNames().get(confusion.a())))
          .append(" <i>and</i> ")
          .append(Html.text(unseen.classNames().get(confusion.b())))
          .append("</h3><p>")
          .append(Html.count(confusion.count()))
          .append(" of ")
          .append(Html.count(confusion.images(), "image", "images"))
          .append("</p><div class=\"pairs\">");
      for (int[] pair : confusion.examples()) {
        out.append("<div class=\"pair\">")
            .append(sprite.thumbnail(pair[0]))
            .append("<span>→</span>")
            .append(sprite.thumbnail(pair[1]))
            .append("</div>");
      }
      out.append("</div></div>");
    }
    return out.append("</div></section>\n").toString();
  }

  private String map() {
    StringBuilder out =
        new StringBuilder(
            "<section id=\"map\"><h2>Map</h2><p>Images that lie close are close for the network"
                + " (t-SNE of the embeddings; axes and empty space mean nothing). Point at an image"
                + " or tap it to see its class. "
                + "<span class=\"dot right\"></span> nearest other right, "
                + "<span class=\"dot wrong\">×</span> wrong."
                + drawn()
                + "</p>");
    if (points == null) {
      return out.append("<p>There are too few different images for a map.</p></section>\n")
          .toString();
    }
    return out.append(
            "<div class=\"tools\"><label>Class <select id=\"class\"><option value=\"\">none"
                + "</option></select></label><label><input type=\"checkbox\" id=\"pictures\"/>"
                + " Pictures</label><span class=\"zoom\"><button type=\"button\" id=\"out\""
                + " aria-label=\"Zoom out\">−</button><button type=\"button\" id=\"in\""
                + " aria-label=\"Zoom in\">+</button></span></div><div class=\"canvas\"><canvas"
                + " id=\"plane\" aria-label=\"Map of the embeddings\"></canvas><div id=\"tip\""
                + " hidden=\"hidden\"></div></div></section>\n")
        .toString();
  }

  private String drawn() {
    return shown.length == unseen.size()
        ? ""
        : " Drawn are "
            + Html.count(shown.length)
            + " of the "
            + Html.count(unseen.size())
            + " images: whole classes, of a large class its first "
            + PER_CLASS
            + " images.";
  }

  private String clusters() {
    StringBuilder out =
        new StringBuilder(
                "<section id=\"clusters\"><h2>Clusters and medoids</h2><p>The images grouped around"
                    + " as many medoids as there are classes, by the method’s own clustering"
                    + " without margin. NMI with the classes: ")
            .append(Html.score(clusters.nmi()))
            .append(". The medoid comes first; ")
            .append(mark(true))
            .append(" of its class, ")
            .append(mark(false))
            .append(" of another.")
            .append(drawn())
            .append("</p>");
    int strangers =
        (int) clusters.clusters().stream().filter(cluster -> cluster.strangers() > 0).count();
    out.append(group("Most mixed", strangers, clusters.mixed(MIXED)));
    out.append(
        group("Largest of one class", clusters.clusters().size() - strangers, clusters.pure(PURE)));
    return out.append("</section>\n").toString();
  }

  private String group(String title, int count, List<Clusters.Cluster> some) {
    if (some.isEmpty()) {
      return "";
    }
    StringBuilder out =
        new StringBuilder("<h3>")
            .append(title)
            .append(" <small>of ")
            .append(Html.count(count))
            .append(title.startsWith("Most") ? " mixed" : " pure")
            .append(count == 1 ? " cluster" : " clusters")
            .append("</small></h3><div class=\"queries\">");
    for (Clusters.Cluster cluster : some) {
      out.append("<div class=\"query\"><div class=\"tile lead\">")
          .append(sprite.thumbnail(cluster.medoid()))
          .append("<span>")
          .append(Html.text(sprite.name(cluster.medoid())))
          .append("</span></div><div class=\"tiles small\">");
      cluster.others().stream()
          .limit(MEMBERS)
          .forEach(row -> out.append(tile(row, labels[row] == labels[cluster.medoid()], false)));
      if (cluster.others().size() > MEMBERS) {
        out.append("<div class=\"more\">+")
            .append(Html.count(cluster.others().size() - MEMBERS))
            .append("</div>");
      }
      out.append("</div></div>");
    }
    return out.append("</div>").toString();
  }

  private String settings() {
    StringBuilder out =
        new StringBuilder("<section id=\"settings\"><h2>Settings</h2><dl class=\"settings\">");
    Map<?, ?> values = content.settings().asMap();
    values.forEach(
        (name, value) ->
            out.append("<div><dt>")
                .append(Html.text(name.toString().replace('_', ' ')))
                .append("</dt><dd>")
                .append(Html.text(String.valueOf(value)))
                .append("</dd></div>"));
    return out.append("</dl></section>\n").toString();
  }

  /** What the script of the map needs. */
  private String data() throws IOException {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("columns", sprite.columns());
    data.put("side", Sprite.SIDE);
    data.put("names", unseen.classNames());
    List<List<Number>> rows = new ArrayList<>();
    for (int i = 0; points != null && i < shown.length; i++) {
      rows.add(
          List.of(
              Math.round(points[i][0] * 1e4) / 1e4,
              Math.round(points[i][1] * 1e4) / 1e4,
              labels[shown[i]],
              retrieval.right(shown[i]) ? 1 : 0,
              sprite.slot(shown[i]),
              labels[retrieval.nearest(shown[i])[0]]));
    }
    data.put("points", rows);
    // Inside a script element the only danger is its end tag.
    return new ObjectMapper().writeValueAsString(data).replace("<", "\\u003c");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Report.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
