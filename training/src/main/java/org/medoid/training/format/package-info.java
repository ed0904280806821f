/**
 * How text files are written and read: JSON and comma-separated values, each in one place.
 *
 * <pre>{@code
 * import java.util.List;
 * import org.medoid.training.format.Csv;
 *
 * public class WriteALine {
 *   public static void main(String[] arguments) {
 *     System.out.print(Csv.line(List.of("lock", 3, "a,b"))); // prints lock,3,"a,b"
 *   }
 * }
 * }</pre>
 */
package org.medoid.training.format;
