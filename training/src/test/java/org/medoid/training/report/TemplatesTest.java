package org.medoid.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplatesTest {
  @Test
  void aLineBreakIsASpaceBetweenWordsAndNothingBesideATag() {
    assertThat(Templates.joined("<p>one\n  two</p>\n  <p>\n  three\n  </p>\n"))
        .isEqualTo("<p>one two</p><p>three</p>");
    assertThat(Templates.joined("{{#a}}\n  one\n{{/a}}\ntwo")).isEqualTo("{{#a}}one{{/a}}two");
    assertThat(Templates.joined("<p>\n\n<b>\n\ntext\n\n  more")).isEqualTo("<p>\n<b>\ntext\nmore");
  }

  @Test
  void whatComesFromOutsideIsEscaped() {
    assertThat(Templates.filled("picture", Map.of("name", "<\"a\" & 'b'\u0007>", "x", 1, "y", 2)))
        .isEqualTo(
            "<i class=\"p\" role=\"img\" aria-label=\"&lt;&quot;a&quot; &amp;"
                + " &#39;b&#39;\ufffd&gt;\" style=\"--x:1;--y:2\"></i>");
  }

  @Test
  void aNameThatTheDataHasNotIsAnError() {
    assertThatThrownBy(() -> Templates.filled("picture", Map.of("name", "a", "x", 1)))
        .hasMessageContaining("'y'");
  }
}
