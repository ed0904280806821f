/**
 * Graphs that train and graphs that infer, built from one description of a network.
 *
 * <p>{@link org.medoid.graph.TrainingGraph} puts a network, a loss and RMSProp into a graph, {@link
 * org.medoid.graph.InferenceGraph} the same network with frozen batch normalisation into another;
 * their variables have the same names, so that a checkpoint of the first restores the second.
 */
package org.medoid.graph;
