package dev.unnoise.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNet;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class StepLoopTest {
  private static final int STEPS = 1000;
  private static final int MEASURED = 300;

  /** Bytes that a thread has allocated on the heap when its image reached a step. */
  private record Mark(long atStart, long atEnd) {}

  @Test
  void allocatesNothingOnTheHeapPerNode() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Map<Long, Mark> marks = new ConcurrentHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/cases/ddpm-tiny"));
        Device device = Evaluate.open("cpu")) {
      Network network = UNet.build(checkpoint.unet(), 16, 16);
      int nodes = device.lower(network).denoiser().nodes().size();
      SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
      StepTable table = Samplers.named("ddpm").orElseThrow().table(scheduler, STEPS, SamplerOptions.DEFAULT);
      try (Pipeline pipeline = new Pipeline(device, network, checkpoint.weights(), Precision.FP32)) {
        RunMonitor monitor =
            (done, total) -> {
              long thread = Thread.currentThread().threadId();
              if (done == STEPS - MEASURED) {
                marks.put(thread, new Mark(threads.getThreadAllocatedBytes(thread), 0));
              } else if (done == STEPS) {
                marks.computeIfPresent(
                    thread, (id, mark) -> new Mark(mark.atStart(), threads.getThreadAllocatedBytes(thread)));
              }
              return true;
            };
        SampleReport report =
            pipeline.sample(SampleRequest.of(table, 1).followedBy(monitor), (images, count) -> {});
        assertEquals(0, report.allocationsInLoop());
      }
      assertEquals(1, marks.size());
      Mark mark = marks.values().iterator().next();
      long perStep = (mark.atEnd() - mark.atStart()) / MEASURED;
      // The smallest object takes 16 bytes: one per node would be this much.
      assertTrue(perStep < 16L * nodes, perStep + " bytes per step with " + nodes + " nodes");
    }
  }
}
