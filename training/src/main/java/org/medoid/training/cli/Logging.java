package org.medoid.training.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.medoid.ops.host.TensorFlowLog;
import org.slf4j.LoggerFactory;

/**
 * Messages on standard error, bare. Set by the program as it starts, not by a logback.xml, which
 * would set the log of every program that has this library on its class path.
 */
final class Logging {
  private Logging() {}

  /** Shows remarks, or only warnings and errors. */
  static void set(boolean quiet) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return; // another logger of the user's choice, with settings of its own
    }
    context.reset();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setPattern("%replace(%msg){'\\s*\\R\\s*', ' '}%n"); // names may hold line breaks
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    root.setLevel(quiet ? Level.WARN : Level.INFO);
  }

  /**
   * Keeps those remarks of TensorFlow to itself that do not obey {@code TF_CPP_MIN_LOG_LEVEL};
   * loads its natives.
   *
   * @param level the variable's value, null if it is not set
   */
  static void setTensorFlow(String level) {
    if (!"2".equals(level) && !"3".equals(level)) {
      return;
    }
    try {
      TensorFlowLog.initialize();
    } catch (IOException | RuntimeException | LinkageError e) {
      // The command that needs TensorFlow says what is wrong with it; here it is two lines more.
      LoggerFactory.getLogger(Logging.class).debug("TensorFlow's log stays as it is", e);
    }
  }
}
