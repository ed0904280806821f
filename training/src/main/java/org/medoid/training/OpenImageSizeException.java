package org.medoid.training;

/** A model takes images of any size, and none was given. */
public final class OpenImageSizeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  OpenImageSizeException(String model) {
    super(model + " leaves the size of the images open: give the image size");
  }
}
