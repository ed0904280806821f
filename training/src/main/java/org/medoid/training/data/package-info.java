/**
 * Data sets: image files with classes, split into classes to train on and classes to evaluate with,
 * batches with a set number of classes, and the tf.data pipeline that reads them in a graph. {@link
 * org.medoid.training.data.Npy} reads and writes NumPy's array files.
 *
 * <p>Example: a data set, and the images of a batch.
 *
 * <pre>{@code
 * import java.util.Arrays;
 * import org.medoid.training.data.*;
 *
 * public class BatchOfIcons {
 *   public static void main(String[] arguments) throws Exception {
 *     DataSplit icons = DataSets.open("icons"); // or "folder:photos", "cub200:CUB_200_2011", ...
 *     ImageDataSet train = icons.train();
 *     int[] batch = new BatchSampler(train, 128, 32, 1).batch(0); // indices into train.files()
 *     System.out.println(batch.length); // prints 128
 *     int[] labels = train.labels();
 *     System.out.println(Arrays.stream(batch).map(i -> labels[i]).distinct().count()); // prints 32
 *     System.out.println(
 *         icons.test().classNames().stream().anyMatch(train.classNames()::contains)); // prints false
 *   }
 * }
 * }</pre>
 */
package org.medoid.training.data;
