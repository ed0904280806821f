package org.medoid.ops.host;

/**
 * The computation of one op node. TensorFlow may call it from several threads at once, on its own
 * inter-op threads.
 */
@FunctionalInterface
public interface HostKernel {
  /**
   * Computes the outputs from the inputs.
   *
   * @param context gives the inputs and takes the outputs
   * @throws IllegalArgumentException if an input cannot be used; it reaches the caller of the
   *     session as a TFInvalidArgumentException with the same text. OutOfMemoryError reaches him as
   *     a TFResourceExhaustedException, everything else thrown, and a kernel that leaves an output
   *     out, as a TensorFlowException with the class and place
   */
  void compute(KernelContext context);

  /** Makes a kernel for a node, once for each session or eager context that runs it. */
  @FunctionalInterface
  interface Factory {
    /**
     * Makes the kernel.
     *
     * @param attributes the attributes of the node
     * @return the kernel, not null
     * @throws IllegalArgumentException if the attributes do not go together
     */
    HostKernel create(KernelAttributes attributes);
  }
}
