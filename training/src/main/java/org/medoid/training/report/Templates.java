package org.medoid.training.report;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The page's Mustache templates ({@code *.mustache} beside this class) and other resources.
 * Templates may be indented: see {@link #joined}. What a template names and its data has not is an
 * error; what it shows is escaped by {@link Html#text}, but within three braces.
 */
final class Templates {
  private Templates() {}

  /**
   * Fills a template.
   *
   * @param name of the template, without ending
   * @param data whose methods and components give the values
   * @return the text
   */
  static String filled(String name, Object data) {
    return Mustache.compiler()
        .withEscaper(Html::text)
        .emptyStringIsFalse(true)
        .strictSections(true)
        .withLoader(each -> new StringReader(template(each)))
        .compile(template(name))
        .execute(data);
  }

  /**
   * A template as it is filled: a line break between two words is a space, beside a tag it is
   * nothing, and only an empty line breaks the line. So templates have short, indented lines, and
   * elements stand side by side on the page without a space.
   */
  static String joined(String source) {
    return source
        .strip()
        .replaceAll("(?m)^ +", "")
        .replaceAll("(?<![>}\n])\n(?![<{\n])", " ")
        .replaceAll("(?<!\n)\n(?!\n)", "")
        .replace("\n\n", "\n");
  }

  private static String template(String name) {
    try {
      return joined(resource(name + ".mustache"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a file beside this class. */
  static String resource(String name) throws IOException {
    try (InputStream in = Templates.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
