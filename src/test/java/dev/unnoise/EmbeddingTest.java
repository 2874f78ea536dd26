package dev.unnoise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.diffusion.Sampler;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the README tells people who embed unnoise works as it stands there. */
class EmbeddingTest {
  @Test
  void theExampleOfTheReadmeSamples() throws IOException {
    List<byte[]> pictures = new ArrayList<>();
    // README: begin
    try (Checkpoint checkpoint = Checkpoint.bundled();
        Backends.Opened backend = Backends.open("auto", 0);
        Pipeline pipeline =
            new Pipeline(backend.device(), checkpoint.network(), checkpoint.weights(), Precision.FP32)) {
      Sampler ddim = Samplers.named("ddim").orElseThrow();
      StepTable steps = ddim.table(checkpoint.scheduler(), 10, SamplerOptions.DEFAULT);
      SampleRequest request =
          SampleRequest.of(steps, 6)
              .inBatchesOf(4)
              .labelled(Labels.all(checkpoint.unet()), Optional.empty());
      SampleReport report =
          pipeline.sample(request, (images, count) -> pictures.add(images.toArray(ValueLayout.JAVA_BYTE)));
      System.out.println(report.imageStepsPerSecond());
    }
    // README: end
    assertEquals(List.of(4 * 32 * 32 * 3, 2 * 32 * 32 * 3), pictures.stream().map(picture -> picture.length).toList());
    String source = Files.readString(Path.of("src/test/java/dev/unnoise/EmbeddingTest.java"));
    String example = source.substring(source.indexOf("begin\n") + 6, source.indexOf("    // README: end"));
    assertTrue(Files.readString(Path.of("README.md")).contains(example.stripTrailing().stripIndent()), example);
  }
}
