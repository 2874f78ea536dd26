package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.host.Engine;
import dev.unnoise.graph.Network;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lanes side by side. With at least as many images as threads, every lane is one thread, and threads wait for nothing;
 * with fewer, each lane gets a share of the threads, which then work together on each product.
 */
final class CpuEngine implements Engine {
  private final CpuNetwork loaded;
  private final Workers workers;
  private final int groupLimit;
  private final Map<LaneKey, LaneEvaluator> lanes = new HashMap<>();

  /** Which lane, among those with so many threads each. */
  private record LaneKey(int threads, int index) {}

  /**
   * @param groupLimit evaluations of a lane at once
   */
  CpuEngine(CpuNetwork loaded, Workers workers, int groupLimit) {
    this.loaded = loaded;
    this.workers = workers;
    this.groupLimit = groupLimit;
  }

  @Override
  public Network network() {
    return loaded.lowered();
  }

  @Override
  public void condition(float[] timesteps, float[] labels, float[] table) {
    loaded.condition(timesteps, labels, table);
  }

  @Override
  public int lanes(int images) {
    return Math.min(images, workers.count());
  }

  @Override
  public void forEachGroup(int images, int evaluationsPerImage, GroupTask task) {
    int laneCount = lanes(images);
    int threadsPerLane = workers.count() / laneCount;
    int group = groupSize(images, laneCount, evaluationsPerImage, groupLimit);
    dropLanesOfOther(threadsPerLane);
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean failed = new AtomicBoolean();
    workers.run(
        laneCount,
        index -> {
          try {
            OneDnn.useThreads(threadsPerLane);
            LaneEvaluator lane = lane(new LaneKey(threadsPerLane, index), group * evaluationsPerImage);
            for (int first = next.getAndAdd(group); first < images && !failed.get(); first = next.getAndAdd(group)) {
              task.run(lane, first, Math.min(group, images - first));
            }
          } catch (RuntimeException | Error e) {
            failed.set(true);
            throw e;
          }
        });
  }

  /** Lanes made for another number of threads would hold memory for nothing. */
  private void dropLanesOfOther(int threads) {
    synchronized (lanes) {
      lanes.entrySet()
          .removeIf(
              entry -> {
                boolean other = entry.getKey().threads() != threads;
                if (other) {
                  entry.getValue().close();
                }
                return other;
              });
    }
  }

  /** Images of a group: as many rounds as needed, equally large. */
  static int groupSize(int images, int lanes, int evaluationsPerImage, int limit) {
    int largest = Math.max(1, limit / evaluationsPerImage);
    int rounds = Math.ceilDiv(images, lanes * largest);
    return Math.ceilDiv(images, lanes * rounds);
  }

  private LaneEvaluator lane(LaneKey key, int slots) {
    LaneEvaluator lane;
    synchronized (lanes) {
      lane = lanes.get(key);
      if (lane != null && lane.slots() < slots) {
        lanes.remove(key);
        lane.close();
        lane = null;
      }
    }
    if (lane == null) {
      lane = loaded.newLane(key.threads(), slots);
      synchronized (lanes) {
        lanes.put(key, lane);
      }
    }
    return lane;
  }

  @Override
  public long allocations() {
    return Scope.allocations();
  }

  @Override
  public void close() {
    lanes.values().forEach(LaneEvaluator::close);
    lanes.clear();
    loaded.forget(this);
  }
}
