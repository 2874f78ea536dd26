package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.kernel.Kernel;
import dev.unnoise.backend.cpu.kernel.Recipe;
import dev.unnoise.backend.cpu.kernel.Recipes;
import dev.unnoise.backend.cpu.kernel.Region;
import dev.unnoise.backend.cpu.kernel.Site;
import dev.unnoise.backend.cpu.kernel.Staging;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Place;
import dev.unnoise.graph.plan.Plan;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph bound to memory for a few images, used by one thread at a time. Node by node, each image in turn: weights
 * are read from memory once for all of them.
 */
final class Lane implements Site, AutoCloseable {
  private final Plan plan;
  private final int rows;
  private final int slots;
  private final Scope scope = new Scope();
  private final Stream stream;
  private final Staging staging = new Staging();
  private final List<List<MemorySegment>> pools = new ArrayList<>();
  private final List<Map<Tensor, MemorySegment>> inputs = new ArrayList<>();
  private final MemorySegment scratchpad;
  private final MemorySegment workspace;
  private final Kernel[] kernels;

  /**
   * @param plan of the recipes' graph, for {@link Recipes#rows()} images
   * @param slots images it holds
   */
  Lane(OneDnn oneDnn, Recipes recipes, Plan plan, int slots) {
    this.plan = plan;
    this.rows = recipes.rows();
    this.slots = slots;
    try {
      this.stream = oneDnn.stream(scope);
      List<Recipe> list = recipes.recipes();
      scratchpad = scope.allocate(scratchpadBytes(list));
      workspace = scope.allocate(workspaceBytes(list, slots));
      for (int slot = 0; slot < slots; slot++) {
        allocateSlot(recipes.graph());
      }
      kernels = list.stream().map(recipe -> recipe.bind(this)).toArray(Kernel[]::new);
    } catch (RuntimeException | OutOfMemoryError e) {
      scope.close();
      throw e;
    }
  }

  /** Bytes of native memory that a lane takes. */
  static long bytes(Recipes recipes, Plan plan, int slots) {
    long inputs = recipes.graph().inputs().stream().mapToLong(Tensor::bytes).sum() * recipes.rows();
    return slots * (plan.bytes() + inputs)
        + scratchpadBytes(recipes.recipes())
        + workspaceBytes(recipes.recipes(), slots);
  }

  private static long scratchpadBytes(List<Recipe> recipes) {
    return recipes.stream().mapToLong(Recipe::scratchpadBytes).max().orElse(0);
  }

  private static long workspaceBytes(List<Recipe> recipes, int slots) {
    return recipes.stream().mapToLong(recipe -> recipe.workspaceBytes(slots)).max().orElse(0);
  }

  private void allocateSlot(Graph graph) {
    // A slice's layout reaches past its last channel to the end of that pixel: room for one pixel more.
    long slack =
        plan.places().keySet().stream().mapToLong(tensor -> 4L * tensor.channelStride()).max().orElse(0);
    pools.add(plan.pools().stream().map(bytes -> scope.allocate(bytes + slack)).toList());
    Map<Tensor, MemorySegment> given = new HashMap<>();
    for (Tensor input : graph.inputs()) {
      given.put(input, scope.allocate((input.bytes() + 4L * input.channelStride()) * rows));
    }
    inputs.add(given);
  }

  /** Computes every node for the images in the first {@code images} slots. */
  void run(int images) {
    for (Kernel kernel : kernels) {
      kernel.run(images);
    }
  }

  /** Computes every node, adding each one's time to {@code nanos}. */
  void run(int images, long[] nanos) {
    for (int i = 0; i < kernels.length; i++) {
      long began = System.nanoTime();
      kernels[i].run(images);
      nanos[i] += System.nanoTime() - began;
    }
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public Region region(int slot, Tensor tensor) {
    MemorySegment given = inputs.get(slot).get(tensor.root());
    long offset = 4L * tensor.channelOffset();
    MemorySegment memory;
    if (given != null) {
      memory = given.asSlice(offset);
    } else {
      Place place = plan.place(tensor);
      memory = pools.get(slot).get(place.pool()).asSlice(place.offset() + offset);
    }
    int pixels = Math.toIntExact(tensor.shape().pixels() * rows);
    return new Region(memory, tensor.channels(), tensor.channelStride(), pixels);
  }

  @Override
  public MemorySegment scratchpad() {
    return scratchpad;
  }

  @Override
  public MemorySegment workspace() {
    return workspace;
  }

  @Override
  public Staging staging() {
    return staging;
  }

  @Override
  public Scope scope() {
    return scope;
  }

  @Override
  public Stream stream() {
    return stream;
  }

  @Override
  public void close() {
    scope.close();
  }
}
