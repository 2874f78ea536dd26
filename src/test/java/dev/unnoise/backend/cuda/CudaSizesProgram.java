package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.NoisingJob.Level;
import dev.unnoise.graph.run.NoisingJob.Levels;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepRow;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** What {@link CudaBackendTest} runs in a process of its own: more at once than cards take in one launch. */
final class CudaSizesProgram {
  /** More than blocks along the second or the third axis of a grid. */
  private static final int MANY = 70_000;

  private static final Shape SMALLEST = new Shape(1, 1, 1);

  private final StubWork work;

  private CudaSizesProgram(StubWork work) {
    this.work = work;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaSizesProgram program = new CudaSizesProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "noising" -> program.noising();
      case "grids" -> program.grids();
      case "workspaces" -> program.workspaces();
      case "memory" -> program.memory();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private static float[] noisy(Device device, float[] clean, List<Level> levels, long firstIndex) {
    float[] noisy = new float[clean.length * levels.size()];
    device.noise(
        new NoisingJob(
            SMALLEST, clean.length, Evaluate.segment(clean), new Levels.Every(levels), 5, firstIndex, Evaluate.segment(noisy)));
    return noisy;
  }

  /** In several launches, or asked for in several parts: the same images. */
  private void noising() {
    float[] clean = Evaluate.normals(3, MANY);
    List<Level> one = List.of(new Level(0.8, 0.6, 7));
    List<Level> levels = IntStream.range(0, MANY).mapToObj(draw -> new Level(0.6, 0.8, draw)).toList();
    try (Device device = StubWork.open()) {
      float[] images = noisy(device, clean, one, 0);
      int half = MANY / 2;
      assertArrayEquals(noisy(device, Arrays.copyOf(clean, half), one, 0), Arrays.copyOf(images, half));
      float[] second = noisy(device, Arrays.copyOfRange(clean, half, MANY), one, half);
      assertArrayEquals(second, Arrays.copyOfRange(images, half, MANY));
      float[] few = Arrays.copyOf(clean, 1);
      float[] rounds = noisy(device, few, levels, 0);
      assertArrayEquals(
          noisy(device, few, levels.subList(half, MANY), 0), Arrays.copyOfRange(rounds, half, MANY));
    }
    work.requireNothingLeft("after noising");
  }

  /** What no card takes is said before a driver is asked. */
  private void grids() {
    Network network = StubWork.tiny();
    try (Device device = StubWork.open();
        Pipeline pipeline = work.pipeline(device, network)) {
      BackendException told = assertThrows(BackendException.class, () -> pipeline.program(MANY));
      assertEquals(
          "Stub card 0 takes at most 65535 evaluations at once, not 70000; sample fewer images at once", told.getMessage());
      assertTrue(pipeline.loaded().programBytes(MANY) > device.info().memoryBytes());
    }
    try (CudaContext context = new CudaContext(Driver.devices().getFirst());
        GpuModule module = context.compile(KernelChoice.noising(Traits.CARD));
        GpuKernel kernel = module.kernel("noising")) {
      long[] group = {32, 1, 1};
      for (long[] grid : List.of(new long[] {32, 65_536, 1}, new long[] {32, 1, 65_536}, new long[] {1L << 36, 1, 1})) {
        String told = assertThrows(IllegalArgumentException.class, () -> kernel.enqueue(grid, group)).getMessage();
        assertTrue(told.startsWith("the kernel noising is to run on "), told);
        assertTrue(told.endsWith("cards take at most " + (grid[0] > 32 ? Integer.MAX_VALUE : 65_535)), told);
      }
    }
    work.requireNothingLeft("after grids");
  }

  /** Whoever follows a run prepares another, for which engines want more scratch memory than the recorded one has. */
  private void workspaces() {
    Network network = StubWork.compact();
    SampleRequest request = StubWork.request(network, 4);
    try (Device device = StubWork.open();
        Pipeline recorded = work.pipeline(device, network)) {
      float[] alone = StubWork.sample(recorded, request).images();
      long before = allocations();
      for (int growth = 1; growth <= 2; growth++) {
        long bytes = 1L << (10 + 4 * growth);
        // What was prepared before is not prepared again.
        SampleRequest others = StubWork.request(network, 2, 2 + growth);
        long[] inTheMiddle = new long[1];
        SampleRequest growing =
            request.followedBy(
                (done, total) -> {
                  if (done == total / 2) {
                    work.control.set("cudnnWorkspace", bytes);
                    try (Pipeline another = work.pipeline(device, network)) {
                      StubWork.sample(another, others);
                    }
                    inTheMiddle[0] = allocations();
                  }
                  return true;
                });
        assertArrayEquals(alone, StubWork.sample(recorded, growing).images());
        assertEquals(List.of(), work.control.violations());
        assertTrue(inTheMiddle[0] > before, "what is recorded needs its scratch memory");
        try (Pipeline another = work.pipeline(device, network)) {
          StubWork.sample(another, others);
        }
        assertEquals(before, allocations(), "what was outgrown is kept though nothing is recorded");
      }
    }
    work.requireNothingLeft("after growing");
  }

  /** What a batch is chosen by covers what is taken while it is sampled. */
  private void memory() {
    try (Device device = StubWork.open()) {
      for (Network network : List.of(StubWork.tiny(), StubWork.compact())) {
        long before = used();
        try (Pipeline pipeline = work.pipeline(device, network)) {
          for (int batch : new int[] {2, 64}) {
            SampleRequest request = remembering(network, batch);
            long[] most = new long[1];
            StubWork.sample(
                pipeline,
                request.followedBy(
                    (done, total) -> {
                      most[0] = Math.max(most[0], used() - before);
                      return true;
                    }));
            long expected = pipeline.loaded().parameterBytes() + pipeline.loaded().programBytes(batch);
            // Libraries' scratch memory is counted in one lump, which must not be what hides the rest.
            long libraries = 128L << 20;
            assertTrue(most[0] <= expected - libraries + 64 * 1024, most[0] + " bytes are used, not " + expected);
          }
        }
      }
    }
    work.requireNothingLeft("after counting");
  }

  /** With noise that is given, earlier estimates and a threshold: with all that is kept for an image. */
  private static SampleRequest remembering(Network network, int images) {
    List<StepRow> rows = StubWork.table(2).rows();
    StepTable table =
        new StepTable(
            rows.stream().map(CudaSizesProgram::remembering).toList(), new Clipping.Dynamic(0.9, 2), false, 1);
    MemorySegment noise = Evaluate.segment(Evaluate.normals(2, images * network.sampleShape().elements()));
    SampleRequest plain = StubWork.request(network, 2, images);
    return new SampleRequest(
        table, images, images, 0, 0, plain.labels(), Optional.empty(), Optional.of(noise), plain.form(), RunMonitor.NONE);
  }

  private static StepRow remembering(StepRow row) {
    return new StepRow(
        row.timestep(), row.x0FromSample(), row.x0FromOutput(), row.sample(), row.output(), row.x0(), 0.1, 0.1, row.noise(),
        row.draw(), row.lowLogVariance(), row.highLogVariance(), true);
  }

  /** Bytes of the card that are taken. */
  private static long used() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
      assertEquals(driver_h.CUDA_SUCCESS(), driver_h.cuMemGetInfo_v2(free, total));
      return total.get(ValueLayout.JAVA_LONG, 0) - free.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private long allocations() {
    return work.control.alive().get("allocations");
  }
}
