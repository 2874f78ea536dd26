package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Plain calls of cuDNN's graph API, for tests of its stub: descriptors that go when this is closed. */
final class StubGraph implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final List<MemorySegment> made = new ArrayList<>();
  private final List<MemorySegment> operations = new ArrayList<>();
  private final StubClient card;
  final MemorySegment handle;

  StubGraph(StubClient card) {
    this.card = card;
    handle = card.made(cudnn_h::cudnnCreate);
    StubClient.check(cudnn_h.cudnnSetStream(handle, card.stream));
  }

  MemorySegment descriptor(int kind) {
    MemorySegment descriptor = card.made(out -> cudnn_h.cudnnBackendCreateDescriptor(kind, out));
    made.add(descriptor);
    return descriptor;
  }

  void set(MemorySegment descriptor, int attribute, int type, int value) {
    set(descriptor, attribute, type, 1, arena.allocateFrom(ValueLayout.JAVA_INT, value));
  }

  void longs(MemorySegment descriptor, int attribute, long... values) {
    set(descriptor, attribute, cudnn_h.CUDNN_TYPE_INT64(), values.length,
        arena.allocateFrom(ValueLayout.JAVA_LONG, values));
  }

  void number(MemorySegment descriptor, int attribute, float value) {
    set(descriptor, attribute, cudnn_h.CUDNN_TYPE_FLOAT(), 1, arena.allocateFrom(ValueLayout.JAVA_FLOAT, value));
  }

  void others(MemorySegment descriptor, int attribute, MemorySegment... others) {
    assertEquals(0, tryOthers(descriptor, attribute, others));
  }

  int tryOthers(MemorySegment descriptor, int attribute, MemorySegment... others) {
    return cudnn_h.cudnnBackendSetAttribute(
        descriptor, attribute, cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(), others.length, pointers(others));
  }

  private MemorySegment pointers(MemorySegment... pointers) {
    return arena.allocateFrom(
        ValueLayout.JAVA_LONG, Arrays.stream(pointers).mapToLong(MemorySegment::address).toArray());
  }

  private static void set(MemorySegment descriptor, int attribute, int type, long count, MemorySegment values) {
    StubClient.check(cudnn_h.cudnnBackendSetAttribute(descriptor, attribute, type, count, values));
  }

  void handle(MemorySegment descriptor, int attribute) {
    set(descriptor, attribute, cudnn_h.CUDNN_TYPE_HANDLE(), 1, pointers(handle));
  }

  void finish(MemorySegment descriptor) {
    StubClient.check(cudnn_h.cudnnBackendFinalize(descriptor));
  }

  /** A tensor whose last axis has the stride 1, or channels in place of it if there are four axes. */
  MemorySegment tensor(long id, StoredNumbers type, boolean virtual, long... extents) {
    long[] strides = new long[extents.length];
    int[] inwards = extents.length == 4 ? new int[] {1, 3, 2, 0} : new int[] {2, 1, 0};
    long stride = 1;
    for (int axis : inwards) {
      strides[axis] = stride;
      stride *= extents[axis];
    }
    MemorySegment tensor = descriptor(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR());
    set(tensor, cudnn_h.CUDNN_ATTR_TENSOR_DATA_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), switch (type) {
      case FLOATS -> cudnn_h.CUDNN_DATA_FLOAT();
      case HALVES -> cudnn_h.CUDNN_DATA_HALF();
      case BFLOATS -> cudnn_h.CUDNN_DATA_BFLOAT16();
    });
    longs(tensor, cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS(), extents);
    longs(tensor, cudnn_h.CUDNN_ATTR_TENSOR_STRIDES(), strides);
    longs(tensor, cudnn_h.CUDNN_ATTR_TENSOR_UNIQUE_ID(), id);
    longs(tensor, cudnn_h.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), 16);
    if (virtual) {
      set(tensor, cudnn_h.CUDNN_ATTR_TENSOR_IS_VIRTUAL(), cudnn_h.CUDNN_TYPE_BOOLEAN(), 1,
          arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1));
    }
    finish(tensor);
    return tensor;
  }

  /** A 3×3 convolution with a margin of one pixel. */
  void convolution(MemorySegment x, MemorySegment w, MemorySegment y) {
    MemorySegment how = descriptor(cudnn_h.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR());
    int type = cudnn_h.CUDNN_TYPE_DATA_TYPE();
    set(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_COMP_TYPE(), type, cudnn_h.CUDNN_DATA_FLOAT());
    set(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_CONV_MODE(), cudnn_h.CUDNN_TYPE_CONVOLUTION_MODE(),
        cudnn_h.CUDNN_CROSS_CORRELATION());
    longs(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS(), 2);
    longs(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_DILATIONS(), 1, 1);
    longs(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES(), 1, 1);
    longs(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS(), 1, 1);
    longs(how, cudnn_h.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS(), 1, 1);
    finish(how);
    MemorySegment operation = descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR());
    number(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA(), 1);
    number(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA(), 0);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC(), how);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X(), x);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W(), w);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y(), y);
    add(operation);
  }

  private void add(MemorySegment operation) {
    finish(operation);
    operations.add(operation);
  }

  /** One or two operands. */
  void pointwise(int mode, MemorySegment y, MemorySegment... operands) {
    MemorySegment how = descriptor(cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR());
    set(how, cudnn_h.CUDNN_ATTR_POINTWISE_MODE(), cudnn_h.CUDNN_TYPE_POINTWISE_MODE(), mode);
    set(how, cudnn_h.CUDNN_ATTR_POINTWISE_MATH_PREC(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT());
    finish(how);
    MemorySegment operation = descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR());
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR(), how);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), operands[0]);
    if (operands.length > 1) {
      others(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_BDESC(), operands[1]);
    }
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_YDESC(), y);
    add(operation);
  }

  void product(MemorySegment a, MemorySegment b, MemorySegment c) {
    MemorySegment how = descriptor(cudnn_h.CUDNN_BACKEND_MATMUL_DESCRIPTOR());
    set(how, cudnn_h.CUDNN_ATTR_MATMUL_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT());
    finish(how);
    MemorySegment operation = descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR());
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_DESC(), how);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_ADESC(), a);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_BDESC(), b);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_CDESC(), c);
    add(operation);
  }

  void reduction(int mode, MemorySegment x, MemorySegment y) {
    MemorySegment how = descriptor(cudnn_h.CUDNN_BACKEND_REDUCTION_DESCRIPTOR());
    set(how, cudnn_h.CUDNN_ATTR_REDUCTION_OPERATOR(), cudnn_h.CUDNN_TYPE_REDUCTION_OPERATOR_TYPE(), mode);
    set(how, cudnn_h.CUDNN_ATTR_REDUCTION_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT());
    finish(how);
    MemorySegment operation = descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR());
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_DESC(), how);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_XDESC(), x);
    others(operation, cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_YDESC(), y);
    add(operation);
  }

  /** Configurations of engines for all operations, the best first. */
  List<MemorySegment> configurations(int mode, int most) {
    MemorySegment graph = descriptor(cudnn_h.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR());
    handle(graph, cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_HANDLE());
    others(graph, cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS(), operations.toArray(MemorySegment[]::new));
    finish(graph);
    MemorySegment heuristics = descriptor(cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR());
    others(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph);
    set(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(), cudnn_h.CUDNN_TYPE_HEUR_MODE(), mode);
    finish(heuristics);
    MemorySegment[] found = new MemorySegment[most];
    Arrays.setAll(found, i -> descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR()));
    return List.of(found).subList(0, fill(heuristics, cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), found));
  }

  private int fill(MemorySegment from, int attribute, MemorySegment... into) {
    MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
    int type = cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR();
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(from, attribute, type, into.length, count, pointers(into)));
    return (int) count.get(ValueLayout.JAVA_LONG, 0);
  }

  List<Integer> notes(MemorySegment configuration) {
    MemorySegment engine = descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR());
    assertEquals(1, fill(configuration, cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), engine));
    MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment notes = arena.allocate(ValueLayout.JAVA_INT, 8);
    int attribute = cudnn_h.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE();
    int type = cudnn_h.CUDNN_TYPE_NUMERICAL_NOTE();
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(engine, attribute, type, 8, count, notes));
    int[] all = notes.asSlice(0, 4 * count.get(ValueLayout.JAVA_LONG, 0)).toArray(ValueLayout.JAVA_INT);
    return Arrays.stream(all).boxed().toList();
  }

  MemorySegment plan(MemorySegment configuration) {
    MemorySegment plan = descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR());
    handle(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE());
    others(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configuration);
    finish(plan);
    return plan;
  }

  long workspace(MemorySegment plan) {
    MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    int attribute = cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE();
    int type = cudnn_h.CUDNN_TYPE_INT64();
    StubClient.check(cudnn_h.cudnnBackendGetAttribute(plan, attribute, type, 1, count, size));
    return size.get(ValueLayout.JAVA_LONG, 0);
  }

  /** The status of an execution with these tensors. */
  int execute(MemorySegment plan, Map<Long, Long> tensors, long workspace) {
    Map<Long, Long> sorted = new TreeMap<>(tensors);
    MemorySegment pack = descriptor(cudnn_h.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR());
    longs(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(),
        sorted.keySet().stream().mapToLong(Long::longValue).toArray());
    MemorySegment[] places = sorted.values().stream().map(MemorySegment::ofAddress).toArray(MemorySegment[]::new);
    int type = cudnn_h.CUDNN_TYPE_VOID_PTR();
    set(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(), type, places.length, pointers(places));
    set(pack, cudnn_h.CUDNN_ATTR_VARIANT_PACK_WORKSPACE(), type, 1, pointers(MemorySegment.ofAddress(workspace)));
    finish(pack);
    return cudnn_h.cudnnBackendExecute(handle, plan, pack);
  }

  @Override
  public void close() {
    for (MemorySegment descriptor : made.reversed()) {
      StubClient.check(cudnn_h.cudnnBackendDestroyDescriptor(descriptor));
    }
    StubClient.check(cudnn_h.cudnnDestroy(handle));
    arena.close();
  }
}
