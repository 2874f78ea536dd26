package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Tensor;
import java.util.List;
import java.util.function.BiFunction;

/** Operations on single elements, piece by piece. Fused networks have few of them. */
final class ElementwiseRecipe implements Recipe {
  private final List<Tensor> operands;
  private final Tensor output;
  private final BiFunction<Site, Integer, Operation> operation;

  /** Computes a piece in place of its first operand; {@code other} holds the same piece of the second. */
  private interface Operation {
    void apply(float[] values, float[] other, int pixels, int channels);
  }

  /**
   * @param operands of the output's shape, one or two
   * @param operation for a site and a slot
   */
  private ElementwiseRecipe(List<Tensor> operands, Tensor output, BiFunction<Site, Integer, Operation> operation) {
    this.operands = operands;
    this.output = output;
    this.operation = operation;
  }

  static Recipe of(Activate node) {
    return simple(
        List.of(node.source()),
        node.output(),
        (values, other, pixels, channels) -> Activations.apply(node.activation(), values, pixels * channels));
  }

  static Recipe of(Affine node) {
    return simple(
        List.of(node.source()),
        node.output(),
        (values, other, pixels, channels) -> {
          for (int i = 0; i < pixels * channels; i++) {
            values[i] = Math.fma(values[i], node.factor(), node.offset());
          }
        });
  }

  static Recipe of(Add node) {
    return simple(
        List.of(node.left(), node.right()),
        node.output(),
        (values, other, pixels, channels) -> {
          for (int i = 0; i < pixels * channels; i++) {
            values[i] = (values[i] + other[i]) * node.scale();
          }
        });
  }

  static Recipe of(AddConditioning node) {
    return new ElementwiseRecipe(
        List.of(node.source()),
        node.output(),
        (site, slot) -> {
          Region vector = site.region(slot, node.conditioning());
          return (values, other, pixels, channels) -> {
            for (int i = 0; i < pixels * channels; i++) {
              values[i] += vector.get(0, i % channels);
            }
          };
        });
  }

  static Recipe of(Modulate node) {
    return new ElementwiseRecipe(
        List.of(node.source()),
        node.output(),
        (site, slot) -> {
          Region scale = site.region(slot, node.scale());
          Region shift = site.region(slot, node.shift());
          return (values, other, pixels, channels) -> {
            for (int i = 0; i < pixels * channels; i++) {
              values[i] = Math.fma(values[i], 1 + scale.get(0, i % channels), shift.get(0, i % channels));
            }
          };
        });
  }

  static Recipe of(Divide node) {
    return new ElementwiseRecipe(
        List.of(node.source()),
        node.output(),
        (site, slot) -> {
          Region divisor = site.region(slot, node.divisor());
          return (values, other, pixels, channels) -> {
            float by = divisor.get(0, 0);
            for (int i = 0; i < pixels * channels; i++) {
              values[i] /= by;
            }
          };
        });
  }

  private static Recipe simple(List<Tensor> operands, Tensor output, Operation operation) {
    return new ElementwiseRecipe(operands, output, (site, slot) -> operation);
  }

  @Override
  public Kernel bind(Site site) {
    Runnable[] runs = new Runnable[site.slots()];
    for (int slot = 0; slot < runs.length; slot++) {
      runs[slot] =
          bind(site.regions(slot, operands), site.region(slot, output), operation.apply(site, slot), site.staging());
    }
    return images -> {
      for (int slot = 0; slot < images; slot++) {
        runs[slot].run();
      }
    };
  }

  private static Runnable bind(List<Region> sources, Region target, Operation operation, Staging staging) {
    int channels = target.channels();
    int atOnce = Math.min(target.pixels(), Staging.pixelsPerPiece(channels));
    float[] values = staging.array(0, atOnce * channels);
    float[] other = staging.array(1, atOnce * channels);
    Region first = sources.getFirst();
    Region second = sources.getLast();
    boolean two = sources.size() == 2;
    return () -> {
      for (int pixel = 0; pixel < target.pixels(); pixel += atOnce) {
        int count = Math.min(atOnce, target.pixels() - pixel);
        first.read(pixel, count, values, 0, channels);
        if (two) {
          second.read(pixel, count, other, 0, channels);
        }
        operation.apply(values, other, count, channels);
        target.write(pixel, count, values, 0, channels);
      }
    };
  }
}
