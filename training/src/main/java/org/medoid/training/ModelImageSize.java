package org.medoid.training;

import java.nio.file.Path;
import org.medoid.export.image.ImageSize;
import org.medoid.export.savedmodel.ModelSignature;

/** The size of the images that a network of a SavedModel is run with. */
final class ModelImageSize {
  private ModelImageSize() {}

  /**
   * The network's own size, else the wanted one, else what the network itself scales images to.
   *
   * @param height wanted, in pixels; 0 for none
   * @param width wanted, in pixels; 0 for none
   * @param resize what a picture is scaled to before the centre is cut out; 0 to cut out nothing
   * @throws OpenImageSizeException if there is none of these
   * @throws IllegalArgumentException if the wanted size is not the network's own
   */
  static ImageSize of(ModelSignature signature, int height, int width, int resize) {
    Path folder = signature.model().folder();
    boolean meant = height <= 0 && width <= 0;
    return new ImageSize(
        side(folder, signature.height(), meant ? signature.meantHeight() : height, "height"),
        side(folder, signature.width(), meant ? signature.meantWidth() : width, "width"),
        resize);
  }

  private static int side(Path folder, int own, int wanted, String what) {
    if (own > 0 && wanted > 0 && own != wanted) {
      throw new IllegalArgumentException(
          "%s takes images of %s %d, not %d".formatted(folder, what, own, wanted));
    }
    if (own <= 0 && wanted <= 0) {
      throw new OpenImageSizeException(folder.toString());
    }
    return own > 0 ? own : wanted;
  }
}
