package org.medoid.training.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the name of a file or folder that somebody typed. An empty one is refused: it is what a
 * shell's variable that was never set leaves, and would be the current folder. {@code ~/} is the
 * user's home, which shells leave alone behind {@code --out=} and {@code folder:}.
 */
final class TypedPath implements ITypeConverter<Path> {
  private static final Pattern SPEC = Pattern.compile("([a-z0-9_]+:)?(.*)", Pattern.DOTALL);

  @Override
  public Path convert(String text) {
    return path(text);
  }

  /** Reads {@code KIND:DIR} and {@code FILE} to the same with the home put in. */
  static final class Spec implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      Matcher spec = SPEC.matcher(text);
      if (!spec.matches()) {
        throw new IllegalStateException("the pattern takes every text");
      }
      if (spec.group(1) == null) {
        return home(text);
      }
      return spec.group(1).equals("own:") ? text : spec.group(1) + path(spec.group(2));
    }
  }

  /** A name as a shell reads it back. */
  static String quoted(Object path) {
    String text = path.toString();
    return text.matches("[\\w%+,./:=@-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  private static Path path(String text) {
    try {
      return Path.of(home(text));
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' is no file name here: " + e.getReason());
    }
  }

  private static String home(String text) {
    if (text.isBlank()) {
      throw new TypeConversionException("an empty name of a file or folder");
    }
    if (text.equals("-")) {
      throw new TypeConversionException(
          "'-' names no file here; say /dev/stdin or /dev/stdout, or ./- for a file of this name");
    }
    if (!text.equals("~") && !text.startsWith("~/")) {
      return text;
    }
    String home = System.getenv("HOME");
    return (home == null || home.isEmpty() ? System.getProperty("user.home") : home)
        + text.substring(1);
  }
}
