package org.medoid.training.data;

/**
 * The libraries that the command line has and a program gets only if it names them, for what few
 * programs do. What needs one asks for it first, so that its absence is told in a line.
 */
public enum OptionalLibrary {
  /** Reads the annotations of Cars196. */
  MFL("us.hebi.matlab.mat:mfl-core", "us.hebi.matlab.mat.format.Mat5", "reading .mat files"),
  /** Draws the pictures of the icons. */
  JSVG("com.github.weisj:jsvg", "com.github.weisj.jsvg.parser.SVGLoader", "drawing the icons"),
  /** Lays out the map of a report. */
  TSNE("de.javagl:bh-tsne", "de.javagl.tsne.Tsne", "the map in a report"),
  /** Fills the page of a report. */
  MUSTACHE("com.samskivert:jmustache", "com.samskivert.mustache.Mustache", "a report's page");

  private final String artifact;
  private final String type;
  private final String use;

  OptionalLibrary(String artifact, String type, String use) {
    this.artifact = artifact;
    this.type = type;
    this.use = use;
  }

  /**
   * Requires that the library is there.
   *
   * @throws IllegalStateException if it is not; names the artifact to add
   */
  public void require() {
    try {
      Class.forName(type, false, OptionalLibrary.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw missing(use, artifact, e);
    }
  }

  /** What to say of a library, or of a family of icons, that is not on the class path. */
  static IllegalStateException missing(String use, String artifact, Throwable cause) {
    return new IllegalStateException(
        use
            + " needs "
            + artifact
            + ", which is not on the class path: add it to the dependencies (medoid-training has it"
            + " as an optional one)",
        cause);
  }
}
