package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;

/**
 * A program that documentation shows: the source of one public class with a main method.
 *
 * @param source the text
 */
record Program(String source) {
  private static final Pattern NAME = Pattern.compile("public class (\\w+)");

  /** The name of its class. */
  String name() {
    Matcher name = NAME.matcher(source);
    assertThat(name.find()).as(source).isTrue();
    return name.group(1);
  }

  /**
   * Compiles it against this project and runs it in this JVM.
   *
   * @param folder where to put source and classes; the program's argument
   * @return what it prints
   */
  String run(Path folder) throws IOException, ReflectiveOperationException {
    Path file = folder.resolve(name() + ".java");
    Files.writeString(file, source);
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                complaints,
                "-Xlint:all",
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                file.toString());
    assertThat(code).as(complaints.toString(StandardCharsets.UTF_8)).isZero();

    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      Method main = loader.loadClass(name()).getMethod("main", String[].class);
      return Shell.of(
              () -> {
                main.invoke(null, (Object) new String[] {folder.toString()});
                return 0;
              })
          .out();
    } catch (ReflectiveOperationException | IOException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
