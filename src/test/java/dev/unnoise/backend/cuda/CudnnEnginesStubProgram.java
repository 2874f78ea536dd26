package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** What {@link CudaStubsTest} runs in a process of its own: engines of the stub of cuDNN, and their knobs. */
final class CudnnEnginesStubProgram {
  private static final int BAD_PARAM = 2000;
  private static final int IMAGES = 2;
  private static final int TENSOR_CORES = 1;
  private static final int PLAIN = 2;

  private final StubControl control;

  private CudnnEnginesStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    CudnnEnginesStubProgram program = new CudnnEnginesStubProgram(StubControl.load(Path.of(arguments[0])));
    program.notes();
    program.choices();
    program.refusals();
    for (StoredNumbers type : StoredNumbers.values()) {
      program.batches(type, TENSOR_CORES);
      program.batches(type, PLAIN);
    }
    System.out.println("done");
  }

  /** Something to do with a graph of a convolution, and with a plan for it. */
  private void with(StoredNumbers type, int images, BiConsumer<StubEngines, Function<MemorySegment, float[]>> what) {
    StubConvolution convolution = new StubConvolution(type, images);
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = convolution.upload(card);
      long workspace = card.allocate(1 << 20);
      try (StubGraph graph = new StubGraph(card)) {
        convolution.describe(graph);
        StubEngines engines = new StubEngines(graph);
        what.accept(
            engines,
            configuration -> {
              StubClient.check(engines.execute(engines.plan(configuration), tensors, workspace));
              return convolution.download(card, tensors);
            });
      }
      card.free(workspace);
      StubConvolution.free(card, tensors);
    }
    control.requireNothingLeft();
  }

  /** What engines say of themselves is true. */
  private void notes() {
    with(
        StoredNumbers.FLOATS,
        IMAGES,
        (engines, run) -> {
          List<MemorySegment> all = engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8);
          assertEquals(
              List.of(
                  List.of(cudnn_h.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC()),
                  List.of(
                      cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE(), cudnn_h.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS()),
                  List.of()),
              all.stream().map(one -> engines.notes(engines.engineOf(one))).toList());
          float[][] results = new float[6][];
          Arrays.setAll(results, i -> run.apply(all.get(i / 2)));
          assertNotEquals(results[0][0], results[1][0], "two results that should differ");
          assertArrayEquals(results[2], results[3], 0);
          assertArrayEquals(results[4], results[2], 1e-1f);
          assertNotEquals(results[2][0], results[4][0], "tensor cores take fewer bits");
          new StubConvolution(StoredNumbers.FLOATS, IMAGES).requireExpected(results[5]);
        });
  }

  /** An engine that the program names by its number, with the heuristics' knobs, is the one that they chose. */
  private void choices() {
    with(
        StoredNumbers.FLOATS,
        IMAGES,
        (engines, run) -> {
          List<Map<Integer, Long>> knobs = new ArrayList<>();
          for (MemorySegment chosen : engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8)) {
            MemorySegment engine = engines.engine(engines.indexOf(engines.engineOf(chosen)));
            assertEquals(0, cudnn_h.cudnnBackendFinalize(engine));
            assertEquals(engines.notes(engines.engineOf(chosen)), engines.notes(engine));
            MemorySegment configuration = engines.configuration(engine, engines.knobsOf(chosen));
            assertEquals(0, cudnn_h.cudnnBackendFinalize(configuration));
            assertEquals(engines.indexOf(engine), engines.indexOf(engines.engineOf(configuration)));
            assertEquals(engines.knobsOf(chosen), engines.knobsOf(configuration));
            if (engines.indexOf(engine) != 0) {
              assertArrayEquals(run.apply(chosen), run.apply(configuration), 0);
            }
            knobs.add(engines.knobsOf(chosen));
          }
          assertEquals(
              List.of(
                  Map.of(), Map.of(StubEngines.TILE_SIZE, 1L, StubEngines.SPLIT_K_SLC, 2L),
                  Map.of(StubEngines.TILE_SIZE, 1L)),
              knobs);
        });
  }

  private void refusals() {
    int refused = cudnn_h.CUDNN_STATUS_NOT_SUPPORTED();
    with(
        StoredNumbers.FLOATS,
        IMAGES,
        (engines, run) -> {
          assertEquals(refused, cudnn_h.cudnnBackendFinalize(engines.engine(3)));
          assertEquals(refused, cudnn_h.cudnnBackendFinalize(engines.engine(-1)));
          MemorySegment engine = engines.engine(PLAIN);
          assertEquals(0, cudnn_h.cudnnBackendFinalize(engine));
          for (Map<Integer, Long> knobs :
              List.of(
                  Map.of(StubEngines.SPLIT_K_SLC, 1L),
                  Map.of(StubEngines.TILE_SIZE, 4L),
                  Map.of(StubEngines.TILE_SIZE, -1L))) {
            assertEquals(refused, cudnn_h.cudnnBackendFinalize(engines.configuration(engine, knobs)), knobs::toString);
          }
          MemorySegment configuration = engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8).getLast();
          control.set("cudnnRefusingEngines", 1 << PLAIN);
          assertEquals(refused, engines.tryPlan(configuration));
          control.set("cudnnMostImages", IMAGES - 1);
          assertEquals(refused, engines.tryPlan(configuration));
          control.set("cudnnMostImages", IMAGES);
          assertEquals(0, engines.tryPlan(configuration));
          control.set("cudnnFusingEngines", 1 << TENSOR_CORES);
          assertEquals(refused, cudnn_h.cudnnBackendFinalize(engines.engine(PLAIN)));
          assertEquals(0, cudnn_h.cudnnBackendFinalize(engines.engine(TENSOR_CORES)));
        });
    twice();
  }

  /** One knob with two values. */
  private void twice() {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      new StubConvolution(StoredNumbers.FLOATS, IMAGES).describe(graph);
      StubEngines engines = new StubEngines(graph);
      MemorySegment engine = engines.engine(PLAIN);
      assertEquals(0, cudnn_h.cudnnBackendFinalize(engine));
      MemorySegment configuration = engines.configuration(engine, Map.of());
      MemorySegment[] choices = {engines.choice(StubEngines.TILE_SIZE, 1), engines.choice(StubEngines.TILE_SIZE, 2)};
      graph.others(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES(), choices);
      assertEquals(BAD_PARAM, cudnn_h.cudnnBackendFinalize(configuration));
      assertEquals(List.of("cudnnBackendFinalize: two values are chosen for knob 2"), control.violations());
      control.reset();
    }
    control.requireNothingLeft();
  }

  /** What the heuristics choose depends on the number of images, and gives other bits; what is kept does not. */
  private void batches(StoredNumbers type, int index) {
    List<float[]> chosen = new ArrayList<>();
    List<float[]> kept = new ArrayList<>();
    List<Map<Integer, Long>> first = new ArrayList<>();
    for (int images : new int[] {4, 32, 33}) {
      with(
          type,
          images,
          (engines, run) -> {
            MemorySegment best = engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8).get(index);
            first.add(engines.knobsOf(best));
            chosen.add(run.apply(best));
            kept.add(run.apply(configuration(engines, index, first.getFirst())));
            for (int knob : engines.knobsOf(best).keySet()) {
              Map<Integer, Long> fewer = engines.knobsOf(best);
              fewer.remove(knob);
              float[] without = run.apply(configuration(engines, index, fewer));
              assertFalse(Arrays.equals(chosen.getLast(), without), "knob " + knob + " does nothing");
            }
          });
    }
    int count = chosen.getFirst().length;
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(kept.getFirst(), Arrays.copyOf(kept.get(i), count), 0, type.toString());
      for (int j = 0; j < i; j++) {
        boolean same = Arrays.equals(Arrays.copyOf(chosen.get(j), count), Arrays.copyOf(chosen.get(i), count));
        assertFalse(same, type + ": the same bits for other knobs");
      }
    }
  }

  private static MemorySegment configuration(StubEngines engines, int index, Map<Integer, Long> knobs) {
    MemorySegment engine = engines.engine(index);
    assertEquals(0, cudnn_h.cudnnBackendFinalize(engine));
    MemorySegment configuration = engines.configuration(engine, knobs);
    assertEquals(0, cudnn_h.cudnnBackendFinalize(configuration));
    return configuration;
  }
}
