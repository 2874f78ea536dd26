package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.kernel.PreparedWeights;
import dev.unnoise.backend.cpu.kernel.Recipes;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.host.HostProgram;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.plan.PoolLimits;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** A network whose weights lie in the layouts of its primitives. */
final class CpuNetwork implements LoadedNetwork {
  private static final PoolLimits LIMITS = new PoolLimits(64, Long.MAX_VALUE / 2, true);

  /** Evaluations of a lane at once: enough to read weights seldom, few enough to stay in the cache. */
  private static final int LARGEST_GROUP = 4;

  /** Activations of a lane's group should not take more than this, if it has a choice. */
  private static final long GROUP_BYTES = 128L << 20;

  private final OneDnn oneDnn;
  private final Workers workers;
  private final Network lowered;
  private final PreparedWeights weights;
  private final Plan plan;
  private final ConditioningLanes conditioning;
  private final Map<Integer, Recipes> recipesByThreads = new HashMap<>();
  private final Set<CpuEngine> engines = new HashSet<>();
  private final Consumer<CpuNetwork> whenClosed;
  private boolean closed;

  CpuNetwork(
      OneDnn oneDnn, Workers workers, Network lowered, Weights source, Consumer<CpuNetwork> whenClosed) {
    this.oneDnn = oneDnn;
    this.workers = workers;
    this.lowered = lowered;
    this.whenClosed = whenClosed;
    this.plan = Planner.plan(lowered.denoiser(), 1, LIMITS);
    this.weights = new PreparedWeights(oneDnn, source);
    ConditioningLanes prepared = null;
    try {
      prepared = new ConditioningLanes(oneDnn, workers, weights, lowered.conditioning(), LIMITS);
      recipesByThreads.put(1, new Recipes(oneDnn, weights, lowered.denoiser(), 1, workers.singleThreaded()));
    } catch (RuntimeException | Error e) {
      if (prepared != null) {
        prepared.close();
      }
      recipesByThreads.values().forEach(Recipes::close);
      weights.close();
      throw e;
    }
    this.conditioning = prepared;
    weights.seal();
  }

  Network lowered() {
    return lowered;
  }

  void condition(float[] timesteps, float[] labels, float[] table) {
    conditioning.run(timesteps, labels, table);
  }

  /** A lane for a thread that has been told to use that many OpenMP threads. */
  LaneEvaluator newLane(int threads, int slots) {
    return new LaneEvaluator(oneDnn, recipes(threads), plan, slots);
  }

  private synchronized Recipes recipes(int threads) {
    return recipesByThreads.computeIfAbsent(
        threads,
        key -> Recipes.together(recipesByThreads.get(1), key));
  }

  private int groupLimit() {
    return (int) Math.clamp(GROUP_BYTES / Math.max(1, plan.bytes()), 1, LARGEST_GROUP);
  }

  @Override
  public Plan plan(int batch) {
    return Planner.plan(lowered.denoiser(), batch, LIMITS);
  }

  @Override
  public long programBytes(int batch) {
    int lanes = Math.min(batch, workers.count());
    int slots = CpuEngine.groupSize(batch, lanes, 1, groupLimit());
    return lanes * Lane.bytes(recipes(1), plan, slots);
  }

  @Override
  public long parameterBytes() {
    return weights.bytes();
  }

  @Override
  public Program compile(int batch) {
    CpuEngine engine = new CpuEngine(this, workers, groupLimit());
    synchronized (engines) {
      engines.add(engine);
    }
    return new HostProgram(engine, batch);
  }

  void forget(CpuEngine engine) {
    synchronized (engines) {
      engines.remove(engine);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<CpuEngine> open;
    synchronized (engines) {
      open = new ArrayList<>(engines);
    }
    open.forEach(CpuEngine::close);
    conditioning.close();
    recipesByThreads.values().forEach(Recipes::close);
    recipesByThreads.clear();
    weights.close();
    whenClosed.accept(this);
  }
}
