package org.medoid.training.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.medoid.training.report.Curves.Series;

/**
 * A line chart as inline SVG: one curve against the step, with reference values as dashed lines
 * that are named below the chart, where they cannot cover each other.
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

  private final String title;
  private final String note;
  private final Series series;
  private final List<Reference> references;

  /**
   * Makes a chart.
   *
   * @param title what the curve is
   * @param note a remark for below the chart, HTML, perhaps empty
   * @param series the curve, not empty
   * @param references values to compare with
   */
  Chart(String title, String note, Series series, List<Reference> references) {
    this.title = title;
    this.note = note;
    this.series = series;
    this.references = references;
  }

  /** A curve with a point for each step: the values faint, and their moving mean. */
  String dense() {
    Series thin = series.thinned(POINTS);
    Series smooth = series.smoothed().thinned(POINTS);
    Scale y = yScale(thin, true);
    Scale x = xScale();
    return figure(
        x,
        y,
        "<path class=\"faint\" d=\""
            + path(thin, x, y)
            + "\"/><path class=\"line\" d=\""
            + path(smooth, x, y)
            + "\"/>");
  }

  /** A curve with few points, each marked. */
  String sparse() {
    Series thin = series.thinned(POINTS / 4);
    Scale y = yScale(thin, false);
    Scale x = xScale();
    StringBuilder dots = new StringBuilder();
    for (int i = 0; i < thin.size(); i++) {
      dots.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>step %.0f: %.4f</title></circle>",
              x.at(thin.x()[i]),
              y.at(thin.y()[i]),
              thin.x()[i],
              thin.y()[i]));
    }
    return figure(x, y, "<path class=\"line\" d=\"" + path(thin, x, y) + "\"/>" + dots);
  }

  private String figure(Scale x, Scale y, String curve) {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<figure class=\"chart\"><figcaption><b>%s</b><span>%s</span></figcaption>"
                + "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
            Html.text(title),
            Html.score(series.last()),
            WIDTH,
            HEIGHT,
            Html.text(title + " against the training step")));
    for (double tick : y.ticks()) {
      out.append(
          String.format(
              Locale.ROOT,
              "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\""
                  + " text-anchor=\"end\">%s</text>",
              LEFT,
              y.at(tick),
              WIDTH - RIGHT,
              LEFT - 7,
              y.at(tick) + 4,
              y.label(tick)));
    }
    for (double tick : x.ticks()) {
      boolean last = x.at(tick) > WIDTH - RIGHT - 16;
      out.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>",
              last ? WIDTH - RIGHT : x.at(tick),
              HEIGHT - 8,
              last ? "end" : "middle",
              x.label(tick)));
    }
    for (int i = 0; i < references.size(); i++) {
      out.append(
          String.format(
              Locale.ROOT,
              "<path class=\"ref r%d\" d=\"M%d %.1fH%d\"/>",
              i % 3,
              LEFT,
              y.at(references.get(i).value()),
              WIDTH - RIGHT));
    }
    out.append(curve).append("</svg><p class=\"legend\">");
    for (int i = 0; i < references.size(); i++) {
      out.append(
          String.format(
              Locale.ROOT,
              "<span><svg viewBox=\"0 0 26 8\" class=\"key\" aria-hidden=\"true\"><path"
                  + " class=\"ref r%d\" d=\"M0 4H26\"/></svg>%s %s</span>",
              i % 3,
              Html.text(references.get(i).name()),
              Html.score(references.get(i).value())));
    }
    return out.append(note).append("</p></figure>").toString();
  }

  private static String path(Series series, Scale x, Scale y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < series.size(); i++) {
      path.append(i == 0 ? 'M' : 'L')
          .append(
              String.format(
                  Locale.ROOT, "%.1f %.1f", x.at(series.x()[i]), y.at(series.y()[i])));
    }
    return path.toString();
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
