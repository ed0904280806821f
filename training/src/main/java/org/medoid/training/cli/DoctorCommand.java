package org.medoid.training.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.jar.JarFile;
import org.bytedeco.javacpp.Loader;
import org.medoid.graph.distributed.Cluster;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.ops.clustering.Threads;
import org.medoid.ops.host.MatrixProducts;
import org.medoid.training.data.DataSets;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code medoid doctor}. */
@Command(
    name = "doctor",
    description =
        "Says what this machine offers for training and what to do about what is missing; exit"
            + " code 1 if training would not work.",
    mixinStandardHelpOptions = true)
final class DoctorCommand extends SpecCommand {
  /** The heap that holds the batches' indices, evaluation and report of a set such as SOP. */
  private static final long HEAP_NEEDED = 512L << 20;

  /** The rendered icons take 11 MB on a file system of blocks of 4 KB. */
  private static final long CACHE_NEEDED = 32L << 20;

  private static final Path NVIDIA_DRIVER = Path.of("/proc/driver/nvidia/version");

  /** How much a finding matters. */
  enum Status {
    /** As it should be. */
    OK("ok"),
    /** Training works, but not as it could. */
    NOTE("note"),
    /** Training would fail. */
    FAILED("FAILED");

    final String word;

    Status(String word) {
      this.word = word;
    }
  }

  /**
   * What was found.
   *
   * @param status how it matters
   * @param value what it is
   * @param mend what to do, null if nothing
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Finding(
      @JsonProperty("status") Status status,
      @JsonProperty("value") String value,
      @JsonProperty("mend") String mend) {
    static Finding ok(String value) {
      return new Finding(Status.OK, value, null);
    }
  }

  @Option(names = "--json", description = "Prints one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws JsonProcessingException {
    Map<String, Finding> findings = examine();
    boolean works = findings.values().stream().noneMatch(each -> each.status() == Status.FAILED);
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("training_works", works);
      findings.forEach((name, finding) -> object.put(name.replace(' ', '_'), finding));
      json(object);
    } else {
      PrintWriter out = out();
      findings.forEach(
          (name, finding) -> {
            out.printf(
                Locale.ROOT, "%-7s %-11s %s%n", finding.status().word, name, finding.value());
            if (finding.mend() != null) {
              out.printf(Locale.ROOT, "%-19s -> %s%n", "", finding.mend());
            }
          });
      out.println(works ? "Training works here." : "Training would fail here.");
      out.flush();
    }
    return works ? 0 : 1;
  }

  private static Map<String, Finding> examine() {
    Map<String, Finding> findings = new LinkedHashMap<>();
    findings.put("medoid", Finding.ok(Version.own()));
    findings.put(
        "java",
        Finding.ok(
            Runtime.version()
                + ", "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.arch")));
    findings.put("threads", threads());
    findings.put("memory", memory());
    findings.put("cache", cache(DataSets.cache()));
    findings.put("locale", locale(System.getProperty("sun.jnu.encoding")));
    findings.put("workers", workers(System.getenv(Cluster.VARIABLE)));
    findings.put("protobuf", protobuf());
    Finding natives =
        attempt(
            DoctorCommand::natives,
            "there must be natives for "
                + Loader.getPlatform()
                + " on the class path: build on this platform, or with -Pplatform for all of them;"
                + " the folder of java.io.tmpdir and the home folder must allow to load libraries");
    findings.put("tensorflow", natives);
    if (natives.status() == Status.OK) {
      findings.put(
          "loss op",
          attempt(
              DoctorCommand::lossOp,
              "the op registers itself with TensorFlow's C library through JNA: JNA must be able"
                  + " to load its own native library (see jna.tmpdir)"));
      findings.put(
          "products", attempt(() -> products(MatrixProducts.trial()), MatrixProducts.MEND));
      findings.put("gpu", gpu());
    }
    return findings;
  }

  /** A finding that fails with what is thrown. */
  private static Finding attempt(Supplier<Finding> examination, String mend) {
    try {
      return examination.get();
    } catch (RuntimeException | LinkageError e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      String message = root.getMessage();
      return new Finding(
          Status.FAILED,
          message == null ? root.toString() : message.strip().lines().findFirst().orElse(""),
          mend);
    }
  }

  private static Finding threads() {
    int processors = Runtime.getRuntime().availableProcessors();
    return Finding.ok(
        processors
            + (processors == 1 ? " processor" : " processors")
            + ", work shared among "
            + Threads.count()
            + " (--threads)");
  }

  private static Finding memory() {
    long heap = Runtime.getRuntime().maxMemory();
    String value = megabytes(heap) + " heap";
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      value +=
          " of "
              + megabytes(system.getTotalMemorySize())
              + ", "
              + megabytes(system.getFreeMemorySize())
              + " free";
    }
    return heap >= HEAP_NEEDED
        ? Finding.ok(value)
        : new Finding(Status.NOTE, value, "large data sets may need more: set MEDOID_OPTS=-Xmx2g");
  }

  /** The folder of the rendered icons: whether it can be written, now or once it is made. */
  static Finding cache(Path folder) {
    Path there = folder.toAbsolutePath();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    String mend = "icons and the demo need it: set XDG_CACHE_HOME to a folder ";
    try {
      Files.delete(Files.createTempFile(there, "medoid-doctor-", ""));
      long free = Files.getFileStore(there).getUsableSpace();
      String value = folder + ", " + megabytes(free) + " free";
      return free >= CACHE_NEEDED
          ? Finding.ok(value)
          : new Finding(Status.NOTE, value, mend + "with " + megabytes(CACHE_NEEDED) + " free");
    } catch (IOException e) {
      return new Finding(
          Status.NOTE,
          folder + " cannot be written: " + Failures.describe(e),
          mend + "that can be written");
    }
  }

  /** Names of files beyond ASCII need a locale of UTF-8 when the virtual machine starts. */
  static Finding locale(String encoding) {
    String value = "file names in " + encoding;
    return "UTF-8".equalsIgnoreCase(encoding)
        ? Finding.ok(value)
        : new Finding(
            Status.NOTE,
            value,
            "names beyond ASCII fail: install a locale of UTF-8, or start with LC_ALL=C.UTF-8");
  }

  /** The workers that TF_CONFIG names, and whether this process could join them. */
  static Finding workers(String config) {
    try {
      Optional<Cluster> cluster = Cluster.parse(config);
      if (cluster.isEmpty()) {
        return Finding.ok("this process alone; TF_CONFIG names none");
      }
      cluster.get().requireJoinable();
      String value =
          "this is worker %d of %d".formatted(cluster.get().rank(), cluster.get().workers().size());
      List<String> missing = cluster.get().missing();
      return missing.isEmpty()
          ? Finding.ok(value + "; all others answer")
          : new Finding(
              Status.NOTE,
              value + "; no answer from " + String.join(", ", missing),
              "start them too, and look whether their ports can be reached from here");
    } catch (IllegalArgumentException e) {
      return new Finding(
          Status.FAILED, e.getMessage(), "mend it, or unset it to train on this machine alone");
    } catch (IllegalStateException e) {
      return new Finding(
          Status.FAILED, e.getMessage(), "or unset TF_CONFIG to train on this machine alone");
    }
  }

  /** The ONNX classes and TensorFlow share one line of protobuf. */
  private static Finding protobuf() {
    String version = "of an unknown version";
    URL place = Message.class.getProtectionDomain().getCodeSource().getLocation();
    try (JarFile jar = new JarFile(Path.of(place.toURI()).toFile())) {
      // The Maven properties that others have left the jar with 3.22.
      String told = jar.getManifest().getMainAttributes().getValue("Bundle-Version");
      version = told == null ? version : told;
    } catch (IOException | URISyntaxException e) {
      version += " (" + e.getMessage() + ")";
    }
    return version.startsWith("3.25.")
        ? Finding.ok(version)
        : new Finding(
            Status.NOTE,
            version,
            "ONNX and TensorFlow Java 1.1.0 both run with 3.25 alone: build with medoid-bom");
  }

  /** What TensorFlow makes of a product that its oneDNN computes wrong on some processors. */
  static Finding products(float[] product) {
    return MatrixProducts.fault(product)
        .map(fault -> new Finding(Status.FAILED, fault, MatrixProducts.MEND))
        .orElseGet(() -> Finding.ok("of batches of matrices are right"));
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MB", bytes >> 20);
  }

  private static Finding natives() {
    return Finding.ok(TensorFlow.version() + ", natives of " + Loader.getPlatform());
  }

  /** Trains with the op: two classes of two points, loss and gradient. */
  private static Finding lossOp() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> points = tf.constant(new float[][] {{0, 0}, {3, 0}, {0, 1}, {3, 1}});
      FacilityLocationLoss<TFloat32> op =
          FacilityLocationLoss.create(
              tf.scope(), points, tf.constant(new long[] {0, 0, 1, 1}), tf.constant(1f));
      Output<?> gradient = graph.addGradients(op.loss(), new Output<?>[] {points.asOutput()})[0];
      try (Result result = session.runner().fetch(op.loss()).fetch(gradient).run()) {
        float loss = ((TFloat32) result.get(0)).getFloat();
        if (!(loss > 0)) {
          throw new IllegalStateException("the loss of a wrong clustering is " + loss);
        }
        return Finding.ok(
            FacilityLocationLoss.OP_NAME + " registered; loss and gradient of a trial computed");
      }
    }
  }

  private static Finding gpu() {
    List<String> seen = new ArrayList<>();
    for (int i = 0; usable(i); i++) {
      seen.add("GPU:" + i);
    }
    if (!seen.isEmpty()) {
      return Finding.ok(String.join(", ", seen));
    }
    if (!Files.exists(NVIDIA_DRIVER)) {
      return Finding.ok("none seen; training runs on the processor");
    }
    boolean built =
        DoctorCommand.class.getResource(
                "/org/tensorflow/internal/c_api/"
                    + Loader.getPlatform()
                    + "-gpu/libtensorflow_framework.so.2")
            != null;
    return new Finding(
        Status.NOTE,
        "an NVIDIA driver is here, but TensorFlow sees no GPU",
        built
            ? "install CUDA 12 and cuDNN 9; TF_CPP_MIN_LOG_LEVEL=0 makes TensorFlow say what it"
                + " misses"
            : "build with -Pgpu: these natives are for the processor alone");
  }

  /** Whether an op can be placed on a GPU. */
  private static boolean usable(int index) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Ops there =
          tf.withDevice(
              DeviceSpec.newBuilder()
                  .deviceType(DeviceSpec.DeviceType.GPU)
                  .deviceIndex(index)
                  .build());
      try (Result result =
          session.runner().fetch(there.math.add(tf.constant(1f), tf.constant(1f))).run()) {
        return result.size() == 1;
      }
    } catch (TensorFlowException | IllegalArgumentException e) {
      return false; // "Cannot assign a device for operation"
    }
  }
}
