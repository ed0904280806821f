package org.medoid.ops.host;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.TensorFlow;

/**
 * The part of TensorFlow's C API that JavaCPP's bindings leave out: {@code tensorflow/c/ops.h},
 * {@code kernels.h} and what they need of {@code tf_tensor.h} and {@code tf_status.h}, mapped
 * directly by JNA onto the libtensorflow_framework that TensorFlow Java has already loaded. Names
 * and argument orders are those of the headers.
 */
final class CApi {
  /** TF_Code values, {@code tensorflow/c/tf_status.h}. */
  static final int OK = 0;

  static final int INVALID_ARGUMENT = 3;
  static final int RESOURCE_EXHAUSTED = 8;
  static final int INTERNAL = 13;

  static {
    Native.register(
        CApi.class,
        NativeLibrary.getInstance(
            frameworkLibrary().toString(), Map.of(Library.OPTION_STRING_ENCODING, "UTF-8")));
  }

  private CApi() {}

  /** {@code void (*)(TF_ShapeInferenceContext*, TF_Status*)}. */
  interface ShapeCallback extends Callback {
    void infer(Pointer context, Pointer status);
  }

  /** {@code void* (*)(TF_OpKernelConstruction*)}. */
  interface CreateCallback extends Callback {
    Pointer create(Pointer construction);
  }

  /** {@code void (*)(void* kernel, TF_OpKernelContext*)}. */
  interface ComputeCallback extends Callback {
    void compute(Pointer kernel, Pointer context);
  }

  /** {@code void (*)(void* kernel)}. */
  interface DeleteCallback extends Callback {
    void delete(Pointer kernel);
  }

  static native Pointer TF_NewStatus();

  static native void TF_DeleteStatus(Pointer status);

  static native void TF_SetStatus(Pointer status, int code, String message);

  static native int TF_GetCode(Pointer status);

  static native String TF_Message(Pointer status);

  static native Pointer TF_NewOpDefinitionBuilder(String name);

  static native void TF_OpDefinitionBuilderAddAttr(Pointer builder, String spec);

  static native void TF_OpDefinitionBuilderAddInput(Pointer builder, String spec);

  static native void TF_OpDefinitionBuilderAddOutput(Pointer builder, String spec);

  static native void TF_OpDefinitionBuilderSetIsStateful(Pointer builder, boolean stateful);

  static native void TF_OpDefinitionBuilderSetShapeInferenceFunction(
      Pointer builder, ShapeCallback function);

  static native void TF_RegisterOpDefinition(Pointer builder, Pointer status);

  static native Pointer TF_NewShapeHandle();

  static native void TF_DeleteShapeHandle(Pointer handle);

  static native Pointer TF_NewDimensionHandle();

  static native void TF_DeleteDimensionHandle(Pointer handle);

  static native void TF_ShapeInferenceContextGetInput(
      Pointer context, int index, Pointer handle, Pointer status);

  static native void TF_ShapeInferenceContextSetOutput(
      Pointer context, int index, Pointer handle, Pointer status);

  static native int TF_ShapeInferenceContextRankKnown(Pointer context, Pointer handle);

  static native long TF_ShapeInferenceContextRank(Pointer context, Pointer handle);

  static native void TF_ShapeInferenceContextDim(
      Pointer context, Pointer shape, long index, Pointer dimension);

  static native int TF_DimensionHandleValueKnown(Pointer dimension);

  static native long TF_DimensionHandleValue(Pointer dimension);

  static native Pointer TF_ShapeInferenceContextScalar(Pointer context);

  static native Pointer TF_ShapeInferenceContextVectorFromSize(Pointer context, long size);

  static native void TF_ShapeInferenceContextConcatenateShapes(
      Pointer context, Pointer first, Pointer second, Pointer result, Pointer status);

  static native Pointer TF_NewKernelBuilder(
      String op,
      String device,
      CreateCallback create,
      ComputeCallback compute,
      DeleteCallback delete);

  static native void TF_RegisterKernelBuilder(String name, Pointer builder, Pointer status);

  static native void TF_OpKernelConstruction_Failure(Pointer construction, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrSize(
      Pointer construction, String name, int[] listSize, int[] totalSize, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrString(
      Pointer construction, String name, byte[] value, long maxLength, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrInt64(
      Pointer construction, String name, long[] value, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrFloat(
      Pointer construction, String name, float[] value, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrBool(
      Pointer construction, String name, byte[] value, Pointer status);

  static native void TF_OpKernelConstruction_GetAttrType(
      Pointer construction, String name, int[] value, Pointer status);

  static native void TF_OpKernelContext_Failure(Pointer context, Pointer status);

  static native int TF_NumInputs(Pointer context);

  static native int TF_NumOutputs(Pointer context);

  static native int TF_ExpectedOutputDataType(Pointer context, int index);

  static native void TF_GetInput(
      Pointer context, int index, PointerByReference tensor, Pointer status);

  static native Pointer TF_AllocateOutput(
      Pointer context,
      int index,
      int type,
      long[] dimensions,
      int dimensionCount,
      long bytes,
      Pointer status);

  static native Pointer TF_TensorData(Pointer tensor);

  static native long TF_TensorByteSize(Pointer tensor);

  static native int TF_TensorType(Pointer tensor);

  static native int TF_NumDims(Pointer tensor);

  static native long TF_Dim(Pointer tensor, int index);

  static native void TF_DeleteTensor(Pointer tensor);

  /**
   * Sets {@code status} from what a Java callback threw. An exception that left the callback would
   * be lost in JNA and TensorFlow would go on as if all had gone well.
   */
  static void report(Pointer status, String op, Throwable thrown) {
    String text;
    try {
      text = thrown.getMessage() == null ? "" : thrown.getMessage().replace('\0', ' ');
    } catch (Throwable another) {
      text = "(its message cannot be had: " + another.getClass().getName() + ")";
    }
    if (thrown instanceof IllegalArgumentException) {
      TF_SetStatus(status, INVALID_ARGUMENT, op + ": " + text);
    } else if (thrown instanceof OutOfMemoryError) {
      // The Java heap's own texts; TensorFlow's allocator says it is itself.
      boolean heap = text.equals("Java heap space") || text.startsWith("GC overhead");
      TF_SetStatus(
          status,
          RESOURCE_EXHAUSTED,
          op + ": out of memory in the Java kernel (" + text + (heap ? "); raise -Xmx" : ")"));
    } else {
      StackTraceElement[] trace = thrown.getStackTrace();
      String where = trace.length == 0 ? "" : " at " + trace[0];
      TF_SetStatus(status, INTERNAL, op + ": " + thrown.getClass().getName() + ": " + text + where);
    }
  }

  /** Throws what {@code status} holds, unless it is OK. */
  static void check(Pointer status) {
    switch (TF_GetCode(status)) {
      case OK -> {}
      case INVALID_ARGUMENT -> throw new IllegalArgumentException(TF_Message(status));
      case RESOURCE_EXHAUSTED -> throw new OutOfMemoryError(TF_Message(status));
      default -> throw new IllegalStateException(TF_Message(status));
    }
  }

  /**
   * The file that the running TensorFlow was loaded from. A second copy would have registries of
   * its own, so it must be the very same one.
   */
  static Path frameworkLibrary() {
    if (Platform.isWindows()) {
      throw new UnsupportedOperationException(
          "Ops with Java kernels do not run on Windows: TensorFlow Java cannot register a gradient"
              + " there; use Linux, macOS or WSL");
    }
    String version = TensorFlow.version(); // loads the natives
    String name =
        Platform.isMac() ? "libtensorflow_framework.2.dylib" : "libtensorflow_framework.so.2";
    List<Path> tried = new ArrayList<>();
    String bindings = Loader.load(org.tensorflow.internal.c_api.global.tensorflow.class);
    if (bindings != null && Path.of(bindings).getParent() != null) {
      tried.add(Path.of(bindings).resolveSibling(name));
    }
    Path maps = Path.of("/proc/self/maps");
    if (Files.isReadable(maps)) {
      // Natives that came from the system rather than from JavaCPP's cache.
      try {
        for (String line : Files.readAllLines(maps)) {
          int slash = line.indexOf('/');
          if (slash >= 0 && line.contains("libtensorflow_framework")) {
            tried.add(Path.of(line.substring(slash)));
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException("Cannot read " + maps + ": " + e.getMessage(), e);
      }
    }
    for (Path path : tried) {
      if (Files.isRegularFile(path)) {
        return path;
      }
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "Cannot find %s of TensorFlow %s beside its Java bindings (looked at %s)",
            name,
            version,
            tried));
  }
}
