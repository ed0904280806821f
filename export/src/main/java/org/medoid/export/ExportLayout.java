package org.medoid.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where the files of an export lie in the target folder. */
public enum ExportLayout {
  /** In the target folder itself, which an export can replace. */
  PLAIN,
  /**
   * In the next numbered folder, {@code target/1}, which TensorFlow Serving takes up; with requests
   * that warm the model up.
   */
  TF_SERVING,
  /**
   * Of the model in a repository of models, {@code target/name/1/model.onnx} and {@code
   * target/name/config.pbtxt}: Triton no longer runs SavedModels.
   */
  TRITON;

  /**
   * The layout that a name means.
   *
   * @param name as in {@code tf-serving}
   * @return the layout
   * @throws IllegalArgumentException if there is none
   */
  public static ExportLayout of(String name) {
    return byName(values(), "layout", name);
  }

  /** Where an export of a name goes. */
  TargetFolder folder(Path target, String name, boolean overwrite) throws IOException {
    return switch (this) {
      case PLAIN -> TargetFolder.plain(target, overwrite);
      case TF_SERVING -> TargetFolder.version(target, null);
      case TRITON -> TargetFolder.version(target.resolve(name), TritonConfiguration.FILE);
    };
  }

  static <E extends Enum<E>> E byName(E[] values, String what, String name) {
    List<String> names = new ArrayList<>();
    for (E each : values) {
      names.add(each.name().toLowerCase(Locale.ROOT).replace('_', '-'));
      if (names.get(names.size() - 1).equals(name)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "%s '%s' is none of %s".formatted(what, name, String.join(", ", names)));
  }
}
