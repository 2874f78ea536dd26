package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.gpu.Recording;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.LaunchTables;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What {@link CudaBackendTest} runs in a process of its own: steps, replayed or not, and each of their launches. */
final class CudaStepsProgram {
  /** A batch as cards like it. */
  private static final int MANY = 512;

  private final StubWork work;
  private final StubControl control;

  private CudaStepsProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaStepsProgram program = new CudaStepsProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "launches" -> program.launches();
      case "recording" -> program.recording();
      case "samplers" -> program.samplers();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  /** Every launch is measured by the card's own clock, replayed as a step is. */
  private void launches() {
    try (Device device = StubWork.open()) {
      try (Pipeline pipeline = work.pipeline(device, StubWork.tiny())) {
        launches(pipeline, StubWork.tiny(), Set.of("kernel"));
        SampleRequest request = StubWork.request(StubWork.tiny(), StubWork.STEPS);
        for (String call : List.of("cuEventCreate", "cuEventRecord", "cuEventElapsedTime")) {
          control.reset();
          control.fail(call, 2, StubWork.ILLEGAL_ADDRESS);
          BackendException e = assertThrows(BackendException.class, () -> pipeline.profile(request, Repeats.ONCE));
          assertTrue(e.getMessage().contains(call), e.getMessage());
        }
        control.reset();
      }
      for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
        try (Pipeline pipeline = new Pipeline(device, StubWork.compact(), work.weights, precision)) {
          launches(pipeline, StubWork.compact(), Set.of("cuDNN", "kernel"));
        }
      }
    }
    work.requireNothingLeft("after closing");
  }

  private void launches(Pipeline pipeline, Network network, Set<String> by) {
    SampleRequest request = StubWork.request(network, StubWork.STEPS, 3);
    long launchesPerStep = StubWork.sample(pipeline, request).report().launchesPerStep();
    control.reset();
    List<LaunchTime> table = pipeline.profile(request, new Repeats(1, 2));
    assertEquals(List.of(), control.violations());
    assertEquals(launchesPerStep, table.size());
    assertEquals(table.size(), control.seen("cuEventElapsedTime"), "two events a launch");
    assertEquals(table.size(), control.seen("cuGraphLaunch"), "one replay of all repeats a launch");
    LaunchTables.require(table, pipeline.loaded().plan(1).graph(), 3);
    assertEquals(3 * network.denoiser().flop(), LaunchTables.flop(table));
    Set<String> first = table.stream().map(one -> one.by().split(",")[0]).collect(Collectors.toSet());
    assertEquals(by, first);
    DataType type = pipeline.loaded().plan(1).graph().input(Network.SAMPLE).type();
    assertEquals(described(planned(network, type, request)), described(table), "the plan without a card");
    assertEquals("begin_step", table.getFirst().node());
    assertEquals("end_step", table.getLast().node());
    table.stream()
        .filter(one -> one.by().equals("kernel"))
        .forEach(one -> assertTrue(one.detail().matches("\\S+ \\w+"), one.toString()));
  }

  /** What bench/predict takes for the launches of a card that is not there. */
  private List<LaunchTime> planned(Network network, DataType type, SampleRequest request) {
    Precision precision = type == DataType.BF16 ? Precision.BF16 : Precision.FP32;
    try (Device card = PlannedCard.open();
        Pipeline pipeline = new Pipeline(card, network, work.weights, precision)) {
      return pipeline.profile(request, Repeats.ONCE);
    }
  }

  /** Nodes, shapes and work; on a card, engines decide how many launches a product with an epilogue takes. */
  private static Set<List<Object>> described(List<LaunchTime> table) {
    return table.stream()
        .filter(one -> !one.detail().endsWith(" epilogue"))
        .map(one -> List.<Object>of(one.node(), one.kind(), one.shape(), one.flop()))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Replayed or not, images have the same bits. */
  private void recording() {
    try (Device device = StubWork.open()) {
      for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
        for (Network network : List.of(StubWork.tiny(), StubWork.compact())) {
          try (Pipeline pipeline = new Pipeline(device, network, work.weights, precision)) {
            float[] replayed = recorded("true", pipeline, network);
            assertEquals(StubWork.STEPS, control.seen("cuGraphLaunch"));
            float[] direct = recorded("false", pipeline, network);
            assertEquals(0, control.seen("cuGraphLaunch"));
            assertEquals(0, control.seen("cuStreamBeginCapture_v2"));
            assertArrayEquals(bits(replayed), bits(direct), precision + " of " + network.denoiser().name());
          }
        }
      }
      try (Pipeline pipeline = work.pipeline(device, StubWork.tiny())) {
        BackendException e =
            assertThrows(BackendException.class, () -> recorded("perhaps", pipeline, StubWork.tiny()));
        assertEquals("unnoise.gpu.record is perhaps, expected true or false", e.getMessage());
      }
    }
    work.requireNothingLeft("after closing");
  }

  private float[] recorded(String value, Pipeline pipeline, Network network) {
    control.reset();
    System.setProperty(Recording.PROPERTY, value);
    try {
      StubWork.Sampled sampled = StubWork.sample(pipeline, StubWork.request(network, StubWork.STEPS));
      assertEquals(0, sampled.report().hostSyncsInLoop());
      assertEquals(List.of(), control.violations());
      return sampled.images();
    } finally {
      System.clearProperty(Recording.PROPERTY);
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  /** Every sampler's image agrees with the reference, and the first images of many are those of few. */
  private void samplers() {
    Network network = StubWork.tiny();
    try (Device reference = Evaluate.open("reference");
        Device device = StubWork.open();
        Pipeline expected = work.pipeline(reference, network);
        Pipeline actual = work.pipeline(device, network)) {
      for (String sampler : Samplers.names()) {
        SampleRequest request = StubWork.request(network, StubWork.table(sampler, StubWork.STEPS), 1);
        float[] images = StubWork.sample(actual, request).images();
        double difference = Evaluate.largestDifference(StubWork.sample(expected, request).images(), images);
        assertTrue(difference < 1e-3, sampler + " differs by " + difference);
      }
      StepTable table = StubWork.table(StubWork.STEPS);
      int[] few = bits(StubWork.sample(actual, StubWork.request(network, table, 4)).images());
      int[] many = bits(StubWork.sample(actual, StubWork.request(network, table, MANY)).images());
      assertArrayEquals(few, Arrays.copyOf(many, few.length), "images 0 … 3 of " + MANY);
    }
    work.requireNothingLeft("after closing");
  }
}
