package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Plain calls about engines for a {@link StubGraph}, which owns the descriptors, and about their plans. */
final class StubEngines {
  /** Types of knobs: the bindings need none of them by name. */
  static final int TILE_SIZE = 2;

  static final int SPLIT_K_SLC = 17;

  private static final int MOST_KNOBS = 46;

  private final StubGraph graph;

  StubEngines(StubGraph graph) {
    this.graph = graph;
  }

  /** The status of asking the heuristics. */
  int tryHeuristics(int mode) {
    return cudnn_h.cudnnBackendFinalize(heuristics(mode));
  }

  private MemorySegment heuristics(int mode) {
    MemorySegment heuristics = graph.descriptor(cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR());
    graph.others(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph.graph());
    graph.set(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(), cudnn_h.CUDNN_TYPE_HEUR_MODE(), mode);
    return heuristics;
  }

  /** Configurations of engines for all operations, the best first. */
  List<MemorySegment> configurations(int mode, int most) {
    MemorySegment heuristics = heuristics(mode);
    graph.finish(heuristics);
    MemorySegment[] found = descriptors(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), most);
    return List.of(found).subList(0, fill(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), found));
  }

  private MemorySegment[] descriptors(int kind, int count) {
    MemorySegment[] made = new MemorySegment[count];
    Arrays.setAll(made, i -> graph.descriptor(kind));
    return made;
  }

  private int fill(MemorySegment from, int attribute, MemorySegment... into) {
    MemorySegment count = graph.arena.allocate(ValueLayout.JAVA_LONG);
    int type = cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR();
    MemorySegment to = graph.pointers(into);
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(from, attribute, type, into.length, count, to));
    return (int) count.get(ValueLayout.JAVA_LONG, 0);
  }

  /** What a configuration is one of. */
  MemorySegment engineOf(MemorySegment configuration) {
    MemorySegment engine = graph.descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR());
    assertEquals(1, fill(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), engine));
    return engine;
  }

  /** Values by the types of knobs. */
  Map<Integer, Long> knobsOf(MemorySegment configuration) {
    MemorySegment[] choices = descriptors(cudnn_h.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR(), MOST_KNOBS);
    int count = fill(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES(), choices);
    Map<Integer, Long> knobs = new TreeMap<>();
    for (MemorySegment choice : List.of(choices).subList(0, count)) {
      int type = cudnn_h.CUDNN_TYPE_KNOB_TYPE();
      int knob = get(choice, cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE(), type).get(ValueLayout.JAVA_INT, 0);
      knobs.put(knob, integer(choice, cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE()));
    }
    return knobs;
  }

  /** An engine of the graph by its number, not yet finalised. */
  MemorySegment engine(long index) {
    MemorySegment engine = graph.descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR());
    graph.others(engine, cudnn_h.CUDNN_ATTR_ENGINE_OPERATION_GRAPH(), graph.graph());
    graph.longs(engine, cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX(), index);
    return engine;
  }

  /** A configuration of an engine and of values by the types of knobs, not yet finalised. */
  MemorySegment configuration(MemorySegment engine, Map<Integer, Long> knobs) {
    MemorySegment configuration = graph.descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR());
    graph.others(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), engine);
    MemorySegment[] choices =
        knobs.entrySet().stream().map(knob -> choice(knob.getKey(), knob.getValue())).toArray(MemorySegment[]::new);
    graph.others(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES(), choices);
    return configuration;
  }

  MemorySegment choice(int knob, long value) {
    MemorySegment choice = graph.descriptor(cudnn_h.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR());
    graph.set(choice, cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE(), cudnn_h.CUDNN_TYPE_KNOB_TYPE(), knob);
    graph.longs(choice, cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE(), value);
    graph.finish(choice);
    return choice;
  }

  long indexOf(MemorySegment engine) {
    return integer(engine, cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX());
  }

  List<Integer> notes(MemorySegment engine) {
    MemorySegment count = graph.arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment notes = graph.arena.allocate(ValueLayout.JAVA_INT, 8);
    int attribute = cudnn_h.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE();
    int type = cudnn_h.CUDNN_TYPE_NUMERICAL_NOTE();
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(engine, attribute, type, 8, count, notes));
    int[] all = notes.asSlice(0, 4 * count.get(ValueLayout.JAVA_LONG, 0)).toArray(ValueLayout.JAVA_INT);
    return Arrays.stream(all).boxed().toList();
  }

  private long integer(MemorySegment descriptor, int attribute) {
    return get(descriptor, attribute, cudnn_h.CUDNN_TYPE_INT64()).get(ValueLayout.JAVA_LONG, 0);
  }

  private MemorySegment get(MemorySegment descriptor, int attribute, int type) {
    MemorySegment count = graph.arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment value = graph.arena.allocate(ValueLayout.JAVA_LONG);
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(descriptor, attribute, type, 1, count, value));
    assertEquals(1, count.get(ValueLayout.JAVA_LONG, 0));
    return value;
  }

  /** A plan of the engine that does nothing but what it is asked to. */
  MemorySegment plainPlan() {
    return plan(configurations(cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), 1).getFirst());
  }

  MemorySegment plan(MemorySegment configuration) {
    MemorySegment plan = unfinishedPlan(configuration);
    graph.finish(plan);
    return plan;
  }

  /** The status of making a plan. */
  int tryPlan(MemorySegment configuration) {
    return cudnn_h.cudnnBackendFinalize(unfinishedPlan(configuration));
  }

  private MemorySegment unfinishedPlan(MemorySegment configuration) {
    MemorySegment plan = graph.descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR());
    graph.handle(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE());
    graph.others(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configuration);
    return plan;
  }

  long workspace(MemorySegment plan) {
    return integer(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
  }

  /** The status of an execution with tensors at these addresses. */
  int execute(MemorySegment plan, Map<Long, Long> tensors, long workspace) {
    Map<Long, Long> sorted = new TreeMap<>(tensors);
    MemorySegment pack = graph.descriptor(cudnn_h.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR());
    long[] ids = sorted.keySet().stream().mapToLong(Long::longValue).toArray();
    graph.longs(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(), ids);
    MemorySegment[] places = sorted.values().stream().map(MemorySegment::ofAddress).toArray(MemorySegment[]::new);
    int type = cudnn_h.CUDNN_TYPE_VOID_PTR();
    MemorySegment pointers = graph.pointers(places);
    StubGraph.set(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(), type, places.length, pointers);
    MemorySegment scratch = graph.pointers(MemorySegment.ofAddress(workspace));
    StubGraph.set(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_WORKSPACE(), type, 1, scratch);
    graph.finish(pack);
    return cudnn_h.cudnnBackendExecute(graph.handle, plan, pack);
  }
}
