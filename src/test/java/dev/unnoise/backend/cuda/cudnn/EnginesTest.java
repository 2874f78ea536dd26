package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import dev.unnoise.testing.NvidiaLibraries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real cuDNN finds engines for our graphs on a card that is only described to it, and compiles them. */
@InOtherProcesses
class EnginesTest {
  private static final String DRIVER = "src/test/native/cuda_absent/driver.c";

  @TempDir private Path folder;

  @Test
  void enginesAreFoundForACardThatIsNotThere() throws Exception {
    assumeTrue(!NvidiaLibraries.folders().isEmpty(), "no folders of NVIDIA's libraries: name them by " + NvidiaLibraries.VARIABLE);
    assumeTrue(isDriverBuilt(), "gcc is not installed");
    Map<String, String> environment = new HashMap<>(NvidiaLibraries.environment());
    environment.compute("LD_LIBRARY_PATH", (name, others) -> folder + ":" + others);
    JavaProcess process = JavaProcess.run(EnginesProgram.class, environment, folder.resolve("plans").toString());
    assumeFalse(process.said().endsWith("no cuDNN\n"), "no cuDNN in " + NvidiaLibraries.folders());
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }

  private boolean isDriverBuilt() throws InterruptedException {
    String library = folder.resolve("libcuda.so.1").toString();
    try {
      int status =
          new ProcessBuilder("gcc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", library, DRIVER)
              .inheritIO()
              .start()
              .waitFor();
      assertEquals(0, status, "gcc refuses " + DRIVER);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
