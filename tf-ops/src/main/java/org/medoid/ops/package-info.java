/** TensorFlow ops of this project, registered from Java. */
package org.medoid.ops;
