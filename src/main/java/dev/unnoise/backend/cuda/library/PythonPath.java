package dev.unnoise.backend.cuda.library;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Where a Python looks for packages.
 *
 * @param folders in Python's order
 * @param problem why there are none, if it could not be asked, else empty
 */
record PythonPath(List<Path> folders, String problem) {
  private static final String QUESTION = "import sys; print('\\n'.join(p for p in sys.path if p))";

  /** Long, because a Python that has to be read from a cold disk first takes its time. */
  private static final int SECONDS = 20;

  PythonPath {
    folders = List.copyOf(folders);
  }

  /** Asks the {@code python3} on the PATH. It is no error if there is none, or if it does not answer. */
  static PythonPath ofPython3() {
    return ask("python3", SECONDS);
  }

  static PythonPath ask(String command, int seconds) {
    try {
      Process python =
          new ProcessBuilder(command, "-c", QUESTION)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .start();
      try {
        // What it writes is far shorter than a pipe holds, so it can be read when it has ended.
        if (!python.waitFor(seconds, TimeUnit.SECONDS)) {
          return failed(command + " did not answer within " + seconds + " s");
        }
        String answer = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (python.exitValue() != 0) {
          String complaint = new String(python.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
          return failed(command + " failed with status " + python.exitValue() + ": " + lastLine(complaint));
        }
        return new PythonPath(answer.lines().filter(line -> !line.isBlank()).map(Path::of).toList(), "");
      } finally {
        python.destroyForcibly();
      }
    } catch (IOException e) {
      return failed(command + " cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("asking " + command + " was interrupted");
    }
  }

  private static PythonPath failed(String problem) {
    return new PythonPath(List.of(), problem);
  }

  private static String lastLine(String text) {
    return text.lines().reduce("", (before, line) -> line);
  }
}
