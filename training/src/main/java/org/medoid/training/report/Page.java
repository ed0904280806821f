package org.medoid.training.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.format.Json;
import org.medoid.training.report.Chart.Reference;
import org.medoid.training.report.Curves.Series;
import org.medoid.training.report.Sprite.Picture;
import org.medoid.training.settings.ScheduleSettings.Choice;

/** What {@code page.mustache} shows: a method for each name in it. */
final class Page {
  private static final int CONFUSIONS = 12;
  private static final int EXAMPLES = 3;
  private static final int MIXED = 6;
  private static final int PURE = 3;
  private static final int MEMBERS = 18;

  /** The table of scores. */
  record Scores(List<String> columns, List<ScoreRow> rows) {}

  /** A line of it. */
  record ScoreRow(String name, List<String> cells) {}

  /** Queries or clusters of one kind, and how many there are. */
  record Group(String title, String note, List<Row> rows) {}

  /**
   * A query with what it finds, or (query null) a medoid with its cluster; more beside the tiles.
   */
  record Row(Integer query, Picture lead, List<Tile> tiles, String more) {}

  /** A picture that is right or wrong. */
  record Tile(String name, int x, int y, boolean right) {}

  /** Two classes that are taken for each other. */
  record Confused(String a, String b, String count, String images, List<Pair> pairs) {}

  /** An image and its nearest other, of another class. */
  record Pair(Picture image, Picture nearest) {}

  private final Report.Content content;
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

  Page(RunFolder folder, Report.Content content) throws IOException {
    this.content = content;
    unseen = content.unseen();
    labels = unseen.labels();
    curves = Curves.read(folder.path());
    retrieval = new Retrieval(content.embeddings(), unseen);
    outcomes = retrieval.outcomes();
    confusions = retrieval.confusions(CONFUSIONS, EXAMPLES);
    shown = Report.shown(labels, unseen.classNames().size());
    int d = content.embeddings().length / unseen.size();
    double[][] x = new double[shown.length][d];
    for (int i = 0; i < shown.length; i++) {
      int from = shown[i] * d;
      Arrays.setAll(x[i], j -> content.embeddings()[from + j]);
    }
    points = Projection.of(x);
    clusters = Clusters.of(x, shown, Arrays.stream(shown).map(row -> labels[row]).toArray());
    sprite = new Sprite(unseen, List.copyOf(pictures()));
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

  String title() {
    return content.title();
  }

  String style() throws IOException {
    return Templates.resource("report.css") + sprite.css();
  }

  String script() throws IOException {
    return Templates.resource("report.js");
  }

  String model() {
    return content.settings().network().model();
  }

  String source() {
    return content.settings().data().data();
  }

  /** The steps taken, and of how many if it was stopped before the last. */
  String steps() {
    long told = content.settings().schedule().steps();
    long taken = curves.lastStep();
    return (taken < told ? Html.count(taken) + " of " : "") + Html.count(told, "step", "steps");
  }

  /** What is said of the classes that the images are of. */
  String seen() {
    int common = content.trainedOn();
    return common == 0
        ? " never seen in training"
        : ", %d of which were trained on too".formatted(common);
  }

  String images() {
    return Html.count(unseen.size(), "image", "images");
  }

  String classes() {
    return Html.count(Arrays.stream(labels).distinct().count(), "class", "classes");
  }

  /** The table of scores; null without any. */
  Scores scores() {
    if (content.scores().isEmpty()) {
      return null;
    }
    Set<Integer> ks = new TreeSet<>();
    content.scores().values().forEach(row -> ks.addAll(row.recallAt().keySet()));
    List<ScoreRow> rows = new ArrayList<>();
    content
        .scores()
        .forEach(
            (name, row) -> {
              List<Double> cells = new ArrayList<>(List.of(row.nmi()));
              ks.forEach(k -> cells.add(row.recallAt().getOrDefault(k, Double.NaN)));
              cells.addAll(List.of(row.ami(), row.f1(), row.mapAtR()));
              rows.add(new ScoreRow(name, cells.stream().map(Html::scoreOrDash).toList()));
            });
    List<String> columns = new ArrayList<>(List.of("NMI"));
    ks.forEach(k -> columns.add("Recall@" + k));
    columns.addAll(List.of("AMI", "F1", "MAP@R"));
    return new Scores(columns, rows);
  }

  /** The curves that the run has; none before its first step. */
  List<Chart> charts() {
    List<Chart> charts = new ArrayList<>();
    Series loss = curves.of("loss");
    if (loss.size() == 0) {
      return charts;
    }
    charts.add(Chart.dense("Loss", "each step, and the moving mean", loss));
    Series recall = curves.of("eval_recall_at_1");
    if (recall.size() > 0) {
      charts.add(
          Chart.sparse(
              "Recall@1, " + watched() + " classes",
              recall,
              references(row -> row.recallAt().get(1))));
    }
    Series nmi = curves.of("eval_nmi");
    if (nmi.size() > 0) {
      charts.add(
          Chart.sparse("NMI, " + watched() + " classes", nmi, references(EvaluationResult::nmi)));
    }
    Series agreement = curves.of("agreement");
    if (agreement.size() > 0) {
      charts.add(
          Chart.dense("Agreement of the inferred clustering", alreadyRight(agreement), agreement));
    }
    // In this order: that of Map.of changes from one process to the next.
    Map<String, String> spreads = new LinkedHashMap<>();
    spreads.put("mean_distance", "Mean distance in a batch");
    spreads.put("effective_rank", "Effective rank");
    spreads.forEach(
        (column, name) -> {
          Series spread = curves.of(column);
          if (spread.size() > 0) {
            charts.add(Chart.dense(name, "", spread));
          }
        });
    return charts;
  }

  /** Which classes draw the curves. */
  private String watched() {
    return watchesUnseen() ? "unseen" : "validation";
  }

  private boolean watchesUnseen() {
    return content.settings().schedule().chooseOn() == Choice.TEST;
  }

  /** The table's other rows, which are of the test classes: lines for a curve of these alone. */
  private List<Reference> references(Function<EvaluationResult, Double> score) {
    List<Reference> references = new ArrayList<>();
    if (!watchesUnseen()) {
      return references;
    }
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

  /** How many others a query finds. */
  int neighbours() {
    return retrieval.nearest(0).length;
  }

  /** The queries by how they went; none if no class has two images. */
  List<Group> queries() {
    long total = outcomes.values().stream().mapToLong(List::size).sum();
    List<Group> groups = new ArrayList<>();
    outcomes.forEach(
        (outcome, queries) -> {
          if (!queries.isEmpty()) {
            groups.add(
                new Group(
                    outcome.title,
                    Html.count(queries.size())
                        + " of "
                        + Html.count(total, "query", "queries")
                        + ", "
                        + Html.percent(queries.size(), total),
                    retrieval.sample(queries, outcome.examples).stream()
                        .map(query -> row(query, Arrays.stream(retrieval.nearest(query)).boxed()))
                        .toList()));
          }
        });
    return groups;
  }

  private Row row(int query, Stream<Integer> others) {
    return new Row(
        query, sprite.picture(query), others.map(other -> tile(other, query)).toList(), "");
  }

  private Tile tile(int row, int lead) {
    Picture picture = sprite.picture(row);
    return new Tile(picture.name(), picture.x(), picture.y(), labels[row] == labels[lead]);
  }

  boolean confused() {
    return !confusions.isEmpty();
  }

  List<Confused> confusions() {
    return confusions.stream()
        .map(
            each ->
                new Confused(
                    unseen.classNames().get(each.a()),
                    unseen.classNames().get(each.b()),
                    Html.count(each.count()),
                    Html.count(each.images(), "image", "images"),
                    each.examples().stream()
                        .map(pair -> new Pair(sprite.picture(pair[0]), sprite.picture(pair[1])))
                        .toList()))
        .toList();
  }

  boolean mapped() {
    return points != null;
  }

  /** Whether map and clusters show all images. */
  boolean whole() {
    return shown.length == unseen.size();
  }

  String drawn() {
    return Html.count(shown.length);
  }

  String all() {
    return Html.count(unseen.size());
  }

  int mostOfClass() {
    return Report.PER_CLASS;
  }

  String nmi() {
    return Html.score(clusters.nmi());
  }

  /** The most mixed clusters and the largest pure ones, as far as there are any. */
  List<Group> clusters() {
    long mixed = clusters.clusters().stream().filter(each -> each.strangers() > 0).count();
    long pure = clusters.clusters().size() - mixed;
    return Stream.of(
            group("Most mixed", "mixed", mixed, clusters.mixed(MIXED)),
            group("Largest of one class", "pure", pure, clusters.pure(PURE)))
        .filter(group -> !group.rows().isEmpty())
        .toList();
  }

  private Group group(String title, String kind, long count, List<Clusters.Cluster> some) {
    return new Group(
        title,
        "of " + Html.count(count, kind + " cluster", kind + " clusters"),
        some.stream().map(this::row).toList());
  }

  private Row row(Clusters.Cluster cluster) {
    int left = cluster.others().size() - MEMBERS;
    return new Row(
        null,
        sprite.picture(cluster.medoid()),
        cluster.others().stream()
            .limit(MEMBERS)
            .map(other -> tile(other, cluster.medoid()))
            .toList(),
        left > 0 ? Html.count(left) : "");
  }

  List<Setting> settings() {
    return Setting.of(content.settings().asMap());
  }

  /** What the script of the map needs. */
  String data() throws IOException {
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
    return Json.mapper().writeValueAsString(data).replace("<", "\\u003c");
  }
}
