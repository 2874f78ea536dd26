package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.cli.Main;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.JavaProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines without OpenCL. */
class NoDriverTest {
  private static final String NO_DEVICE = "no OpenCL driver has a device with a compiler";
  private static final String NO_LOADER = "there is no OpenCL loader on this machine";

  @TempDir private Path folder;

  /** Without a loader there would be nothing to tell apart. */
  @BeforeEach
  void requireOpenCl() {
    Evaluate.requireDevice("opencl");
  }

  /** A folder in which the loader looks for drivers, and finds none. */
  private Map<String, String> noDriver() {
    return Map.of("OCL_ICD_VENDORS", folder.toString());
  }

  @Test
  void aMachineWithoutDriverSaysWhatToInstall() throws Exception {
    requireDone(JavaProcess.run(FakeDevicesProgram.class, noDriver(), "missing", NO_DEVICE));
  }

  /** A file that is no library hides the one that is installed. */
  @Test
  void aMachineWithoutLoaderSaysWhatToInstall() throws Exception {
    Files.writeString(folder.resolve("libOpenCL.so.1"), "this is no library");
    Files.writeString(folder.resolve("libOpenCL.so"), "this is no library");
    Map<String, String> environment = Map.of("LD_LIBRARY_PATH", folder.toString());
    requireDone(JavaProcess.run(FakeDevicesProgram.class, environment, "missing", NO_LOADER));
  }

  @Test
  void theListOfDevicesSaysSo() throws Exception {
    JavaProcess process = JavaProcess.run(Main.class, noDriver(), "devices");
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().contains("opencl     not ready: " + NO_DEVICE + "\n"), process.said());
    assertTrue(process.said().contains("to get it: install the OpenCL driver of the card's maker"), process.said());
  }

  private static void requireDone(JavaProcess process) {
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().lines().anyMatch("done"::equals), process.said());
  }
}
