package org.medoid.graph.image;

/** Which part of a picture a network is given. */
public enum Crop {
  /** The picture is scaled and its centre cut out: what evaluation and serving do. */
  CENTRE,
  /** The picture is scaled and a part of the network's size is cut out anywhere. */
  RANDOM,
  /**
   * A part of the picture, 16 to 100 % of its area, its sides 3:4 to 4:3 of the network's, is
   * scaled to the network's size (the Inception crop of Szegedy et al. 2015, with the smallest area
   * that metric learning uses).
   */
  RANDOM_RESIZED
}
