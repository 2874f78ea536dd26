package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel in a simulator that sees data races, accesses out of bounds and values that nobody has written. */
@InOtherProcesses
class OclgrindTest {
  private static final Path DRIVER = Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so");

  private static final Map<String, String> RACES = Map.of("OCLGRIND_CHECK_API", "1", "OCLGRIND_DATA_RACES", "1");

  /**
   * Optimisers put some number in place of a value that nobody has written, and make an instruction that this check
   * gives up on ("freeze"): it takes the kernels as they are.
   */
  private static final Map<String, String> UNWRITTEN =
      Map.of("OCLGRIND_UNINITIALIZED", "1", "OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"miniature", "processor"})
  void findsNothing(String shape) throws Exception {
    assertClean(shape, RACES, UNWRITTEN);
  }

  /** Tiles of this size take more than a minute to be searched for values that nobody has written. */
  @Test
  void findsNoRacesInLargeTiles() throws Exception {
    assertClean("card", RACES);
  }

  @Test
  void seesFaults() throws Exception {
    assertEquals(Set.of("race", "stray"), faulty(RACES));
    assertEquals(
        Set.of("race", "stray", "unwritten_global", "unwritten_local", "unwritten_private"),
        faulty(RACES, UNWRITTEN));
  }

  @SafeVarargs
  private void assertClean(String shape, Map<String, String>... checks) throws Exception {
    JavaProcess program = run(OclgrindProgram.class, new String[] {shape}, checks);
    assertEquals(0, program.exit(), program.said());
    assertTrue(program.said().startsWith(shape + " on Oclgrind Simulator"), program.said());
    assertTrue(program.said().endsWith("done\n"), program.said());
  }

  /** The kernels that are complained of. */
  @SafeVarargs
  private Set<String> faulty(Map<String, String>... checks) throws Exception {
    JavaProcess program = run(OclgrindFault.class, new String[0], checks);
    assertNotEquals(0, program.exit(), program.said());
    return Pattern.compile("Kernel: (\\w+)")
        .matcher(program.said())
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @SafeVarargs
  private JavaProcess run(Class<?> program, String[] arguments, Map<String, String>... checks)
      throws IOException, InterruptedException {
    assumeTrue(Files.exists(DRIVER), "oclgrind is not installed");
    Path vendors = Files.createDirectories(folder.resolve("vendors"));
    Files.writeString(vendors.resolve("oclgrind.icd"), DRIVER + "\n");
    Map<String, String> environment = new HashMap<>();
    environment.put("OCL_ICD_VENDORS", vendors.toString());
    environment.put("OCLGRIND_LOG", folder.resolve("log").toString());
    environment.put("OCLGRIND_MAX_ERRORS", "50");
    for (Map<String, String> check : checks) {
      environment.putAll(check);
    }
    return JavaProcess.run(program, environment, arguments);
  }
}
