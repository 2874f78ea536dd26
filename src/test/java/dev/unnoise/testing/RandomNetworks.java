package dev.unnoise.testing;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Network;
import dev.unnoise.model.Block;
import dev.unnoise.model.ClassEmbedding;
import dev.unnoise.model.Resampling;
import dev.unnoise.model.TimeEmbedding;
import dev.unnoise.model.TimeScaleShift;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Small U-Nets of every kind, chosen by a seed. */
public final class RandomNetworks {
  private RandomNetworks() {}

  public static UNetConfig config(long seed) {
    Random random = new Random(seed);
    int levels = 1 + random.nextInt(3);
    int groups = List.of(1, 2, 4).get(random.nextInt(3));
    List<Integer> channels = IntStream.range(0, levels).map(i -> 4 * (1 + random.nextInt(5))).boxed().toList();
    List<Block> down =
        IntStream.range(0, levels)
            .mapToObj(
                i ->
                    new Block(
                        random.nextBoolean(),
                        random.nextBoolean() ? Optional.empty() : Optional.of(pick(random, Resampling.values()))))
            .toList();
    int imageChannels = 1 + random.nextInt(4);
    return new UNetConfig(
        Optional.of(List.of(4 << random.nextInt(2), 8)),
        imageChannels,
        random.nextInt(4) == 0 ? 2 * imageChannels : imageChannels,
        random.nextInt(4) == 0,
        random.nextInt(4) == 0 ? TimeEmbedding.FOURIER : TimeEmbedding.POSITIONAL,
        random.nextInt(4) == 0 ? Optional.of(12) : Optional.empty(),
        random.nextInt(2),
        random.nextBoolean(),
        down,
        random.nextInt(5) > 0,
        down.reversed(),
        channels,
        1 + random.nextInt(2),
        random.nextInt(4) == 0 ? Math.sqrt(2) : 1,
        random.nextInt(2),
        pick(random, Resampling.values()),
        pick(random, Resampling.values()),
        pick(random, Activation.SILU, Activation.SILU, Activation.MISH, Activation.GELU, Activation.RELU),
        random.nextBoolean() ? Optional.empty() : Optional.of(List.of(2, 4).get(random.nextInt(2))),
        groups,
        random.nextInt(4) == 0 ? Optional.of(2) : Optional.empty(),
        1e-5,
        pick(random, TimeScaleShift.values()),
        random.nextInt(4) > 0,
        random.nextInt(3) == 0 ? new ClassEmbedding.Table(3) : new ClassEmbedding.None(),
        Optional.empty(),
        Optional.empty());
  }

  /** A network wide enough for the algorithms that backends keep for large products. */
  public static UNetConfig wide() {
    return config(List.of(18, 22), List.of(128, 136), 8);
  }

  /** A network of hardly any pixels, with just the channels that backends leave to libraries of the vendor's. */
  public static UNetConfig compact() {
    return config(List.of(4, 4), List.of(64, 72), 24);
  }

  /** A network of few pixels and very many channels. */
  public static UNetConfig deep() {
    return config(List.of(8, 8), List.of(32, 1024), 64);
  }

  /** A small network with a head of attention that is wider than a group of work-items. */
  public static UNetConfig wideHead() {
    return config(List.of(4, 6), List.of(8, 144), 144);
  }

  private static UNetConfig config(List<Integer> size, List<Integer> channels, int headDim) {
    List<Block> blocks =
        List.of(new Block(false, Optional.of(Resampling.CONV)), new Block(true, Optional.empty()));
    return new UNetConfig(
        Optional.of(size),
        3,
        3,
        false,
        TimeEmbedding.POSITIONAL,
        Optional.empty(),
        0,
        true,
        blocks,
        true,
        blocks.reversed(),
        channels,
        1,
        1,
        1,
        Resampling.CONV,
        Resampling.CONV,
        Activation.SILU,
        Optional.of(headDim),
        8,
        Optional.empty(),
        1e-5,
        TimeScaleShift.DEFAULT,
        true,
        new ClassEmbedding.None(),
        Optional.empty(),
        Optional.empty());
  }

  public static Network network(UNetConfig config) {
    List<Integer> size = config.sampleSize().orElseThrow();
    return UNet.build(config, size.get(0), size.get(1));
  }

  @SafeVarargs
  private static <T> T pick(Random random, T... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
