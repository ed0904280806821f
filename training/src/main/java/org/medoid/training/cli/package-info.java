/** The command line. */
package org.medoid.training.cli;
