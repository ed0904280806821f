/**
 * Images in a graph: decoding, resizing, cropping; pieces for a tf.data function or a signature.
 * All give what the functions of the same purpose give in Python's TensorFlow.
 *
 * <p>Example: from the bytes of a file to what a network takes.
 *
 * <pre>{@code
 * import java.awt.image.BufferedImage;
 * import java.io.ByteArrayOutputStream;
 * import javax.imageio.ImageIO;
 * import org.medoid.graph.image.Images;
 * import org.tensorflow.*;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.ndarray.NdArrays;
 * import org.tensorflow.types.*;
 *
 * public class FromBytes {
 *   public static void main(String[] arguments) throws Exception {
 *     ByteArrayOutputStream png = new ByteArrayOutputStream();
 *     ImageIO.write(new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB), "png", png);
 *     try (EagerSession session = EagerSession.create();
 *         TString file = TString.tensorOfBytes(NdArrays.scalarOfObject(png.toByteArray()))) {
 *       Ops tf = Ops.create(session);
 *       Operand<TFloat32> image = Images.decode(tf, tf.constantOf(file));
 *       System.out.println(image.shape()); // prints [20, 30, 3]
 *       Operand<TFloat32> centre = Images.centreCrop(tf, Images.resize(tf, image, 45), 45, 40);
 *       System.out.println(centre.shape()); // prints [40, 40, 3]
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph.image;
