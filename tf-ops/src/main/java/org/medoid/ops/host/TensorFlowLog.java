package org.medoid.ops.host;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What TensorFlow writes to standard error. Its older messages obey {@code TF_CPP_MIN_LOG_LEVEL};
 * those of its newer parts go through the logging of absl, which knows no environment variable and
 * writes everything until a program initialises it, which TensorFlow does not: two lines at the
 * first session, whatever was asked for ("All log messages before absl::InitializeLog() is called
 * are written to STDERR" and "MLIR V1 optimization pass is not enabled").
 *
 * <p>Each of TensorFlow's two libraries has an absl of its own. The small one exports the function
 * that initialises it; of the large one only the flag that the function sets is left, a byte of
 * which the file's symbol table tells the place.
 */
public final class TensorFlowLog {
  /** {@code absl::log_internal::SetInitialized()} of the absl in TensorFlow 2.18. */
  private static final String SET_INITIALIZED =
      "_ZN4absl12lts_2023080212log_internal14SetInitializedEv";

  /** The {@code std::atomic<bool>} that it sets. */
  private static final String INITIALIZED =
      "_ZN4absl12lts_2023080212log_internal12_GLOBAL__N_119logging_initializedE.0";

  /**
   * Where its symbol stands among the local ones of TensorFlow Java 1.1.0's library for Linux on
   * x86-64. Reading the 19 MB of all of them takes a tenth of a second.
   */
  private static final int USUAL_PLACE = 743184;

  private static final int SYMBOL_TABLE = 2; // SHT_SYMTAB
  private static final int LOCAL_OBJECT = 1; // STB_LOCAL << 4 | STT_OBJECT

  private static boolean initialized;

  private TensorFlowLog() {}

  /**
   * Initialises absl's logging for the rest of the process, as {@code absl::InitializeLog()} does:
   * from then on it writes errors alone. Loads TensorFlow where that has not happened yet. Linux
   * alone.
   *
   * @throws UnsatisfiedLinkError if TensorFlow's natives cannot be loaded, or are those of another
   *     version
   * @throws UnsupportedOperationException where libraries are not ELF files of 64 bits, or have no
   *     such flag
   * @throws IOException if the library's file cannot be read
   */
  public static synchronized void initialize() throws IOException {
    if (initialized) {
      return;
    }
    Path framework = CApi.frameworkLibrary();
    NativeLibrary.getInstance(framework.toString())
        .getFunction(SET_INITIALIZED)
        .invoke(new Object[0]);
    Path maps = Path.of("/proc/self/maps");
    if (!Files.isReadable(maps)) {
      throw new UnsupportedOperationException("only Linux says where a library lies");
    }
    List<String> lines = Files.readAllLines(maps);
    for (String line : lines) {
      // 7f0123400000-7f0123500000 r--p 00000000 fe:00 1234   /file: its first part is its base.
      // Private, as the loader maps it: a file that somebody maps to read it is none.
      if (line.contains("p 00000000 ") && line.contains("/libtensorflow_cc.")) {
        long flag =
            address(line, '-') + localByte(Path.of(line.substring(line.indexOf('/'))), INITIALIZED);
        // A write anywhere else would end the process.
        if (lines.stream().noneMatch(each -> isWritable(each, flag))) {
          throw new UnsupportedOperationException("absl's flag does not lie in the library's data");
        }
        Pointer place = new Pointer(flag);
        if ((place.getByte(0) & ~1) != 0) {
          throw new UnsupportedOperationException("absl's flag holds no truth value");
        }
        place.setByte(0, (byte) 1);
        initialized = true;
        return;
      }
    }
    throw new UnsupportedOperationException("libtensorflow_cc is not among the loaded libraries");
  }

  /** The number in front of a letter in a line of {@code /proc/self/maps}. */
  private static long address(String line, char end) {
    int from = end == ' ' ? line.indexOf('-') + 1 : 0;
    return Long.parseUnsignedLong(line.substring(from, line.indexOf(end)), 16);
  }

  /** Whether an address lies in the part of memory that a line tells of, and may be written. */
  static boolean isWritable(String line, long address) {
    return line.contains(" rw-p ")
        && Long.compareUnsigned(address, address(line, '-')) >= 0
        && Long.compareUnsigned(address, address(line, ' ')) < 0;
  }

  /** The address of a local variable of one byte, relative to the library's base. */
  static long localByte(Path library, String name) throws IOException {
    try (FileChannel file = FileChannel.open(library)) {
      ByteBuffer header = read(file, 0, 64);
      if (header.getInt(0) != 0x464c457f || header.get(4) != 2 || header.get(5) != 1) {
        throw new UnsupportedOperationException(
            library + " is no little-endian ELF file of 64 bits");
      }
      int sectionSize = header.getShort(58);
      ByteBuffer sections = read(file, header.getLong(40), sectionSize * header.getShort(60));
      for (int section = 0; section < sections.limit(); section += sectionSize) {
        if (sections.getInt(section + 4) != SYMBOL_TABLE) {
          continue;
        }
        // Local symbols stand first, sh_info of them.
        int count = sections.getInt(section + 44);
        long symbols = sections.getLong(section + 24);
        long names = sections.getLong(sections.getInt(section + 40) * sectionSize + 24);
        byte[] wanted = (name + '\0').getBytes(StandardCharsets.US_ASCII);
        long usual =
            USUAL_PLACE < count
                ? localByte(file, read(file, symbols + 24L * USUAL_PLACE, 24), names, wanted)
                : -1;
        long place =
            usual < 0 ? localByte(file, read(file, symbols, 24L * count), names, wanted) : usual;
        if (place >= 0) {
          return place;
        }
      }
    }
    throw new UnsupportedOperationException(library + " has no variable " + name);
  }

  /** The address of the variable of that name among some symbols, or -1. */
  private static long localByte(FileChannel file, ByteBuffer symbols, long names, byte[] wanted)
      throws IOException {
    ByteBuffer found = ByteBuffer.allocate(wanted.length);
    for (int at = 0; at < symbols.limit(); at += 24) {
      if (symbols.get(at + 4) == LOCAL_OBJECT && symbols.getLong(at + 16) == 1) {
        file.read(found.clear(), names + Integer.toUnsignedLong(symbols.getInt(at)));
        if (Arrays.equals(found.array(), wanted)) {
          return symbols.getLong(at + 8);
        }
      }
    }
    return -1;
  }

  /** Read, not mapped: a mapping would stand among those of the loaded libraries. */
  private static ByteBuffer read(FileChannel file, long position, long size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, position + bytes.position()) < 0) {
        throw new IOException("the library's file ends within its tables");
      }
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }
}
