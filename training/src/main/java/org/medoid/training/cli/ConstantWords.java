package org.medoid.training.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.medoid.graph.image.Crop;
import org.medoid.graph.network.InceptionV2.Pooling;
import org.medoid.graph.network.Layers.BatchNormalization;
import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.medoid.training.settings.ScheduleSettings.Choice;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Constants that are options: written in lower case. */
final class ConstantWords {
  private ConstantWords() {}

  /** Registers how constants are written. */
  static void register(CommandLine line) {
    line.registerConverter(BatchNormalization.class, words(BatchNormalization.values()));
    line.registerConverter(Pooling.class, words(Pooling.values()));
    line.registerConverter(Crop.class, words(Crop.values()));
    line.registerConverter(Fall.class, words(Fall.values()));
    line.registerConverter(Precision.class, words(Precision.values()));
    line.registerConverter(Choice.class, words(Choice.values()));
  }

  private static <E extends Enum<E>> ITypeConverter<E> words(E[] constants) {
    return word ->
        Arrays.stream(constants)
            .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(word))
            .findAny()
            .orElseThrow(
                () ->
                    new TypeConversionException(
                        Arrays.stream(constants)
                            .map(each -> each.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", ", "'" + word + "' is none of ", ""))));
  }
}
