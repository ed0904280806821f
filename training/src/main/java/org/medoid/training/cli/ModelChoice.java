package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.OpenImageSizeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say how a SavedModel is read, for a {@code --model}. */
final class ModelChoice extends SignatureOptions {
  private static final Logger LOG = LoggerFactory.getLogger(ModelChoice.class);

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      converter = SidesConverter.class,
      description =
          "Height and width of the images, or HEIGHTxWIDTH, for a --model that leaves them open.")
  private Sides imageSize;

  /** Height and width in pixels. */
  record Sides(int height, int width) {}

  /** Reads {@code 224} and {@code 64x32}. */
  static final class SidesConverter implements ITypeConverter<Sides> {
    private static final Pattern SIDES =
        Pattern.compile("([1-9][0-9]{0,4})(?:x([1-9][0-9]{0,4}))?");

    @Override
    public Sides convert(String text) {
      Matcher sides = SIDES.matcher(text);
      if (!sides.matches()) {
        throw new TypeConversionException(
            "'" + text + "' is neither a number of pixels nor HEIGHTxWIDTH, as in 64x32");
      }
      int height = Integer.parseInt(sides.group(1));
      return new Sides(height, sides.group(2) == null ? height : Integer.parseInt(sides.group(2)));
    }
  }

  @Override
  boolean isGiven() {
    return super.isGiven() || imageSize != null;
  }

  /** Opens a SavedModel and says what was taken. */
  EmbeddingModel open(Path folder) throws IOException {
    EmbeddingModel model;
    try {
      model =
          imageSize == null
              ? EmbeddingModel.ofSavedModel(folder, signature(), 0, 0)
              : EmbeddingModel.ofSavedModel(folder, signature(), imageSize.height, imageSize.width);
    } catch (OpenImageSizeException e) {
      throw new IllegalArgumentException(e.getMessage() + " (--image-size)", e);
    }
    model.notes().forEach(note -> LOG.info("{}: {}", folder, note));
    return model;
  }

  /** Opens a run, for which none of these options is meant, or else a SavedModel. */
  EmbeddingModel open(CommandLine line, RunOrModel source) throws IOException {
    if (source.run == null) {
      return open(source.model);
    }
    if (isGiven()) {
      throw new CommandLine.ParameterException(
          line, "--signature, --output, --range and --image-size are for --model, not for --run");
    }
    return EmbeddingModel.ofRun(source.run);
  }
}
