package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pythons of all kinds, played by shell scripts. */
@DisabledOnOs(OS.WINDOWS)
class PythonPathTest {
  @TempDir private Path folder;

  private String script(String... lines) throws IOException {
    Path file = folder.resolve("python");
    Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    assertTrue(file.toFile().setExecutable(true));
    return file.toString();
  }

  @Test
  void itsFoldersAreThoseItNames() throws IOException {
    String python = script("[ \"$1\" = -c ] || exit 3", "echo /usr/lib/python3", "echo", "echo '/opt/site packages'");
    assertEquals(
        new PythonPath(List.of(Path.of("/usr/lib/python3"), Path.of("/opt/site packages")), ""), PythonPath.ask(python, 60));
  }

  @Test
  void aPythonThatIsNotThereIsNoError() {
    PythonPath answer = PythonPath.ask(folder + "/none", 60);
    assertEquals(List.of(), answer.folders());
    assertTrue(answer.problem().startsWith(folder + "/none cannot be run: "), answer.problem());
  }

  @Test
  void aPythonThatFailsIsQuoted() throws IOException {
    String python = script("echo Traceback >&2", "echo 'ImportError: no' >&2", "exit 4");
    assertEquals(python + " failed with status 4: ImportError: no", PythonPath.ask(python, 60).problem());
  }

  @Test
  void aPythonThatHangsIsNotWaitedFor() throws IOException {
    String python = script("exec sleep 600");
    PythonPath answer =
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> PythonPath.ask(python, 1));
    assertEquals(python + " did not answer within 1 s", answer.problem());
  }
}
