package dev.unnoise.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.ShapeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
  private static final Path CASES = Path.of("src/test/resources/cases");

  @TempDir private Path folder;

  @Test
  void theBundledModelIsWhole() {
    try (Checkpoint bundled = Checkpoint.bundled()) {
      Network network = UNet.build(bundled.unet(), 32, 32);
      assertEquals(1_542_603, Checkpoint.countParameters(network));
      assertEquals("F16", bundled.weightFormats());
      network.parameters().forEach(parameter -> assertEquals(parameter.elements(), bundled.weights().resolve(parameter).length));
      assertEquals("DDPMScheduler", bundled.scheduler().schedulerClass());
    }
  }

  /** Parameters as published, FLOP as in the roofline notes of the project. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "ddpm-cifar10-32, 35746307, 12.444",
    "ddpm-church-256, 113673219, 497.0",
    "adm-64, 295904454, 219.4",
  })
  void knownArchitecturesHaveTheirSize(String name, long parameters, double gigaflop) {
    UNetConfig config = Architectures.byName().get(name);
    List<Integer> size = config.sampleSize().orElseThrow();
    Network network = UNet.build(config, size.get(0), size.get(1));
    assertEquals(parameters, Checkpoint.countParameters(network));
    assertEquals(gigaflop, network.flop() / 1e9, 0.05 * Math.pow(10, gigaflop > 100 ? 0 : -1));
  }

  @Test
  void extentsThatDoNotGoThroughNameTheLayer() {
    UNetConfig config = Architectures.byName().get("ddpm-cifar10-32");
    ShapeException e = assertThrows(ShapeException.class, () -> UNet.build(config, 30, 32));
    assertTrue(e.getMessage().startsWith("up_blocks."), e.getMessage());
  }

  @Test
  void headsWiderThanTheBlockAreNamed() throws IOException {
    copy("ddpm-tiny");
    replace("config.json", "\"attention_head_dim\": null", "\"attention_head_dim\": 64");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      ShapeException e = assertThrows(ShapeException.class, () -> UNet.build(checkpoint.unet(), 16, 16));
      assertTrue(e.getMessage().contains("attention_head_dim 64"), e.getMessage());
    }
  }

  @Test
  void complaintsNameWhatIsMissing() throws IOException {
    assertTrue(open().contains("neither config.json nor unet/config.json"));
    copy("ddpm-tiny");
    Files.delete(folder.resolve("diffusion_pytorch_model.safetensors"));
    assertTrue(open().contains("has no weights, expected diffusion_pytorch_model.safetensors"));
    Files.createFile(folder.resolve("diffusion_pytorch_model.bin"));
    assertTrue(open().contains("is a Python pickle"));
    Files.delete(folder.resolve("diffusion_pytorch_model.bin"));
    Files.createFile(folder.resolve("diffusion_pytorch_model.safetensors.index.json"));
    assertTrue(open().contains("names weights in several files"));
    Path nowhere = folder.resolve("nowhere");
    assertTrue(assertThrows(ModelException.class, () -> Checkpoint.open(nowhere)).getMessage().contains("does not exist"));
    Path file = folder.resolve("config.json");
    assertTrue(assertThrows(ModelException.class, () -> Checkpoint.open(file)).getMessage().contains("is not a folder"));
  }

  @Test
  void sizesThatDoNotGoThroughAreNamed() throws IOException {
    copy("ddpm-tiny");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      ModelException uneven = assertThrows(ModelException.class, () -> checkpoint.network(17, 13));
      assertTrue(uneven.getMessage().contains("config.json, for images of 17×13"), uneven.getMessage());
      assertTrue(uneven.getMessage().contains("should be multiples of "), uneven.getMessage());
      ModelException large = assertThrows(ModelException.class, () -> checkpoint.network(1 << 16, 1 << 16));
      assertTrue(large.getMessage().contains("at most 2³¹ - 1 elements"), large.getMessage());
    }
  }

  @Test
  void aMissingSchedulerIsNoticedWhenItIsNeeded() throws IOException {
    copy("ddpm-tiny");
    Files.delete(folder.resolve("scheduler_config.json"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(3, checkpoint.unet().inChannels());
      ModelException e = assertThrows(ModelException.class, checkpoint::scheduler);
      assertTrue(e.getMessage().contains("scheduler_config.json is missing"), e.getMessage());
    }
  }

  private String open() {
    return assertThrows(
            ModelException.class,
            () -> {
              try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                checkpoint.weights();
              }
            })
        .getMessage();
  }

  private void copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(CASES.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
  }

  private void replace(String name, String from, String to) throws IOException {
    Path file = folder.resolve(name);
    String text = Files.readString(file);
    assertTrue(text.contains(from));
    Files.writeString(file, text.replace(from, to));
  }
}
