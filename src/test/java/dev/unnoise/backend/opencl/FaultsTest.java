package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers that fail, devices that are lost, too small or not there. */
class FaultsTest {
  private static final Path SOURCE = Path.of("src/test/native/opencl_faults.c");
  private static final Path HEADER = Path.of("/usr/include/CL/cl_layer.h");
  private static final Path DRIVERS = Path.of("/etc/OpenCL/vendors");

  @TempDir private static Path folder;
  private static Path layer;

  @BeforeEach
  void compileOnce() throws Exception {
    Evaluate.requireDevice("opencl");
    assumeTrue(Files.exists(HEADER), "opencl-c-headers is not installed");
    assumeTrue(works("gcc", "--version"), "gcc is not installed");
    if (layer == null) {
      layer = folder.resolve("libopencl_faults.so");
      String[] line = {
        "gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-o",
        layer.toString(), SOURCE.toString()
      };
      assertTrue(works(line), "gcc refuses " + SOURCE);
    }
  }

  private static boolean works(String... line) throws InterruptedException {
    try {
      ProcessBuilder builder = new ProcessBuilder(line).redirectOutput(ProcessBuilder.Redirect.DISCARD);
      return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** No test that uses PoCL runs beside this one: it may find here what was compiled before. */
  private static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(Map.of("OPENCL_LAYERS", layer.toString()));
    Optional.ofNullable(System.getenv("POCL_CACHE_DIR")).ifPresent(own -> environment.put("POCL_CACHE_DIR", own));
    return environment;
  }

  @ParameterizedTest
  @ValueSource(strings = {"devices", "programs", "networks", "samplings", "losses"})
  void failuresAreToldAndLeaveNothing(String work) throws Exception {
    requireDone(JavaProcess.run(FaultsProgram.class, environment(), layer.toString(), work));
  }

  /** Every driver is there twice, so that one of them can fail. */
  @Test
  void devicesThatAreTooSmallAreToldOf() throws Exception {
    Path vendors = Files.createDirectory(folder.resolve("vendors"));
    try (DirectoryStream<Path> drivers = Files.newDirectoryStream(DRIVERS, "*.icd")) {
      for (Path driver : drivers) {
        Files.copy(driver, vendors.resolve(driver.getFileName()));
        Files.copy(driver, vendors.resolve("again-" + driver.getFileName()));
      }
    }
    Map<String, String> environment = environment();
    environment.put("OCL_ICD_VENDORS", vendors.toString());
    requireDone(JavaProcess.run(FakeDevicesProgram.class, environment, layer.toString()));
  }

  private static void requireDone(JavaProcess process) {
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
