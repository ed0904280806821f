package org.medoid.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import us.hebi.matlab.mat.format.BufferAllocator;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Source;
import us.hebi.matlab.mat.types.Sources;
import us.hebi.matlab.mat.types.Struct;

/** Reads the annotations of Cars196, a MATLAB file. */
final class CarsAnnotations {
  private CarsAnnotations() {}

  /**
   * Reads a file.
   *
   * @param pathField what the field with the image's path is called
   * @param images takes the class and the path of each image
   * @throws FileSystemException if the file cannot be opened
   * @throws IllegalArgumentException if it is damaged or another one
   */
  static void read(Path mat, String pathField, BiConsumer<Integer, String> images)
      throws IOException {
    try (Source source = Sources.openFile(mat.toFile());
        Mat5File file =
            Mat5.newReader(source).setBufferAllocator(new Buffers(Files.size(mat))).readMat()) {
      Struct annotations = file.getStruct("annotations");
      for (int i = 0; i < annotations.getNumElements(); i++) {
        images.accept(
            annotations.getMatrix("class", i).getInt(0),
            annotations.getChar(pathField, i).getString());
      }
    } catch (FileSystemException e) {
      throw e; // it names the file
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // Of memory: for a list as long as a damaged header says.
      throw new IllegalArgumentException(
          mat + ": not the annotations of Cars196: " + e.getMessage(), e);
    }
  }

  /**
   * No more memory than the file can fill: MFL asks for as much as each header says, of a damaged
   * one for 2 GB.
   */
  private static final class Buffers implements BufferAllocator {
    /** Deflate packs no denser. */
    private static final long DENSEST = 1032;

    private final long most;

    Buffers(long size) {
      most = DENSEST * size;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
      if (bytes < 0 || bytes > most) {
        throw new IllegalArgumentException(
            "an array of " + bytes + " bytes is more than the file can hold");
      }
      return ByteBuffer.allocate(bytes);
    }

    @Override
    public void release(ByteBuffer buffer) {
      // The garbage collector's.
    }
  }
}
