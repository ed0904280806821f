package org.medoid.ops.host;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.op.RawCustomGradient;
import org.tensorflow.proto.OpDef;

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

  /**
   * Gradients made in Java that TensorFlow Java 1.1.0 has room for: JavaCPP compiles so many
   * trampolines for each kind of callback.
   */
  private static final int MOST_GRADIENTS = 10;

  /** Ops that this class has registered, by name; guarded by the class. */
  private static final Map<String, OpDef> REGISTERED = new HashMap<>();

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
   * @param specification as in {@code REGISTER_OP(...).Attr(...)}, a default without escapes
   * @return this
   * @throws IllegalArgumentException if it does not parse
   */
  public HostOp attribute(String specification) {
    SpecificationReader.attribute(specification);
    attributes.add(specification);
    return this;
  }

  /**
   * Adds an input.
   *
   * @param specification as in {@code REGISTER_OP(...).Input(...)}, no reference
   * @return this
   * @throws IllegalArgumentException if it does not parse
   */
  public HostOp input(String specification) {
    SpecificationReader.argument(specification);
    inputs.add(specification);
    return this;
  }

  /**
   * Adds an output.
   *
   * @param specification as in {@code REGISTER_OP(...).Output(...)}, no reference
   * @return this
   * @throws IllegalArgumentException if it does not parse
   */
  public HostOp output(String specification) {
    SpecificationReader.argument(specification);
    outputs.add(specification);
    return this;
  }

  /**
   * Says that two runs on the same inputs may differ. Without it TensorFlow runs equal nodes once
   * and computes a node whose inputs are constants ahead.
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

  /**
   * Registers the op with TensorFlow, for the rest of the process. Does nothing if this class has
   * already registered an op with the same name and definition.
   *
   * @throws IllegalArgumentException if the specifications do not go together: a type that is none,
   *     two of one name, a default that is not allowed
   * @throws IllegalStateException if the name is taken by another op, the op has no shape function
   *     or kernel, or TensorFlow Java has no room for another gradient; nothing is registered then
   * @throws UnsupportedOperationException on Windows
   */
  public void register() {
    if (shapes == null || kernel == null) {
      throw new IllegalStateException("Op " + name + " needs a shape function and a kernel");
    }
    OpDef definition;
    try {
      definition = OpSpecification.parse(name, attributes, inputs, outputs, stateful);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Op " + name + ": " + e.getMessage(), e);
    }
    synchronized (HostOp.class) {
      OpDef before = REGISTERED.get(name);
      if (before != null) {
        if (!before.equals(definition)) {
          throw new IllegalStateException(
              "Op " + name + " is already registered, otherwise defined");
        }
        return;
      }
      // TensorFlow ends the process on a second registration, for example by another class loader.
      if (isKnown(name)) {
        throw new IllegalStateException(
            "Op "
                + name
                + " is already registered in this process, by TensorFlow or another class loader: a"
                + " process has each op once, so a loader that all share must load its class");
      }
      if (gradient != null && gradients() >= MOST_GRADIENTS) {
        throw new IllegalStateException(
            "Op "
                + name
                + ": TensorFlow Java has room for "
                + MOST_GRADIENTS
                + " gradients made in Java per process, and all are taken; register this op without"
                + " a gradient, or in another process");
      }
      Pointer status = CApi.TF_NewStatus();
      try {
        registerDefinition(status);
        registerKernel(status);
      } finally {
        CApi.TF_DeleteStatus(status);
      }
      REGISTERED.put(name, definition);
      if (gradient != null && !TensorFlow.registerCustomGradient(name, gradient)) {
        throw new IllegalStateException("TensorFlow did not take the gradient of op " + name);
      }
    }
  }

  /**
   * Whether TensorFlow has an op of that name, whoever registered it. The list of all its ops tells
   * it too, but takes a tenth of a second to parse.
   */
  private static boolean isKnown(String name) {
    try (TF_Graph graph = TF_Graph.newGraph();
        TF_Buffer definition = TF_Buffer.newBuffer();
        TF_Status status = TF_Status.newStatus()) {
      tensorflow.TF_GraphGetOpDef(graph, name, definition, status);
      return tensorflow.TF_GetCode(status) == tensorflow.TF_OK;
    }
  }

  /**
   * How many gradients TensorFlow Java holds, whoever registered them. It does not say so itself;
   * where another version keeps them otherwise it is taken to have no such limit.
   */
  private static int gradients() {
    try {
      Field held = TensorFlow.class.getDeclaredField("gradientFuncs");
      held.setAccessible(true);
      return ((Set<?>) held.get(null)).size();
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      return 0; // on the module path TensorFlow's package is closed
    }
  }

  private void registerDefinition(Pointer status) {
    CApi.ShapeCallback infer =
        (context, result) -> {
          try (ShapeContext seen = new ShapeContext(context, result)) {
            shapes.accept(seen);
          } catch (Throwable thrown) {
            CApi.report(result, name, thrown);
          }
        };
    CALLBACKS.add(infer);
    Pointer builder = CApi.TF_NewOpDefinitionBuilder(name);
    attributes.forEach(spec -> CApi.TF_OpDefinitionBuilderAddAttr(builder, spec));
    inputs.forEach(spec -> CApi.TF_OpDefinitionBuilderAddInput(builder, spec));
    outputs.forEach(spec -> CApi.TF_OpDefinitionBuilderAddOutput(builder, spec));
    if (stateful) { // TensorFlow 2.18 does not look at the argument: false makes it stateful too
      CApi.TF_OpDefinitionBuilderSetIsStateful(builder, true);
    }
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
    try (KernelAttributes attributes = new KernelAttributes(construction, status)) {
      HostKernel made =
          Objects.requireNonNull(kernel.create(attributes), "the factory made no kernel");
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
      context.requireOutputs();
    } catch (Throwable thrown) {
      CApi.report(status, name, thrown);
      CApi.TF_OpKernelContext_Failure(nativeContext, status);
    } finally {
      CApi.TF_DeleteStatus(status);
    }
  }
}
