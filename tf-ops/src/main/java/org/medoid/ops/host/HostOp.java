package org.medoid.ops.host;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.tensorflow.TensorFlow;
import org.tensorflow.op.RawCustomGradient;

/**
 * A TensorFlow op whose kernel is Java: its definition, shape function, CPU kernel and gradient.
 *
 * <p>Specifications are TensorFlow's own, as in {@code REGISTER_OP}: {@code "T: {float, double}"},
 * {@code "mode: {'fast', 'exact'} = 'fast'"}, {@code "rounds: int >= 1 = 5"} for attributes, {@code
 * "x: T"} for inputs and outputs.
 *
 * <p>Cost of a call beyond the kernel's own work: about ten microseconds for an op of three inputs
 * and seven outputs; no tensor is copied.
 */
public final class HostOp {
  private static final Pattern NAME = Pattern.compile("[A-Z][A-Za-z0-9_]*");
  private static final Pattern SPECIFICATION = Pattern.compile("[A-Za-z][A-Za-z0-9_]*\\s*:.*\\S.*");

  /** Ops that this class has registered, by name; guarded by the class. */
  private static final Map<String, HostOp> REGISTERED = new HashMap<>();

  /**
   * JNA frees the native side of a callback with its Java object; TensorFlow keeps the address for
   * ever. Guarded by the class.
   */
  private static final List<Callback> CALLBACKS = new ArrayList<>();

  /** The kernels alive in all sessions, by the number that TensorFlow holds as their address. */
  private static final Map<Long, HostKernel> KERNELS = new ConcurrentHashMap<>();

  private static final AtomicLong NEXT_KERNEL = new AtomicLong(1);

  private final String name;
  private final List<String> attributes = new ArrayList<>();
  private final List<String> inputs = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private boolean stateful;
  private Consumer<ShapeContext> shapes;
  private HostKernel.Factory kernel;
  private RawCustomGradient gradient;

  private HostOp(String name) {
    this.name = name;
  }

  /**
   * Begins the definition of an op.
   *
   * @param name its type name in CamelCase, new to the process
   * @return the definition, to be completed and {@linkplain #register() registered}
   * @throws IllegalArgumentException if TensorFlow would not accept the name
   */
  public static HostOp define(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("Op name '" + name + "' is not CamelCase");
    }
    return new HostOp(name);
  }

  /**
   * Adds an attribute.
   *
   * @param specification as in {@code REGISTER_OP(...).Attr(...)}
   * @return this
   */
  public HostOp attribute(String specification) {
    attributes.add(checked(specification));
    return this;
  }

  /**
   * Adds an input.
   *
   * @param specification as in {@code REGISTER_OP(...).Input(...)}
   * @return this
   */
  public HostOp input(String specification) {
    inputs.add(checked(specification));
    return this;
  }

  /**
   * Adds an output.
   *
   * @param specification as in {@code REGISTER_OP(...).Output(...)}
   * @return this
   */
  public HostOp output(String specification) {
    outputs.add(checked(specification));
    return this;
  }

  /**
   * Says that two runs on the same inputs may differ, so that TensorFlow neither merges equal nodes
   * nor folds constants through the op.
   *
   * @return this
   */
  public HostOp stateful() {
    stateful = true;
    return this;
  }

  /**
   * Sets the shape function.
   *
   * @param function states the shapes of the outputs; an IllegalArgumentException that it throws
   *     refuses the node with the same text
   * @return this
   */
  public HostOp shapes(Consumer<ShapeContext> function) {
    shapes = Objects.requireNonNull(function);
    return this;
  }

  /**
   * Sets the kernel.
   *
   * @param factory makes the kernel of a node
   * @return this
   */
  public HostOp kernel(HostKernel.Factory factory) {
    kernel = Objects.requireNonNull(factory);
    return this;
  }

  /**
   * Sets the gradient. TensorFlow Java 1.1.0 has room for ten gradients made in Java per process,
   * whoever registers them; the eleventh would crash it when used.
   *
   * @param function builds the gradient's nodes. It runs under the graph's lock: it must not ask
   *     any Output for its shape, nor throw, and gives a tensor for each input, integer ones
   *     included
   * @return this
   */
  public HostOp gradient(RawCustomGradient function) {
    gradient = Objects.requireNonNull(function);
    return this;
  }

  private static String checked(String specification) {
    // TensorFlow ends the process, rather than report it, when a specification does not parse.
    if (!SPECIFICATION.matcher(specification).matches()) {
      throw new IllegalArgumentException(
          "Specification '" + specification + "' is not of the form 'name: type'");
    }
    return specification;
  }

  /**
   * Registers the op with TensorFlow, for the rest of the process. Does nothing if this class has
   * already registered an op with the same name and specifications.
   *
   * @throws IllegalStateException if the name is taken by another op, or the op has no shape
   *     function or kernel
   * @throws UnsupportedOperationException on Windows
   */
  public void register() {
    if (shapes == null || kernel == null) {
      throw new IllegalStateException("Op " + name + " needs a shape function and a kernel");
    }
    synchronized (HostOp.class) {
      HostOp before = REGISTERED.get(name);
      if (before != null) {
        if (!before.sameDefinition(this)) {
          throw new IllegalStateException(
              "Op " + name + " is already registered, otherwise defined");
        }
        return;
      }
      // TensorFlow ends the process on a second registration, for example by another class loader.
      if (TensorFlow.registeredOpList().getOpList().stream()
          .anyMatch(op -> op.getName().equals(name))) {
        throw new IllegalStateException(
            "Op "
                + name
                + " is already registered in this process, by TensorFlow or another class loader");
      }
      Pointer status = CApi.TF_NewStatus();
      try {
        registerDefinition(status);
        registerKernel(status);
      } finally {
        CApi.TF_DeleteStatus(status);
      }
      if (gradient != null && !TensorFlow.registerCustomGradient(name, gradient)) {
        throw new IllegalStateException("TensorFlow did not take the gradient of op " + name);
      }
      REGISTERED.put(name, this);
    }
  }

  private boolean sameDefinition(HostOp other) {
    return attributes.equals(other.attributes)
        && inputs.equals(other.inputs)
        && outputs.equals(other.outputs)
        && stateful == other.stateful;
  }

  private void registerDefinition(Pointer status) {
    CApi.ShapeCallback infer =
        (context, result) -> {
          try {
            shapes.accept(new ShapeContext(context, result));
          } catch (Throwable thrown) {
            CApi.report(result, name, thrown);
          }
        };
    CALLBACKS.add(infer);
    Pointer builder = CApi.TF_NewOpDefinitionBuilder(name);
    attributes.forEach(spec -> CApi.TF_OpDefinitionBuilderAddAttr(builder, spec));
    inputs.forEach(spec -> CApi.TF_OpDefinitionBuilderAddInput(builder, spec));
    outputs.forEach(spec -> CApi.TF_OpDefinitionBuilderAddOutput(builder, spec));
    CApi.TF_OpDefinitionBuilderSetIsStateful(builder, stateful);
    CApi.TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, infer);
    CApi.TF_RegisterOpDefinition(builder, status); // takes the builder
    CApi.check(status);
  }

  private void registerKernel(Pointer status) {
    CApi.CreateCallback create = this::create;
    CApi.ComputeCallback compute = this::compute;
    CApi.DeleteCallback delete = address -> KERNELS.remove(Pointer.nativeValue(address));
    for (Callback callback : new Callback[] {create, compute, delete}) {
      CALLBACKS.add(callback);
      // Without it JNA attaches TensorFlow's thread anew, and detaches it, at every call.
      Native.setCallbackThreadInitializer(
          callback, new CallbackThreadInitializer(true, false, "tensorflow-" + name));
    }
    Pointer builder = CApi.TF_NewKernelBuilder(name, "CPU", create, compute, delete);
    CApi.TF_RegisterKernelBuilder(name, builder, status); // takes the builder
    CApi.check(status);
  }

  private Pointer create(Pointer construction) {
    Pointer status = CApi.TF_NewStatus();
    try {
      HostKernel made = kernel.create(new KernelAttributes(construction, status));
      long number = NEXT_KERNEL.getAndIncrement();
      KERNELS.put(number, made);
      return new Pointer(number);
    } catch (Throwable thrown) {
      CApi.report(status, name, thrown);
      CApi.TF_OpKernelConstruction_Failure(construction, status);
      return new Pointer(0);
    } finally {
      CApi.TF_DeleteStatus(status);
    }
  }

  private void compute(Pointer address, Pointer nativeContext) {
    Pointer status = CApi.TF_NewStatus();
    try (KernelContext context = new KernelContext(nativeContext, status)) {
      KERNELS.get(Pointer.nativeValue(address)).compute(context);
    } catch (Throwable thrown) {
      CApi.report(status, name, thrown);
      CApi.TF_OpKernelContext_Failure(nativeContext, status);
    } finally {
      CApi.TF_DeleteStatus(status);
    }
  }
}
