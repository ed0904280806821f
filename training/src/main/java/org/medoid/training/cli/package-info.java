/**
 * The command line, {@code medoid COMMAND}: a class for each command, on picocli. {@link
 * org.medoid.training.cli.Medoid#run} runs one within a program and gives its exit code.
 */
package org.medoid.training.cli;
