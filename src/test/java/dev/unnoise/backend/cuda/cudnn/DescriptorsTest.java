package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.unnoise.testing.JavaProcess;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The real cuDNN takes our descriptions of products and attention; it does so without a driver. */
class DescriptorsTest {
  /** Names folders of NVIDIA's libraries for tests, in the form of a path. */
  private static final String VARIABLE = "UNNOISE_CUDA_LIBRARIES";

  @Test
  void graphsAreDescribedAsTheLibraryUnderstandsThem() throws Exception {
    Map<String, String> environment = new HashMap<>();
    String folders = System.getenv(VARIABLE);
    if (folders != null) {
      environment.merge("LD_LIBRARY_PATH", folders, (others, ours) -> ours + ":" + others);
    }
    JavaProcess process = JavaProcess.run(DescriptorsProgram.class, environment);
    assumeFalse(
        process.said().endsWith("no cuDNN\n"),
        "no cuDNN: pip install nvidia-cuda-nvrtc nvidia-cublas nvidia-cudnn-cu13, or name folders by " + VARIABLE);
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }
}
