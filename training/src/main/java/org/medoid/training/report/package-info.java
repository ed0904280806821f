/** The page that shows what a run learned. */
package org.medoid.training.report;
