package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.EagerSession;
import org.tensorflow.ExecutionEnvironment;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Whatever a kernel does wrong is an error of the call, in a graph and eagerly; nothing crashes.
 */
@Timeout(120)
class HostOpFaultsTest {
  private static final AtomicInteger RUNS = new AtomicInteger();

  @BeforeAll
  static void register() {
    HostOp.define("MedoidTestFaulty")
        .attribute("T: type")
        .attribute("how: string")
        .input("x: T")
        .output("y: float")
        .output("z: int32")
        .shapes(
            context -> {
              context.output(0, Shape.unknown());
              context.output(1, Shape.scalar());
            })
        .kernel(HostOpFaultsTest::faulty)
        .register();
    for (boolean stateful : new boolean[] {false, true}) {
      HostOp counting =
          HostOp.define(stateful ? "MedoidTestCountingStateful" : "MedoidTestCounting")
              .input("x: float")
              .output("y: float")
              .shapes(context -> context.output(0, context.input(0)))
              .kernel(
                  attributes ->
                      context -> {
                        RUNS.incrementAndGet();
                        HostTensor x = context.input(0);
                        context.output(0, x.type(), x.shape()).put(x.data());
                      });
      (stateful ? counting.stateful() : counting).register();
    }
  }

  private static HostKernel faulty(KernelAttributes attributes) {
    String how = attributes.string("how");
    switch (how) {
      case "no kernel" -> {
        return null;
      }
      case "no such attribute" -> attributes.real("hwo");
      case "attribute of another type" -> attributes.integer("how");
      case "thrown by the factory" -> throw new IllegalStateException("not made");
      default -> {}
    }
    return context -> {
      switch (how) {
        case "ok", "nothing" -> {}
        case "reads" -> context.input(0);
        case "second missing" -> context.output(0, DataType.DT_FLOAT, Shape.scalar());
        case "twice" -> {
          context.output(0, DataType.DT_FLOAT, Shape.of(2));
          context.output(0, DataType.DT_FLOAT, Shape.of(3));
        }
        case "another type" -> context.output(0, DataType.DT_DOUBLE, Shape.scalar());
        case "a string" -> context.output(0, DataType.DT_STRING, Shape.scalar());
        case "no such output" -> context.output(2, DataType.DT_FLOAT, Shape.scalar());
        case "negative output" -> context.output(-1, DataType.DT_FLOAT, Shape.scalar());
        case "no such input" -> context.input(1);
        case "unknown size" -> context.output(0, DataType.DT_FLOAT, Shape.of(2, -1));
        case "unknown rank" -> context.output(0, DataType.DT_FLOAT, Shape.unknown());
        case "too large" -> context.output(0, DataType.DT_FLOAT, Shape.of(1L << 31));
        case "larger than a long" ->
            context.output(0, DataType.DT_FLOAT, Shape.of(1L << 40, 1L << 40));
        case "attributes too late" -> attributes.string("how");
        case "argument" -> throw new IllegalArgumentException("row 3 is no gr\u00f6\u00dfe");
        case "memory" -> throw new OutOfMemoryError("Java heap space");
        case "assertion" -> throw new AssertionError("never");
        case "recursion" -> throw new StackOverflowError();
        case "no text" -> throw new UnsupportedOperationException();
        case "checked" -> HostOpFaultsTest.<RuntimeException>sneak(new java.io.IOException("disk"));
        case "text throws" ->
            throw new IllegalStateException() {
              @Override
              public String getMessage() {
                throw new ArithmeticException();
              }
            };
        default -> throw new AssertionError(how);
      }
      if (how.equals("ok")) {
        context.output(0, DataType.DT_FLOAT, Shape.scalar()).putFloat(0, 1);
        context.output(1, DataType.DT_INT32, Shape.scalar()).putInt(0, 2);
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable thrown) throws E {
    throw (E) thrown;
  }

  private static void run(String mode, String how, Operand<?> input, ExecutionEnvironment where) {
    Ops tf = Ops.create(where);
    Output<?> z =
        where
            .opBuilder("MedoidTestFaulty", tf.scope().makeOpName(how.replace(' ', '_')), tf.scope())
            .addInput(input.asOutput())
            .setAttr("how", how)
            .build()
            .output(1);
    if (mode.equals("eager")) {
      assertThat(((TInt32) z.asTensor()).getInt()).isEqualTo(2);
      return;
    }
    try (Session session = new Session((Graph) where);
        Result result = session.runner().fetch(z).run()) {
      assertThat(((TInt32) result.get(0)).getInt()).isEqualTo(2);
    }
  }

  private static void run(String mode, String how) {
    try (Graph graph = new Graph();
        EagerSession session = EagerSession.create()) {
      ExecutionEnvironment where = mode.equals("eager") ? session : graph;
      run(mode, how, Ops.create(where).constant(new float[] {1, 2}), where);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"graph", "eager"})
  void whatAKernelDoesWrongIsAnErrorOfTheCall(String mode) {
    run(mode, "ok");
    String[][] faults = {
      {"nothing", "did not write output 0"},
      {"second missing", "did not write output 1"},
      {"twice", "wrote output 0 twice"},
      {"no such output", "Index 2 out of bounds for length 2"},
      {"negative output", "Index -1 out of bounds for length 2"},
      {"no such input", "Index 1 out of bounds for length 1"},
      {"larger than a long", "long overflow"},
      {"attributes too late", "attributes are read while the kernel is made"},
      {"assertion", "java.lang.AssertionError: never at org.medoid.ops.host.HostOpFaultsTest"},
      {"recursion", "java.lang.StackOverflowError"},
      {"no text", "java.lang.UnsupportedOperationException"},
      {"checked", "java.io.IOException: disk"},
      {"text throws", "its message cannot be had: java.lang.ArithmeticException"},
      {"no kernel", "the factory made no kernel"},
      {"thrown by the factory", "not made"},
    };
    for (String[] fault : faults) {
      assertThatThrownBy(() -> run(mode, fault[0]))
          .as(fault[0])
          .isExactlyInstanceOf(TensorFlowException.class)
          .hasMessageContaining("MedoidTestFaulty: ")
          .hasMessageContaining(fault[1]);
    }
    String[][] arguments = {
      {"another type", "output 0 is DT_FLOAT, not DT_DOUBLE"},
      {"a string", "output 0 is DT_FLOAT, not DT_STRING"},
      {"unknown size", "output 0 cannot have the shape [2, -1]"},
      {"unknown rank", "output 0 cannot have the shape"},
      {"too large", "8589934592 bytes is too large for a Java kernel"},
      {"argument", "row 3 is no gr\u00f6\u00dfe"},
      {"no such attribute", "attribute 'hwo': No attr named 'hwo'"},
      {"attribute of another type", "attribute 'how': AttrValue had value with type 'string'"},
    };
    for (String[] fault : arguments) {
      assertThatThrownBy(() -> run(mode, fault[0]))
          .as(fault[0])
          .isExactlyInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("MedoidTestFaulty: ")
          .hasMessageContaining(fault[1]);
    }
    assertThatThrownBy(() -> run(mode, "memory"))
        .isExactlyInstanceOf(TFResourceExhaustedException.class)
        .hasMessageContaining("out of memory in the Java kernel (Java heap space); raise -Xmx");
    run(mode, "ok");
  }

  @ParameterizedTest
  @CsvSource({
    "graph, DT_STRING", "eager, DT_STRING",
    "graph, DT_RESOURCE", "eager, DT_RESOURCE",
    "graph, DT_VARIANT", "eager, DT_VARIANT"
  })
  void inputsWhoseElementsAreAddressesAreNotRead(String mode, DataType type) {
    try (Graph graph = new Graph();
        EagerSession session = EagerSession.create()) {
      ExecutionEnvironment where = mode.equals("eager") ? session : graph;
      Ops tf = Ops.create(where);
      Operand<?> input =
          switch (type) {
            case DT_STRING -> tf.constant("longer than what fits into the string's own bytes");
            case DT_RESOURCE -> tf.varHandleOp(TFloat32.class, Shape.scalar());
            default -> tf.emptyTensorList(tf.constant(new int[0]), tf.constant(1), TFloat32.class);
          };
      run(mode, "ok", input, where);
      assertThatThrownBy(() -> run(mode, "reads", input, where))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("input 0 is of type " + type + ", which a Java kernel cannot read");
    }
  }

  @ParameterizedTest
  @CsvSource({"MedoidTestCounting, 1", "MedoidTestCountingStateful, 2"})
  void equalNodesRunOnceUnlessTheOpIsStateful(String op, int runs) {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 value = TFloat32.vectorOf(3, 4)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class);
      Output<TFloat32> first = node(graph, tf, op, x);
      Operand<TFloat32> sum = tf.math.add(first, node(graph, tf, op, x));
      RUNS.set(0);
      try (Result result = session.runner().feed(x, value).fetch(sum).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat(1)).isEqualTo(8);
      }
      assertThat(RUNS.get()).isEqualTo(runs);
      assertThat(TensorFlow.isOpStateful(op)).isEqualTo(runs == 2);
    }
  }

  private static Output<TFloat32> node(Graph graph, Ops tf, String op, Operand<TFloat32> x) {
    return graph
        .opBuilder(op, tf.scope().makeOpName(op), tf.scope())
        .addInput(x.asOutput())
        .build()
        .output(0);
  }

  /** In a process of its own: the room is the process's, and not given back. */
  @Test
  void theEleventhGradientIsRefusedWhoeverMadeTheOthers() throws Exception {
    String printed = OwnProcess.printed(List.of(), Map.of(), ElevenGradients.class);
    assertThat(printed.lines())
        .containsExactly(
            "Op MedoidTestGradient10: TensorFlow Java has room for 10 gradients made in Java per"
                + " process, and all are taken; register this op without a gradient, or in another"
                + " process",
            "gradient 2.0",
            "without gradient 3.0");
  }

  /** Takes all room for gradients, one of them not by HostOp. */
  static final class ElevenGradients {
    private static HostOp copy(int number) {
      return HostOp.define("MedoidTestGradient" + number)
          .input("x: float")
          .output("y: float")
          .shapes(context -> context.output(0, context.input(0)))
          .kernel(
              attributes ->
                  context -> {
                    HostTensor x = context.input(0);
                    ByteBuffer y = context.output(0, x.type(), x.shape());
                    y.put(x.data());
                  });
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) {
      TensorFlow.registerCustomGradient("OnesLike", (tf, op, gradients) -> List.of());
      for (int number = 1; number <= 10; number++) {
        try {
          copy(number)
              .gradient(
                  (tf, op, gradients) ->
                      List.of(tf.math.mul((Output<TFloat32>) gradients.get(0), tf.constant(2f))))
              .register();
        } catch (IllegalStateException e) {
          System.out.println(e.getMessage());
        }
      }
      copy(10).register();
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Operand<TFloat32> x = tf.constant(3f);
        Output<TFloat32> y = node(graph, tf, "MedoidTestGradient9", x);
        Output<?> gradient = graph.addGradients(y, new Output<?>[] {x.asOutput()})[0];
        try (Result result =
            session
                .runner()
                .fetch(gradient)
                .fetch(node(graph, tf, "MedoidTestGradient10", x))
                .run()) {
          System.out.println("gradient " + ((TFloat32) result.get(0)).getFloat());
          System.out.println("without gradient " + ((TFloat32) result.get(1)).getFloat());
        }
      }
    }
  }
}
