package org.medoid.graph.distributed;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetConfig;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetTarget;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.ConfigProto;

/**
 * A session on a server. TensorFlow Java 1.1.0 offers sessions in the process only; its C library
 * takes a target, and {@link Session} a session that was made with one, by a constructor that is
 * not public.
 */
final class TargetSession {
  private TargetSession() {}

  /**
   * Opens a session.
   *
   * @param graph the graph
   * @param target the server, {@code grpc://host:port}
   * @param config of the session
   * @return to be closed
   * @throws IllegalStateException if this TensorFlow Java is built otherwise
   */
  @SuppressWarnings("try") // the scope frees what is made in it
  static Session open(Graph graph, String target, ConfigProto config) {
    try (PointerScope scope = new PointerScope()) {
      Method ref = Graph.class.getDeclaredMethod("ref");
      ref.setAccessible(true);
      try (AutoCloseable reference = (AutoCloseable) ref.invoke(graph)) {
        Method handle = reference.getClass().getMethod("nativeHandle");
        handle.setAccessible(true);
        TF_Status status = TF_Status.newStatus();
        TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
        TF_SetTarget(options, target);
        BytePointer bytes = new BytePointer(config.toByteArray());
        TF_SetConfig(options, bytes, bytes.capacity(), status);
        status.throwExceptionIfNotOK();
        TF_Session session =
            TF_Session.newSession((TF_Graph) handle.invoke(reference), options, status);
        status.throwExceptionIfNotOK();
        Constructor<Session> make =
            Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
        make.setAccessible(true);
        // Kept beyond the scope, which frees all else.
        return make.newInstance(graph, session.<TF_Session>retainReference());
      }
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : built(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) { // of reflection, or of the reference's close
      throw built(e);
    }
  }

  private static IllegalStateException built(Exception e) {
    return new IllegalStateException(
        "sessions on a server are made for TensorFlow Java 1.1.0, this one is built otherwise: "
            + e,
        e);
  }
}
