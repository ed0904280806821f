/** Networks that embed images. */
package org.medoid.graph.network;
