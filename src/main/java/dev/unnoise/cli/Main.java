package dev.unnoise.cli;

import dev.unnoise.graph.UnnoiseException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The program {@code unnoise}. Exits with 0, with 1 if a command failed, with 2 if it was not understood. */
@Command(
    name = "unnoise",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Samples denoising diffusion models (diffusers UNet2DModel checkpoints).",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  unnoise sample                   16 images of the bundled model: samples.png",
      "  unnoise sample --sampler ddim --steps 25 --class 7 --guidance 2",
      "  unnoise sample --model ddpm-cifar10-32 --count 1000 --out samples.npz",
      "  unnoise devices                  what this machine can compute on"
    })
public final class Main {
  private static final Map<String, Supplier<Callable<Integer>>> COMMANDS = commands();

  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  static int run(String... arguments) {
    CommandLine line = new CommandLine(new Main());
    if (arguments.length > 0 && !arguments[0].startsWith("-") && !COMMANDS.containsKey(arguments[0])) {
      String known = String.join(", ", COMMANDS.keySet());
      return misused(
          new ParameterException(line, "there is no command " + arguments[0] + ", expected one of " + known));
    }
    // Reading a command's options takes a while, so only the one that is called for is read.
    boolean named = arguments.length > 0 && COMMANDS.containsKey(arguments[0]);
    COMMANDS.forEach(
        (name, command) -> {
          if (!named || name.equals(arguments[0])) {
            line.addSubcommand(name, command.get());
          }
        });
    line.setParameterExceptionHandler((exception, args) -> misused(exception));
    line.setExecutionExceptionHandler(Main::failed);
    line.setExpandAtFiles(false);
    PrintWriter out = new PrintWriter(System.out);
    line.setOut(out);
    int exit = execute(line, arguments);
    if (out.checkError()) {
      line.getErr().println("unnoise: standard output cannot be written");
      line.getErr().flush();
      return FAILED;
    }
    return exit;
  }

  private static int execute(CommandLine line, String... arguments) {
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError e) {
      long limit = Runtime.getRuntime().maxMemory() >> 20;
      line.getErr().println(
          "unnoise: there is not enough memory: the Java heap may grow to " + limit
              + " MiB; sample fewer images at once, or allow more by UNNOISE_JAVA_OPTS=-Xmx…");
    } catch (Error e) {
      // A damaged installation or a file that shrank while it was read, rather than a mistake in the command.
      line.getErr().println("unnoise: internal error: " + OneLine.of(String.valueOf(e)));
      if (List.of(arguments).contains("--verbose")) {
        e.printStackTrace(line.getErr());
      }
    }
    line.getErr().flush();
    return FAILED;
  }

  private static Map<String, Supplier<Callable<Integer>>> commands() {
    Map<String, Supplier<Callable<Integer>>> commands = new LinkedHashMap<>();
    commands.put("sample", SampleCommand::new);
    commands.put("predict", PredictCommand::new);
    commands.put("noise", NoiseCommand::new);
    commands.put("info", InfoCommand::new);
    commands.put("devices", DevicesCommand::new);
    commands.put("bench", BenchCommand::new);
    commands.put("tune", TuneCommand::new);
    commands.put("kernels", KernelsCommand::new);
    return commands;
  }

  private static int misused(ParameterException exception) {
    CommandLine line = exception.getCommandLine();
    PrintWriter err = line.getErr();
    String name = line.getCommandSpec().qualifiedName();
    err.println(name + ": " + OneLine.of(exception.getMessage()) + " (see '" + name + " --help')");
    err.flush();
    return MISUSED;
  }

  private static int failed(Exception exception, CommandLine line, ParseResult parsed) throws Exception {
    boolean known = exception instanceof UnnoiseException || exception instanceof CancellationException;
    PrintWriter err = line.getErr();
    String name = line.getCommandSpec().qualifiedName();
    err.println(name + ": " + OneLine.of(known ? exception.getMessage() : "internal error: " + exception));
    if (isVerbose(parsed)) {
      exception.printStackTrace(err);
    } else if (!known) {
      err.println(name + ": run again with --verbose for the whole story");
    }
    err.flush();
    return FAILED;
  }

  private static boolean isVerbose(ParseResult parsed) {
    ParseResult deepest = parsed;
    while (deepest.hasSubcommand()) {
      deepest = deepest.subcommand();
    }
    return deepest.hasMatchedOption("--verbose");
  }
}
