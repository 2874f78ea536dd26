package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole backend on stub libraries, which compute on the processor what a card would and keep account of it. */
@InOtherProcesses
class CudaBackendTest {
  @TempDir private Path cache;

  static Stream<Arguments> parts() {
    return Stream.of(
            parts(CudaBackendProgram.class, "sampling", "warm-ups", "networks", "convolutions", "no libraries"),
            parts(CudaStepsProgram.class, "launches", "recording", "samplers"),
            parts(CudaFailuresProgram.class, "calls", "releases", "losses"),
            parts(CudaSizesProgram.class, "noising", "grids", "workspaces", "memory"),
            parts(CudaCompilerProgram.class, "cards", "damaged code"),
            parts(
                CudnnProgram.class,
                "engines",
                "bad engines",
                "hanging engines",
                "kept plans",
                "first batches",
                "calls of cuDNN"),
            parts(CudaAttentionProgram.class, "attention"),
            parts(CudaCardsProgram.class, "two cards", "stopping"),
            parts(CudaParityProgram.class, "recorded cases", "nodes", "batches"))
        .flatMap(List::stream);
  }

  private static List<Arguments> parts(Class<?> program, String... parts) {
    return Stream.of(parts).map(part -> Arguments.of(part, program)).toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("parts")
  void runsOnStubs(String part, Class<?> program) throws Exception {
    // Nothing here runs for so long that the better of Java's compilers would pay.
    Map<String, String> environment = Map.of("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1");
    JavaProcess process =
        JavaProcess.run(program, environment, CudaStubs.folder().toString(), cache.toString(), part);
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
