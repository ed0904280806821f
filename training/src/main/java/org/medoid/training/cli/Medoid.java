package org.medoid.training.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medoid.export.ExportFormat;
import org.medoid.export.ExportLayout;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line. Results go to standard output, logs and progress to standard error; exit code 0
 * is success, 1 failure, 2 wrong usage.
 */
@Command(
    name = "medoid",
    description =
        "Deep metric learning with the structured clustering (facility location) loss on"
            + " TensorFlow Java.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Medoid {
  private static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          TrainCommand.class,
          CompareCommand.class,
          InitCommand.class,
          EvaluateCommand.class,
          EmbedCommand.class,
          ExportCommand.class,
          LossCommand.class,
          ReportCommand.class,
          DoctorCommand.class,
          CommandLine.HelpCommand.class);

  /** picocli's words for an option, one of several of which one is to be given, that came twice. */
  private static final Pattern TWICE =
      Pattern.compile(
          "Error: expected only one match but got .*=\\{(--[\\w-]+)=.*", Pattern.DOTALL);

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "On failure print the stack trace as well.")
  private boolean debug;

  @Option(
      names = "--quiet",
      scope = ScopeType.INHERIT,
      description = "No progress and no remarks on standard error, only warnings and errors.")
  private boolean quiet;

  @Option(
      names = "--threads",
      paramLabel = "N",
      scope = ScopeType.INHERIT,
      description =
          "Threads to compute with, TensorFlow's and Medoid's, of each local worker. Default: one"
              + " per processor that the machine, the container or taskset leaves.")
  private Integer threads;

  /** Made by {@link #run}. */
  Medoid() {}

  /**
   * Runs a command.
   *
   * @param arguments the words of the command line
   * @return the exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 stopped by a signal
   */
  public static int run(String... arguments) {
    Medoid medoid = new Medoid();
    // UTF-8 whatever the console's locale: results are read by programs.
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    for (String word : arguments) { // for a file of words picocli prints a stack trace
      File words = word.startsWith("@") ? new File(word.substring(1)) : null;
      if (words != null && words.exists() && (words.isDirectory() || !words.canRead())) {
        err.println("medoid: " + word + ": is no file of words that can be read");
        return CommandLine.ExitCode.USAGE;
      }
    }
    try {
      return medoid.line(out, err, List.of(arguments)).execute(arguments);
    } catch (Error e) { // no memory, natives or classes that are missing: picocli lets them pass
      return medoid.failed(e, err);
    }
  }

  /** The names of the commands. */
  static List<String> commands() {
    return COMMANDS.stream().map(command -> command.getAnnotation(Command.class).name()).toList();
  }

  /**
   * The program's commands. Of those that are not named among the words only the name and the
   * description are read: all the options of all of them take half a second.
   */
  private CommandLine line(PrintWriter out, PrintWriter err, List<String> typed) {
    CommandLine line = new CommandLine(this);
    boolean all = typed.stream().anyMatch(word -> word.startsWith("@")); // a file with more words
    for (Class<?> command : COMMANDS) {
      Command told = command.getAnnotation(Command.class);
      if (all || typed.contains(told.name())) {
        // A line of its own: the model of what is added as a class is not transformed.
        line.addSubcommand(told.name(), new CommandLine(command));
      } else {
        CommandSpec known = CommandSpec.create().name(told.name());
        known.usageMessage().header(told.header()).description(told.description());
        line.addSubcommand(told.name(), known);
      }
    }
    // Each command has -V, which without this prints nothing.
    line.getSubcommands()
        .values()
        .forEach(each -> each.getCommandSpec().versionProvider(new Version()));
    line.setOut(out);
    line.setErr(err);
    line.registerConverter(Path.class, new TypedPath());
    line.registerConverter(Margin.class, word(Margin::of));
    line.registerConverter(LocalSearch.class, word(LocalSearch::of));
    line.registerConverter(Distance.class, word(Distance::of));
    line.registerConverter(Start.class, word(Start::of));
    line.registerConverter(ExportFormat.class, word(ExportFormat::of));
    line.registerConverter(ExportLayout.class, word(ExportLayout::of));
    ConstantWords.register(line);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionStrategy(this::execute);
    line.setParameterExceptionHandler(
        (failure, words) -> {
          CommandLine command = failure.getCommandLine();
          if (typed.isEmpty()) {
            line.usage(line.getErr());
          }
          // In one line: the usage of a command with many options would push it off the screen.
          StringWriter similar = new StringWriter();
          UnmatchedArgumentException.printSuggestions(failure, new PrintWriter(similar, true));
          command
              .getErr()
              .printf(
                  "medoid: %s; see %s --help%n",
                  Failures.oneLine(message(failure) + " " + similar),
                  command.getCommandSpec().qualifiedName());
          command.getErr().flush();
          return CommandLine.ExitCode.USAGE;
        });
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> failed(failure, command.getErr()));
    return line;
  }

  private static String message(ParameterException failure) {
    String message = String.valueOf(failure.getMessage());
    Matcher twice = TWICE.matcher(message);
    if (twice.matches()) {
      return "option '" + twice.group(1) + "' should be specified only once";
    }
    return message.startsWith("Error: ") ? message.substring("Error: ".length()) : message;
  }

  /** Without picocli's own words around a message that says all: "cannot convert 'x' to Margin". */
  private static <T> ITypeConverter<T> word(Function<String, T> of) {
    return word -> {
      try {
        return of.apply(word);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  private int execute(ParseResult parsed) {
    Integer helped = CommandLine.executeHelpRequest(parsed);
    if (helped != null) {
      return helped;
    }
    Logging.set(quiet);
    CommandLine command = parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
    try {
      CacheFolders.prepare();
    } catch (IOException e) {
      return failed(e, command.getErr());
    }
    Logging.setTensorFlow(System.getenv("TF_CPP_MIN_LOG_LEVEL"));
    if (threads != null && (threads < 1 || threads > ThreadLimit.MOST)) {
      throw new ParameterException(
          command, "--threads " + threads + ": must be from 1 to " + ThreadLimit.MOST);
    }
    for (OptionSpec option : command.getParseResult().matchedOptions()) {
      if (option.getValue() instanceof Collection<?> list && list.isEmpty()) {
        throw new ParameterException(command, option.longestName() + ": names nothing");
      }
    }
    ThreadLimit.set(threads);
    return new CommandLine.RunLast().execute(parsed);
  }

  private int failed(Throwable failure, PrintWriter err) {
    if (debug) {
      failure.printStackTrace(err);
    }
    err.println("medoid: " + Failures.describe(failure));
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }

  /**
   * The entry point of the launcher.
   *
   * @param arguments the words of the command line
   */
  public static void main(String[] arguments) {
    // What is written is for programs too, and TensorFlow's names of nodes are made with the
    // locale's digits: a graph fails where those are not ASCII (ar-EG).
    Locale.setDefault(Locale.ROOT);
    StandardOutput out = StandardOutput.install();
    System.exit(Interruption.saidFor(() -> out.exitCode(run(arguments))));
  }
}
