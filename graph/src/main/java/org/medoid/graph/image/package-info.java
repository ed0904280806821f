/**
 * Random cuts of images in a graph, for the tf.data function that reads them; decoding and the
 * centre are those of {@link org.medoid.export.image.Pictures}, which an exported model has too.
 *
 * <p>Example: from the bytes of a file to what a network takes.
 *
 * <pre>{@code
 * import java.awt.image.BufferedImage;
 * import java.io.ByteArrayOutputStream;
 * import javax.imageio.ImageIO;
 * import org.medoid.export.image.ImageSize;
 * import org.medoid.export.image.Pictures;
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
 *     try (Graph graph = new Graph();
 *         Session session = new Session(graph);
 *         TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(png.toByteArray()))) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> picture = Pictures.decode(tf, tf.constantOf(bytes));
 *       ImageSize size = new ImageSize(40, 60, 66);
 *       Operand<TFloat32> centre = Pictures.centre(tf, picture, size);
 *       Operand<TInt64> seed = tf.constant(new long[] {1, 2});
 *       Operand<TFloat32> part = Images.randomResizedCrop(tf, picture, size, true, seed);
 *       try (Result result = session.runner().fetch(centre).fetch(part).run()) {
 *         System.out.println(result.get(0).shape()); // prints [40, 60, 3]
 *         System.out.println(result.get(1).shape()); // prints [40, 60, 3]
 *       }
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph.image;
