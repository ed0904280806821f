package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.medoid.training.evaluation.EvaluationResult;

class ScoreTableTest {
  private static EvaluationResult scores(double nmi, double ari, double recall) {
    return new EvaluationResult(
        nmi, 0, ari, 0, 0, new TreeMap<>(Map.of(1, recall, 1000, 1.0)), 0, 0, 0, Map.of());
  }

  private static String printed(ScoreTable table) {
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text));
    return text.toString().replace("\r", "");
  }

  @Test
  void aRowWithoutANameIsPrintedToo() {
    assertThat(printed(new ScoreTable().row("", scores(0.5, 0, 1))))
        .isEqualTo("   NMI     R@1  R@1000\n0.5000  1.0000  1.0000\n");
  }

  @Test
  void columnsStandBelowEachOtherAndWhatIsUndefinedIsADash() {
    assertThat(
            printed(
                new ScoreTable()
                    .row("before", scores(Double.NaN, 0, 0.25))
                    .row("x", scores(1, 0, 1))))
        .isEqualTo(
            """
                       NMI     R@1  R@1000
            before       -  0.2500  1.0000
            x       1.0000  1.0000  1.0000
            """);
  }

  @Test
  void digitsAreThoseOfMachinesUnderEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      String expected = printed(new ScoreTable().row("a", scores(0.125, 0, 1)));
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat(printed(new ScoreTable().row("a", scores(0.125, 0, 1)))).isEqualTo(expected);
      assertThat(expected).contains("0.1250").contains("R@1000");
    } finally {
      Locale.setDefault(before);
    }
  }
}
