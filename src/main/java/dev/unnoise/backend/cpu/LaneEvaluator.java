package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.kernel.Recipe;
import dev.unnoise.backend.cpu.kernel.Recipes;
import dev.unnoise.backend.cpu.kernel.Region;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.host.ComputedBy;
import dev.unnoise.backend.host.Evaluation;
import dev.unnoise.backend.host.Evaluator;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Plan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The denoiser on a lane. */
final class LaneEvaluator implements Evaluator, AutoCloseable {
  private final Lane lane;
  private final Region[] samples;
  private final Region[] conditionings;
  private final Region[] timesteps;
  private final Region[] outputs;
  private final float[] pixels;
  private final List<ComputedBy> computedBy;
  private final long launches;

  LaneEvaluator(OneDnn oneDnn, Recipes recipes, Plan plan, int slots) {
    Graph graph = recipes.graph();
    this.lane = new Lane(oneDnn, recipes, plan, slots);
    this.samples = regions(graph.input(Network.SAMPLE));
    this.conditionings = regions(graph.input(Network.CONDITIONING));
    this.timesteps = regions(graph.input(Network.TIMESTEP));
    this.outputs = regions(graph.output());
    long largest = Math.max(graph.input(Network.SAMPLE).shape().elements(), graph.output().shape().elements());
    this.pixels = new float[Math.toIntExact(largest)];
    this.computedBy =
        recipes.recipes().stream()
            .map(recipe -> recipe.implementation().map(code -> new ComputedBy("oneDNN", code)).orElse(ComputedBy.JAVA))
            .toList();
    this.launches = recipes.recipes().stream().mapToLong(Recipe::launches).sum();
  }

  private Region[] regions(Tensor tensor) {
    Region[] regions = new Region[lane.slots()];
    for (int slot = 0; slot < regions.length; slot++) {
      regions[slot] = lane.region(slot, tensor);
    }
    return regions;
  }

  int slots() {
    return lane.slots();
  }

  @Override
  public void evaluate(Evaluation[] evaluations, int count) {
    for (int slot = 0; slot < count; slot++) {
      Evaluation evaluation = evaluations[slot];
      write(evaluation.sample(), samples[slot]);
      MemorySegment.copy(
          evaluation.table(),
          evaluation.rowOffset(),
          conditionings[slot].memory(),
          ValueLayout.JAVA_FLOAT,
          0,
          conditionings[slot].channels());
      timesteps[slot].memory().set(ValueLayout.JAVA_FLOAT, 0, evaluation.timestep());
    }
    lane.run(count);
    for (int slot = 0; slot < count; slot++) {
      read(outputs[slot], evaluations[slot].output());
    }
  }

  /** C,H,W to H,W,C. */
  private void write(float[] planes, Region region) {
    int channels = region.channels();
    for (int c = 0; c < channels; c++) {
      int plane = c * region.pixels();
      for (int pixel = 0; pixel < region.pixels(); pixel++) {
        pixels[pixel * channels + c] = planes[plane + pixel];
      }
    }
    region.write(0, region.pixels(), pixels, 0, channels);
  }

  /** H,W,C to C,H,W. */
  private void read(Region region, float[] planes) {
    int channels = region.channels();
    region.read(0, region.pixels(), pixels, 0, channels);
    for (int c = 0; c < channels; c++) {
      int plane = c * region.pixels();
      for (int pixel = 0; pixel < region.pixels(); pixel++) {
        planes[plane + pixel] = pixels[pixel * channels + c];
      }
    }
  }

  @Override
  public void time(int count, long[] nanos) {
    lane.run(count, nanos);
  }

  @Override
  public ComputedBy computedBy(int node) {
    return computedBy.get(node);
  }

  @Override
  public long launches() {
    return launches;
  }

  @Override
  public void close() {
    lane.close();
  }
}
