package org.medoid.export.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Properties;

/**
 * Whether the ONNX classes run with the protobuf on the class path. They need a method that
 * protobuf 3.21.9 keeps to itself, and that is the version Maven takes for a project that names
 * TensorFlow's artifacts first: without this check every conversion dies of an IllegalAccessError.
 */
final class OnnxClasses {
  private static final String LISTS = "com.google.protobuf.LazyStringArrayList";

  private OnnxClasses() {}

  /**
   * Checks it; takes microseconds.
   *
   * @throws IllegalStateException if protobuf is too old, with the mend
   */
  static void check() {
    Class<?> lists;
    try {
      lists = Class.forName(LISTS, false, OnnxClasses.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(problem("missing"), e);
    }
    if (!suits(lists)) {
      throw new IllegalStateException(problem(version(lists)));
    }
  }

  /** Whether a class has the method {@code emptyList()} for all to call. */
  static boolean suits(Class<?> lists) {
    return Arrays.stream(lists.getDeclaredMethods())
        .anyMatch(
            method ->
                method.getName().equals("emptyList") && Modifier.isPublic(method.getModifiers()));
  }

  static String problem(String version) {
    return "com.google.protobuf:protobuf-java is "
        + version
        + " on the class path, and the ONNX classes need 3.25.5 or a later 3.25 (4 breaks"
        + " TensorFlow Java): import org.medoid:medoid-bom in dependencyManagement, or name"
        + " protobuf-java 3.25.8 among the dependencies";
  }

  private static String version(Class<?> inProtobuf) {
    String file = "/META-INF/maven/com.google.protobuf/protobuf-java/pom.properties";
    try (InputStream stream = inProtobuf.getResourceAsStream(file)) {
      if (stream != null) {
        Properties properties = new Properties();
        properties.load(stream);
        return properties.getProperty("version", "too old");
      }
    } catch (IOException e) {
      return "unreadable (" + e.getMessage() + ")";
    }
    return "too old";
  }
}
