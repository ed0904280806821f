package org.medoid.training.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.medoid.training.report.Curves.Series;

/**
 * A line chart for {@code chart.mustache}: one curve against the step, with reference values as
 * dashed lines that are named below the chart, where they cannot cover each other.
 */
final class Chart {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 230;
  private static final int LEFT = 46;
  private static final int RIGHT = 10;
  private static final int TOP = 10;
  private static final int BOTTOM = 26;

  /** A line finer than a pixel shows nothing more. */
  private static final int POINTS = WIDTH;

  /**
   * A value to compare with.
   *
   * @param name what it is
   * @param value where the line goes
   */
  record Reference(String name, double value) {}

  /** A reference as it is drawn, in one of three styles of line. */
  record Line(String name, String score, int style, String at) {}

  /** A value of the upright axis: the place of its line, and of its name. */
  record Row(String at, String text, String label) {}

  /** A step of the axis below. */
  record Column(String at, String anchor, String label) {}

  /** A point of a curve that has few. */
  record Dot(String x, String y, String step, String value) {}

  private final String title;
  private final String note;
  private final Series series;
  private final List<Reference> references;
  private final boolean dense;
  private final Series thin;
  private final Scale x;
  private final Scale y;

  private Chart(
      String title, String note, Series series, List<Reference> references, boolean dense) {
    this.title = title;
    this.note = note;
    this.series = series;
    this.references = references;
    this.dense = dense;
    thin = series.thinned(dense ? POINTS : POINTS / 4);
    x = xScale();
    y = yScale(thin, dense);
  }

  /**
   * A curve with a point for each step: the values faint, and their moving mean.
   *
   * @param title what the curve is
   * @param note a remark for below the chart, perhaps empty
   * @param series the curve, not empty
   */
  static Chart dense(String title, String note, Series series) {
    return new Chart(title, note, series, List.of(), true);
  }

  /**
   * A curve with few points, each marked.
   *
   * @param title what the curve is
   * @param series the curve, not empty
   * @param references values to compare with
   */
  static Chart sparse(String title, Series series, List<Reference> references) {
    return new Chart(title, "", series, references, false);
  }

  String title() {
    return title;
  }

  String note() {
    return note;
  }

  String last() {
    return Html.score(series.last());
  }

  int width() {
    return WIDTH;
  }

  int height() {
    return HEIGHT;
  }

  int left() {
    return LEFT;
  }

  int right() {
    return WIDTH - RIGHT;
  }

  /** Where the names of the values end. */
  int labels() {
    return LEFT - 7;
  }

  /** Where the names of the steps stand. */
  int bottom() {
    return HEIGHT - 8;
  }

  List<Row> rows() {
    return y.ticks().stream()
        .map(tick -> new Row(pixels(y.at(tick)), pixels(y.at(tick) + 4), y.label(tick)))
        .toList();
  }

  List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    for (double tick : x.ticks()) {
      boolean last = x.at(tick) > right() - 16;
      columns.add(
          new Column(pixels(last ? right() : x.at(tick)), last ? "end" : "middle", x.label(tick)));
    }
    return columns;
  }

  List<Line> references() {
    List<Line> lines = new ArrayList<>();
    for (Reference each : references) {
      lines.add(
          new Line(
              each.name(), Html.score(each.value()), lines.size() % 3, pixels(y.at(each.value()))));
    }
    return lines;
  }

  /** The curve itself behind its moving mean; empty if the curve is the line. */
  String faint() {
    return dense ? path(thin) : "";
  }

  String line() {
    return path(dense ? series.smoothed().thinned(POINTS) : thin);
  }

  List<Dot> dots() {
    return IntStream.range(0, dense ? 0 : thin.size())
        .mapToObj(
            i ->
                new Dot(
                    pixels(x.at(thin.x()[i])),
                    pixels(y.at(thin.y()[i])),
                    String.format(Locale.ROOT, "%.0f", thin.x()[i]),
                    String.format(Locale.ROOT, "%.4f", thin.y()[i])))
        .toList();
  }

  private static String pixels(double at) {
    return String.format(Locale.ROOT, "%.1f", at);
  }

  private String path(Series curve) {
    return IntStream.range(0, curve.size())
        .mapToObj(
            i ->
                (i == 0 ? "M" : "L")
                    + pixels(x.at(curve.x()[i]))
                    + " "
                    + pixels(y.at(curve.y()[i])))
        .collect(Collectors.joining());
  }

  private Scale xScale() {
    return Scale.of(0, Math.max(1, series.x()[series.size() - 1]), LEFT, WIDTH - RIGHT, 4, false);
  }

  private Scale yScale(Series shown, boolean fromZero) {
    double low = fromZero ? 0 : Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (double value : shown.y()) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    for (Reference reference : references) {
      low = Math.min(low, reference.value());
      high = Math.max(high, reference.value());
    }
    if (high - low < 1e-9) { // a flat line goes through the middle
      low -= 0.05;
      high += 0.05;
    }
    return Scale.of(low, high, HEIGHT - BOTTOM, TOP, 5, true);
  }

  /**
   * From values to places, linear.
   *
   * @param low the value at the first place
   * @param high the value at the last place
   * @param first the place of low
   * @param last the place of high
   * @param step between ticks
   */
  private record Scale(double low, double high, double first, double last, double step) {
    /** A scale with about so many round ticks; widened to whole ticks if asked. */
    static Scale of(double low, double high, double first, double last, int ticks, boolean widen) {
      double rough = (high - low) / ticks;
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double step = 10 * power;
      for (double factor : new double[] {1, 2, 5}) {
        if (factor * power >= rough) {
          step = factor * power;
          break;
        }
      }
      if (!widen) {
        return new Scale(low, high, first, last, Math.max(1, step));
      }
      return new Scale(
          Math.floor(low / step + 1e-9) * step,
          Math.ceil(high / step - 1e-9) * step,
          first,
          last,
          step);
    }

    double at(double value) {
      return first + (value - low) / (high - low) * (last - first);
    }

    List<Double> ticks() {
      List<Double> ticks = new ArrayList<>();
      long from = (long) Math.ceil(low / step - 1e-6);
      long to = (long) Math.floor(high / step + 1e-6);
      for (long i = from; i <= to; i++) {
        ticks.add(i * step);
      }
      return ticks;
    }

    String label(double tick) {
      int digits = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      return digits == 0
          ? Html.count(Math.round(tick))
          : String.format(Locale.ROOT, "%." + digits + "f", tick);
    }
  }
}
