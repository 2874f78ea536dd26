package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.unnoise.testing.JavaProcess;
import dev.unnoise.testing.NvidiaLibraries;
import org.junit.jupiter.api.Test;

/** The real cuDNN takes our descriptions of products and attention; it does so without a driver. */
class DescriptorsTest {
  @Test
  void graphsAreDescribedAsTheLibraryUnderstandsThem() throws Exception {
    JavaProcess process = JavaProcess.run(DescriptorsProgram.class, NvidiaLibraries.environment());
    assumeFalse(
        process.said().endsWith("no cuDNN\n"),
        "no cuDNN: pip install nvidia-cuda-nvrtc nvidia-cublas nvidia-cudnn-cu13, or name folders by " + NvidiaLibraries.VARIABLE);
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
