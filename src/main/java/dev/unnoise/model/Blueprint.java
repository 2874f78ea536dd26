package dev.unnoise.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The layers of a U-Net between its first and its last convolution, as its config describes them. */
final class Blueprint {
  private final UNetConfig config;
  private final List<Layer> layers = new ArrayList<>();

  private Blueprint(UNetConfig config) {
    this.config = config;
  }

  static List<Layer> of(UNetConfig config) {
    Blueprint blueprint = new Blueprint(config);
    blueprint.down();
    if (config.midBlock()) {
      blueprint.middle();
    }
    blueprint.up();
    return List.copyOf(blueprint.layers);
  }

  private void down() {
    layers.add(new Layer.Remember());
    for (int level = 0; level < config.downBlocks().size(); level++) {
      Block block = config.downBlocks().get(level);
      int channels = config.blockOutChannels().get(level);
      String name = "down_blocks." + level;
      for (int j = 0; j < config.layersPerBlock(); j++) {
        residual(name + ".resnets." + j, channels, block, name + ".attentions." + j);
        layers.add(new Layer.Remember());
      }
      if (level < config.downBlocks().size() - 1) {
        switch (block.resampling().orElse(config.downsampleType())) {
          case CONV -> layers.add(new Layer.Downsample(name + ".downsamplers.0.conv"));
          case RESNET ->
              layers.add(new Layer.Residual(name + ".downsamplers.0", channels, Layer.Change.HALVE, 1));
        }
        layers.add(new Layer.Remember());
      }
    }
  }

  private void middle() {
    int channels = config.blockOutChannels().getLast();
    double scale = config.midBlockScaleFactor();
    layers.add(new Layer.Residual("mid_block.resnets.0", channels, Layer.Change.NONE, scale));
    if (config.addAttention()) {
      Optional<Integer> byDefault =
          config.timeScaleShift() == TimeScaleShift.DEFAULT ? Optional.of(config.normNumGroups()) : Optional.empty();
      Optional<Integer> groups = config.attnNormNumGroups().or(() -> byDefault);
      layers.add(new Layer.SelfAttention("mid_block.attentions.0", groups, scale));
    }
    layers.add(new Layer.Residual("mid_block.resnets.1", channels, Layer.Change.NONE, scale));
  }

  private void up() {
    List<Integer> reversed = config.blockOutChannels().reversed();
    for (int level = 0; level < config.upBlocks().size(); level++) {
      Block block = config.upBlocks().get(level);
      int channels = reversed.get(level);
      String name = "up_blocks." + level;
      for (int j = 0; j < config.layersPerBlock() + 1; j++) {
        layers.add(new Layer.Recall(name + ".concatenations." + j));
        residual(name + ".resnets." + j, channels, block, name + ".attentions." + j);
      }
      if (level < config.upBlocks().size() - 1) {
        switch (block.resampling().orElse(config.upsampleType())) {
          case CONV -> layers.add(new Layer.Upsample(name + ".upsamplers.0.conv"));
          case RESNET ->
              layers.add(new Layer.Residual(name + ".upsamplers.0", channels, Layer.Change.DOUBLE, 1));
        }
      }
    }
  }

  private void residual(String name, int channels, Block block, String attentionName) {
    layers.add(new Layer.Residual(name, channels, Layer.Change.NONE, 1));
    if (block.attention()) {
      layers.add(new Layer.SelfAttention(attentionName, Optional.of(config.normNumGroups()), 1));
    }
  }
}
