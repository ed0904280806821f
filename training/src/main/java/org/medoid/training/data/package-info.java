/** Data sets and batch samplers. */
package org.medoid.training.data;
