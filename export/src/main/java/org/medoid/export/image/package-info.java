/**
 * From an encoded picture to the pixels of a network, as TensorFlow operations: one way for the
 * pipelines that train and evaluate and for the signature of an exported model.
 *
 * <p>Example: the bytes of a file, decoded and cut to a network's size.
 *
 * <pre>{@code
 * import java.awt.image.BufferedImage;
 * import java.io.ByteArrayOutputStream;
 * import javax.imageio.ImageIO;
 * import org.medoid.export.image.ImageSize;
 * import org.medoid.export.image.Pictures;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.NdArrays;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.types.*;
 *
 * public class ReadAPicture {
 *   public static void main(String[] arguments) throws Exception {
 *     ByteArrayOutputStream png = new ByteArrayOutputStream();
 *     ImageIO.write(new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB), "png", png);
 *     try (Graph graph = new Graph();
 *         Session session = new Session(graph);
 *         TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(png.toByteArray()))) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> picture = Pictures.decode(tf, tf.constantOf(bytes));
 *       Operand<TFloat32> input = Pictures.centre(tf, picture, new ImageSize(8, 16, 18));
 *       try (Result result = session.runner().fetch(picture).fetch(input).run()) {
 *         System.out.println(result.get(0).shape()); // prints [20, 30, 3]
 *         System.out.println(result.get(1).shape()); // prints [8, 16, 3]
 *       }
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.export.image;
