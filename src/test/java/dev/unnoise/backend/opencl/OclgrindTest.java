package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.JavaProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kernel in a simulator that sees data races and accesses out of bounds. Its check for uninitialised values does
 * not know the instruction "freeze", which compilers make of our loops, and gives up on such kernels.
 */
class OclgrindTest {
  private static final Path DRIVER = Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"card", "processor"})
  void findsNothing(String shape) throws Exception {
    assumeTrue(Files.exists(DRIVER), "oclgrind is not installed");
    Path vendors = Files.createDirectory(folder.resolve("vendors"));
    Files.writeString(vendors.resolve("oclgrind.icd"), DRIVER + "\n");
    Path findings = folder.resolve("findings");
    JavaProcess process =
        JavaProcess.run(
            OclgrindProgram.class,
            Map.of(
                "OCL_ICD_VENDORS", vendors.toString(),
                "OCLGRIND_DATA_RACES", "1",
                "OCLGRIND_CHECK_API", "1",
                "OCLGRIND_LOG", findings.toString()),
            shape);
    String said = process.said();
    assertEquals(0, process.exit(), said);
    assertTrue(said.contains(shape + " on Oclgrind Simulator") && said.endsWith("done\n"), said);
    assertEquals("", Files.readString(findings));
  }
}
