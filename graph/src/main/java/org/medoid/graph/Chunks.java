package org.medoid.graph;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * The way back through one chunk of a batch, see {@link ChunkedStep}. Gradients are summed over the
 * chunks in tensors that go from run to run, not in variables: nothing of them is in a checkpoint.
 *
 * @param batch float [m, d], to be fed: the embeddings of all chunks
 * @param batchGradient float [m, d]: the gradient of the loss in them
 * @param gradient float [chunk, d], to be fed: the rows of batchGradient for the chunk
 * @param own the gradients of the chunk, one for each variable of network and head
 * @param carried to be fed: the gradients of all chunks before, then, of the last chunk alone,
 *     lossOwn
 * @param sums own + carried
 * @param lossOwn the gradients of the loss in the variables that it brings itself, if any
 */
record Chunks(
    Placeholder<TFloat32> batch,
    Operand<TFloat32> batchGradient,
    Placeholder<TFloat32> gradient,
    List<Operand<TFloat32>> own,
    List<Placeholder<TFloat32>> carried,
    List<Operand<TFloat32>> sums,
    List<Operand<TFloat32>> lossOwn) {}
