package org.medoid.training.report;

import java.util.Locale;

/** Small pieces of HTML. What comes from outside goes through {@link #text}. */
final class Html {
  private Html() {}

  /**
   * Escapes text for use between tags and inside quoted attributes.
   *
   * @param raw any text
   * @return the text with the five markup characters replaced, and control characters (which no
   *     document may hold) shown as U+FFFD
   */
  static String text(String raw) {
    StringBuilder out = new StringBuilder(raw.length() + 16);
    raw.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default ->
                    out.appendCodePoint(
                        (c < ' ' && c != '\n' && c != '\t')
                                || (c >= 0x7f && c < 0xa0)
                                || (c >= 0xd800 && c < 0xe000)
                                || (c & 0xfffe) == 0xfffe
                            ? 0xfffd
                            : c);
              }
            });
    return out.toString();
  }

  /** A count with thin spaces between the thousands. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value).replace(',', '\u2009');
  }

  /** A number and what it counts. */
  static String count(long value, String one, String many) {
    return count(value) + " " + (value == 1 ? one : many);
  }

  /** A score with three digits after the point. */
  static String score(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  /** The same; a dash for a score that there is none of, NaN. */
  static String scoreOrDash(double value) {
    return Double.isNaN(value) ? "–" : score(value);
  }

  /** A share as a whole percentage; only 0 and 1 themselves are shown as 0 % and 100 %. */
  static String percent(long part, long whole) {
    long rounded = Math.round(100.0 * part / whole);
    if (part > 0 && rounded == 0) {
      return "under 1\u00a0%";
    }
    return (part < whole ? Math.min(rounded, 99) : rounded) + "\u00a0%";
  }
}
