package org.medoid.training.data;

import java.nio.charset.StandardCharsets;

/** What people give in place of an {@code .npy} file. */
final class OtherFiles {
  private OtherFiles() {}

  /** What a file is that is no .npy file, by its first bytes, and the mend. */
  static String name(byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.isEmpty()) {
      return "not a NumPy .npy file: it is empty";
    } else if (text.startsWith("PK")) {
      return "not a NumPy .npy file but an archive (.npz?); save one array with numpy.save";
    } else if (text.startsWith("\u0089HDF")) {
      return "not a NumPy .npy file but one of HDF5; save the array in it with numpy.save";
    } else if (text.startsWith("\u0080") && text.length() > 1 && text.charAt(1) <= 5) {
      return "not a NumPy .npy file but a Python pickle; save the array in it with numpy.save";
    } else if (text.chars().allMatch(c -> (c >= ' ' && c != 0x7f) || Character.isWhitespace(c))) {
      return "not a NumPy .npy file but text?; save what numpy.loadtxt reads with numpy.save";
    }
    return "not a NumPy .npy file";
  }
}
