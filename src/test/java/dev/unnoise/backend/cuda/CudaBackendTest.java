package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole backend on stub libraries, which compute on the processor what a card would and keep account of it. */
@InOtherProcesses
class CudaBackendTest {
  @TempDir private Path cache;

  @ParameterizedTest
  @ValueSource(strings = {"sampling", "networks", "convolutions", "failures"})
  void runsOnStubs(String part) throws Exception {
    JavaProcess process =
        JavaProcess.run(CudaBackendProgram.class, Map.of(), CudaStubs.folder().toString(), cache.toString(), part);
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
