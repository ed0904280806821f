/** TensorFlow ops whose kernels are Java methods that run on the host. */
package org.medoid.ops.host;
