/** Training of embedding networks. */
package org.medoid.training;
