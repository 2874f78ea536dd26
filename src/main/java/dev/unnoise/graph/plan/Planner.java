package dev.unnoise.graph.plan;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.UnnoiseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Assigns every intermediate a place by liveness, so that a step loop allocates nothing: largest first, each at the
 * lowest offset that no block alive at the same time occupies (greedy by size, Pisarchyk and Lee 2020).
 */
public final class Planner {
  private final Graph graph;
  private final int batch;
  private final PoolLimits limits;
  private final Map<Tensor, Block> blocks = new LinkedHashMap<>();

  private Planner(Graph graph, int batch, PoolLimits limits) {
    this.graph = graph;
    this.batch = batch;
    this.limits = limits;
  }

  /**
   * Plans a graph for a batch.
   *
   * @throws UnnoiseException if one tensor alone is larger than the largest pool
   */
  public static Plan plan(Graph graph, int batch, PoolLimits limits) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + " must be at least 1");
    }
    Planner planner = new Planner(graph, batch, limits);
    planner.findLifetimes();
    return planner.place();
  }

  /** Storage that one tensor, or several that take over from one another, occupy. */
  private static final class Block {
    final String name;
    final long bytes;
    final int first;
    int last;
    int pool;
    long offset;

    Block(String name, long bytes, int first) {
      this.name = name;
      this.bytes = bytes;
      this.first = first;
      this.last = first;
    }

    boolean sharesTimeWith(Block other) {
      return first <= other.last && other.first <= last;
    }
  }

  private void findLifetimes() {
    Set<Tensor> given = new HashSet<>(graph.inputs());
    Map<Tensor, Integer> lastReader = new HashMap<>();
    for (int i = 0; i < graph.nodes().size(); i++) {
      for (Tensor input : graph.nodes().get(i).inputs()) {
        lastReader.put(input.root(), i);
      }
    }
    graph.outputs().forEach(output -> lastReader.put(output.root(), graph.nodes().size()));
    for (int i = 0; i < graph.nodes().size(); i++) {
      Node node = graph.nodes().get(i);
      Tensor root = node.output().root();
      if (given.contains(root)) {
        throw new IllegalArgumentException(node.name() + " writes the input " + root.name());
      }
      Block block = blocks.get(root);
      if (block == null) {
        block = takeOver(node, i, lastReader);
        blocks.put(root, block);
      }
      block.last = Math.max(block.last, Math.max(i, lastReader.getOrDefault(root, i)));
    }
  }

  /** The block of an operand that dies at this node and may be overwritten, or a new one. */
  private Block takeOver(Node node, int index, Map<Tensor, Integer> lastReader) {
    long bytes = Math.multiplyExact(node.output().root().bytes(), (long) batch);
    if (limits.overwrite() && node.output().layout() instanceof Layout.Own) {
      for (Tensor operand : overwritable(node)) {
        Block block = blocks.get(operand);
        if (block != null
            && operand.layout().equals(node.output().layout())
            && operand.type() == node.output().type()
            && operand.shape().equals(node.output().shape())
            && block.last == index
            && lastReader.get(operand) == index
            && node.inputs().stream().filter(tensor -> tensor.root().equals(operand)).count() == 1) {
          return block;
        }
      }
    }
    return new Block(node.output().root().name(), bytes, index);
  }

  /** Operands each element of which is read for nothing but the same element of the result, or before any is written. */
  private static List<Tensor> overwritable(Node node) {
    return switch (node) {
      case Activate activate -> List.of(activate.source());
      case Add add -> List.of(add.left(), add.right());
      case AddConditioning add -> List.of(add.source());
      case Affine affine -> List.of(affine.source());
      case Divide divide -> List.of(divide.source());
      case Modulate modulate -> List.of(modulate.source());
      case GroupNorm norm when norm.sources().size() == 1 -> norm.sources();
      default -> List.of();
    };
  }

  private Plan place() {
    List<Block> order = new ArrayList<>(new HashSet<>(blocks.values()));
    order.sort(
        Comparator.comparingLong((Block block) -> -block.bytes)
            .thenComparingInt(block -> block.first)
            .thenComparing(block -> block.name));
    List<Long> pools = new ArrayList<>();
    List<Block> placed = new ArrayList<>();
    for (Block block : order) {
      if (block.bytes > limits.largestPool()) {
        throw new UnnoiseException(
            block.name + " needs " + block.bytes + " bytes for a batch of " + batch
                + ", more than the device's largest allocation of " + limits.largestPool() + "; sample fewer images at once");
      }
      findPlace(block, placed, pools);
      placed.add(block);
    }
    Map<Tensor, Place> places = new HashMap<>();
    blocks.forEach(
        (tensor, block) ->
            places.put(tensor, new Place(block.pool, block.offset, block.bytes, block.first, block.last)));
    return new Plan(graph, batch, places, pools);
  }

  private void findPlace(Block block, List<Block> placed, List<Long> pools) {
    for (int pool = 0; pool < pools.size(); pool++) {
      long offset = lowestOffset(block, placed, pool);
      if (offset + block.bytes <= limits.largestPool()) {
        block.pool = pool;
        block.offset = offset;
        pools.set(pool, Math.max(pools.get(pool), offset + block.bytes));
        return;
      }
    }
    block.pool = pools.size();
    block.offset = 0;
    pools.add(block.bytes);
  }

  private long lowestOffset(Block block, List<Block> placed, int pool) {
    List<Block> neighbours =
        placed.stream()
            .filter(other -> other.pool == pool && other.sharesTimeWith(block))
            .sorted(Comparator.comparingLong(other -> other.offset))
            .toList();
    long offset = 0;
    for (Block other : neighbours) {
      if (offset + block.bytes <= other.offset) {
        break;
      }
      offset = Math.max(offset, limits.align(other.offset + other.bytes));
    }
    return offset;
  }
}
