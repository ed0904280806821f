package org.medoid.training.cli;

import org.medoid.export.savedmodel.PixelRange;
import org.medoid.export.savedmodel.SignatureChoice;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say which network of a SavedModel is meant, and what its pixels are. */
class SignatureOptions {
  @Option(
      names = "--signature",
      paramLabel = "NAME",
      description =
          "For a SavedModel with several signatures: which one; by default the one that fits.")
  private String signature;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description =
          "For a SavedModel with several outputs: which one; by default the one that fits.")
  private String output;

  @Option(
      names = "--range",
      paramLabel = "RANGE",
      converter = RangeConverter.class,
      description =
          "The pixels that a SavedModel takes: 0,1, 0,255, -1,1 or 0,65535; caffe (BGR less its"
              + " mean: ResNet and VGG of keras.applications) or torch (less ImageNet's mean, by"
              + " its deviation: DenseNet); by default what it shows, or 0,1.")
  private PixelRange range;

  /** Reads {@code 0,255}. */
  static final class RangeConverter implements ITypeConverter<PixelRange> {
    @Override
    public PixelRange convert(String text) {
      try {
        return PixelRange.of(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** Whether anything was said. */
  boolean isGiven() {
    return signature != null || output != null || range != null;
  }

  /** Which signature, output and range. */
  SignatureChoice signature() {
    return new SignatureChoice(signature, output, range);
  }
}
