package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Upsample;
import java.util.List;
import java.util.function.BiFunction;

/** Operations that move whole pixels. */
final class ResamplingRecipe implements Recipe {
  private final BiFunction<Site, Integer, Runnable> binding;

  private ResamplingRecipe(BiFunction<Site, Integer, Runnable> binding) {
    this.binding = binding;
  }

  static Recipe of(Concatenate node) {
    return new ResamplingRecipe(
        (site, slot) -> {
          List<Region> sources = site.regions(slot, node.sources());
          Region target = site.region(slot, node.output());
          return () -> {
            int at = 0;
            for (Region source : sources) {
              for (int pixel = 0; pixel < target.pixels(); pixel++) {
                source.copyPixel(pixel, target, pixel, at);
              }
              at += source.channels();
            }
          };
        });
  }

  static Recipe of(Upsample node) {
    int width = node.output().width();
    return new ResamplingRecipe(
        (site, slot) -> {
          Region source = site.region(slot, node.source());
          Region target = site.region(slot, node.output());
          return () -> {
            for (int pixel = 0; pixel < target.pixels(); pixel++) {
              int y = pixel / width;
              int x = pixel % width;
              source.copyPixel(y / 2 * (width / 2) + x / 2, target, pixel, 0);
            }
          };
        });
  }

  static Recipe of(AveragePool node) {
    int sourceWidth = node.source().width();
    int width = node.output().width();
    int height = node.output().height();
    int channels = node.output().channels();
    return new ResamplingRecipe(
        (site, slot) -> {
          Region source = site.region(slot, node.source());
          Region target = site.region(slot, node.output());
          float[] upper = site.staging().array(0, 2 * channels);
          float[] lower = site.staging().array(1, 2 * channels);
          return () -> {
            for (int y = 0; y < height; y++) {
              for (int x = 0; x < width; x++) {
                source.read(2 * y * sourceWidth + 2 * x, 2, upper, 0, channels);
                source.read((2 * y + 1) * sourceWidth + 2 * x, 2, lower, 0, channels);
                for (int c = 0; c < channels; c++) {
                  upper[c] = 0.25f * ((upper[c] + upper[channels + c]) + (lower[c] + lower[channels + c]));
                }
                target.write(y * width + x, 1, upper, 0, channels);
              }
            }
          };
        });
  }

  @Override
  public Kernel bind(Site site) {
    Runnable[] runs = new Runnable[site.slots()];
    for (int slot = 0; slot < runs.length; slot++) {
      runs[slot] = binding.apply(site, slot);
    }
    return images -> {
      for (int slot = 0; slot < images; slot++) {
        runs[slot].run();
      }
    };
  }
}
