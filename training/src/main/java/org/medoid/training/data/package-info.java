/**
 * Data sets: image files with classes, split into classes to train on and classes to evaluate with,
 * batches with a set number of classes, and the tf.data pipeline that reads them in a graph.
 */
package org.medoid.training.data;
