package org.medoid.training.data;

/**
 * A data set split by classes: no class is in both parts.
 *
 * @param train images to train on
 * @param test images of classes never seen in training
 */
public record DataSplit(ImageDataSet train, ImageDataSet test) {}
