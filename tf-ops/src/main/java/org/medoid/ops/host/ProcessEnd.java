package org.medoid.ops.host;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * The end of a process in which TensorFlow computes. Java's own, {@code System.exit} and {@code
 * halt} alike, runs what the native libraries have registered for the end of a program; that takes
 * away memory with which TensorFlow's threads still work, and of six programs so ended three
 * crashed.
 */
public final class ProcessEnd {
  private ProcessEnd() {}

  /**
   * Ends the process as it is: no shutdown hook, finally or destructor runs after it. Returns if
   * the system's C library has no {@code _exit}, or cannot be called.
   *
   * @param code the exit code, 0 to 255
   */
  public static void now(int code) {
    try {
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME)
          .getFunction("_exit")
          .invokeVoid(new Object[] {code});
    } catch (LinkageError e) {
      // The ordinary end is left.
    }
  }
}
