package dev.unnoise.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A block of one resolution, named by its type in a config.
 *
 * @param attention whether an attention follows every residual block
 * @param resampling how it changes the resolution; empty if the config's {@code downsample_type} or {@code
 *     upsample_type} decides
 */
public record Block(boolean attention, Optional<Resampling> resampling) {
  private static final String OLD_PREFIX = "UNetRes";

  private enum Type {
    PLAIN("DownBlock2D", "UpBlock2D", new Block(false, Optional.of(Resampling.CONV))),
    ATTENTION("AttnDownBlock2D", "AttnUpBlock2D", new Block(true, Optional.empty())),
    RESNET("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D", new Block(false, Optional.of(Resampling.RESNET)));

    final String down;
    final String up;
    final Block block;

    Type(String down, String up, Block block) {
      this.down = down;
      this.up = up;
      this.block = block;
    }
  }

  static Optional<Block> down(String name) {
    return Arrays.stream(Type.values()).filter(t -> t.down.equals(current(name))).map(t -> t.block).findFirst();
  }

  static Optional<Block> up(String name) {
    return Arrays.stream(Type.values()).filter(t -> t.up.equals(current(name))).map(t -> t.block).findFirst();
  }

  static List<String> downNames() {
    return Arrays.stream(Type.values()).map(type -> type.down).toList();
  }

  static List<String> upNames() {
    return Arrays.stream(Type.values()).map(type -> type.up).toList();
  }

  private static String current(String name) {
    return name.startsWith(OLD_PREFIX) ? name.substring(OLD_PREFIX.length()) : name;
  }
}
