package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a program is told that has medoid-training without one of its optional libraries. */
class OptionalLibraryTest {
  @TempDir Path folder;

  /** The classes of this test's own class path, but those of some jars. */
  private static URLClassLoader without(String jar) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!Path.of(entry).getFileName().toString().startsWith(jar)) {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static Throwable opening(URLClassLoader loader, String spec) {
    Throwable thrown =
        catchThrowable(
            () ->
                loader
                    .loadClass("org.medoid.training.data.DataSets")
                    .getMethod("open", String.class)
                    .invoke(null, spec));
    return thrown instanceof InvocationTargetException ? thrown.getCause() : thrown;
  }

  @ParameterizedTest
  @EnumSource
  void isFoundWhereItIs(OptionalLibrary library) {
    library.require();
  }

  @ParameterizedTest
  @CsvSource({
    "MFL, mfl-core, us.hebi.matlab.mat:mfl-core",
    "JSVG, jsvg, com.github.weisj:jsvg",
    "TSNE, bh-tsne, de.javagl:bh-tsne",
    "MUSTACHE, jmustache, com.samskivert:jmustache"
  })
  void itsAbsenceIsToldWithTheArtifactToAdd(String name, String jar, String artifact)
      throws Exception {
    try (URLClassLoader loader = without(jar)) {
      Object library =
          loader
              .loadClass("org.medoid.training.data.OptionalLibrary")
              .getMethod("valueOf", String.class)
              .invoke(null, name);
      assertThatThrownBy(() -> library.getClass().getMethod("require").invoke(library))
          .cause()
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(artifact)
          .hasMessageContaining("add it to the dependencies")
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void cars196WithoutMflNamesIt() throws Exception {
    Files.createDirectories(folder.resolve("car_ims"));
    Files.write(folder.resolve("cars_annos.mat"), new byte[200]);
    try (URLClassLoader loader = without("mfl-core")) {
      assertThat(opening(loader, "cars196:" + folder))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("us.hebi.matlab.mat:mfl-core");
    }
  }

  @Test
  void theIconsWithoutAFamilyNameIt() throws Exception {
    try (URLClassLoader loader = without("octicons")) {
      assertThat(opening(loader, "icons"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("org.webjars:octicons");
    }
  }

  @Test
  void whatNeedsNoneOfThemWorksWithoutAny() throws Exception {
    try (URLClassLoader loader = without("mfl-core")) {
      assertThat(opening(loader, "omniglot:" + folder))
          .isInstanceOf(java.io.IOException.class)
          .hasMessageNotContaining("mfl");
    }
  }
}
