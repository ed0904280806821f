package org.medoid.graph.distributed;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_CloseSession;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetConfig;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetTarget;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
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

  /**
   * Ends what runs in a session, and all that will: each run throws. {@link Session#close}, which
   * is still to be called, waits for the runs instead, and no other call of TensorFlow Java ends
   * one. Counts as a run meanwhile, so that nobody frees the session.
   *
   * @param session open or closed
   * @throws IllegalStateException if this TensorFlow Java is built otherwise
   */
  static void abort(Session session) {
    try {
      Object lock = field("nativeHandleLock").get(session);
      Field runs = field("numActiveRuns");
      TF_Session handle;
      synchronized (lock) {
        handle = (TF_Session) field("nativeHandle").get(session);
        if (handle == null || handle.isNull()) {
          return;
        }
        runs.setInt(session, runs.getInt(session) + 1);
      }
      try (TF_Status status = TF_Status.newStatus()) {
        TF_CloseSession(handle, status);
      } finally {
        synchronized (lock) {
          runs.setInt(session, runs.getInt(session) - 1);
          lock.notifyAll();
        }
      }
    } catch (ReflectiveOperationException e) {
      throw built(e);
    }
  }

  private static Field field(String name) throws NoSuchFieldException {
    Field field = Session.class.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static IllegalStateException built(Exception e) {
    return new IllegalStateException(
        "sessions on a server are made for TensorFlow Java 1.1.0, this one is built otherwise: "
            + e,
        e);
  }
}
