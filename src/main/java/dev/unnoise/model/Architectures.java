package dev.unnoise.model;

import dev.unnoise.graph.Activation;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Architectures of well-known checkpoints, to be benchmarked with random weights. */
public final class Architectures {
  private static final Block PLAIN_DOWN = Block.down("DownBlock2D").orElseThrow();
  private static final Block ATTENTION_DOWN = Block.down("AttnDownBlock2D").orElseThrow();
  private static final Block RESNET_DOWN = Block.down("ResnetDownsampleBlock2D").orElseThrow();
  private static final Map<String, UNetConfig> ALL = all();

  private Architectures() {}

  /** By the name on the command line. */
  public static Map<String, UNetConfig> byName() {
    return ALL;
  }

  private static Map<String, UNetConfig> all() {
    Map<String, UNetConfig> all = new LinkedHashMap<>();
    all.put(
        "ddpm-cifar10-32",
        ddpm(32, List.of(PLAIN_DOWN, ATTENTION_DOWN, PLAIN_DOWN, PLAIN_DOWN), List.of(128, 256, 256, 256)));
    all.put(
        "ddpm-church-256",
        ddpm(
            256,
            List.of(PLAIN_DOWN, PLAIN_DOWN, PLAIN_DOWN, PLAIN_DOWN, ATTENTION_DOWN, PLAIN_DOWN),
            List.of(128, 128, 256, 256, 512, 512)));
    all.put("adm-64", adm64());
    return Collections.unmodifiableMap(all);
  }

  /** Ho et al. 2020: google/ddpm-cifar10-32 and google/ddpm-church-256. */
  private static UNetConfig ddpm(int size, List<Block> down, List<Integer> channels) {
    return new UNetConfig(
        Optional.of(List.of(size, size)),
        3,
        3,
        false,
        TimeEmbedding.POSITIONAL,
        Optional.empty(),
        1,
        false,
        down,
        true,
        down.reversed(),
        channels,
        2,
        1,
        0,
        Resampling.CONV,
        Resampling.CONV,
        Activation.SILU,
        Optional.empty(),
        32,
        Optional.empty(),
        1e-6,
        TimeScaleShift.DEFAULT,
        true,
        new ClassEmbedding.None(),
        Optional.empty(),
        Optional.empty());
  }

  /** Dhariwal and Nichol 2021, ImageNet 64×64, class-conditional. */
  private static UNetConfig adm64() {
    List<Block> down = List.of(RESNET_DOWN, ATTENTION_DOWN, ATTENTION_DOWN, ATTENTION_DOWN);
    return new UNetConfig(
        Optional.of(List.of(64, 64)),
        3,
        6,
        false,
        TimeEmbedding.POSITIONAL,
        Optional.empty(),
        0,
        true,
        down,
        true,
        down.reversed(),
        List.of(192, 384, 576, 768),
        3,
        1,
        1,
        Resampling.RESNET,
        Resampling.RESNET,
        Activation.SILU,
        Optional.of(64),
        32,
        Optional.of(32),
        1e-5,
        TimeScaleShift.SCALE_SHIFT,
        true,
        new ClassEmbedding.Table(1000),
        Optional.empty(),
        Optional.empty());
  }
}
