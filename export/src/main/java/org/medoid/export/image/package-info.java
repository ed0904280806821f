/**
 * From an encoded picture to the pixels of a network, as TensorFlow operations: one way for the
 * pipelines that train and evaluate and for the signature of an exported model.
 */
package org.medoid.export.image;
