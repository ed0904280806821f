package org.medoid.export;

import java.io.IOException;
import java.nio.file.Path;

/** A folder that holds something and may not be replaced. */
public final class FolderNotEmptyException extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Path folder;

  /**
   * Of a folder.
   *
   * @param folder as its user named it
   */
  public FolderNotEmptyException(Path folder) {
    super(folder + " is not empty: allow overwriting, or give another folder");
    this.folder = folder;
  }

  /**
   * Returns the folder.
   *
   * @return as its user named it
   */
  public Path folder() {
    return folder;
  }
}
