package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stub libraries themselves: they compute what Java computes, and see what is done wrong. */
@InOtherProcesses
class CudaStubsTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        DriverStubProgram.class,
        DriverRulesProgram.class,
        CudnnStubProgram.class,
        CudnnEnginesStubProgram.class,
        CudnnAttentionStubProgram.class,
        CublasLtStubProgram.class
      })
  void stubsComputeAndComplain(Class<?> program) throws Exception {
    JavaProcess process = JavaProcess.run(program, Map.of(), CudaStubs.folder().toString());
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
