package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Plain calls of cuDNN's graph API, for tests of its stub: descriptors that go when this is closed. */
final class StubGraph implements AutoCloseable {
  final Arena arena = Arena.ofConfined();
  private final List<MemorySegment> made = new ArrayList<>();
  private final List<MemorySegment> operations = new ArrayList<>();
  private final StubClient card;
  final MemorySegment handle;
  private MemorySegment graph;

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

  MemorySegment pointers(MemorySegment... pointers) {
    return arena.allocateFrom(
        ValueLayout.JAVA_LONG, Arrays.stream(pointers).mapToLong(MemorySegment::address).toArray());
  }

  static void set(MemorySegment descriptor, int attribute, int type, long count, MemorySegment values) {
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
    return tensor(id, type, virtual, extents, strides);
  }

  MemorySegment tensor(long id, StoredNumbers type, boolean virtual, long[] extents, long[] strides) {
    MemorySegment tensor = describe(id, type, extents, strides);
    if (virtual) {
      yes(tensor, cudnn_h.CUDNN_ATTR_TENSOR_IS_VIRTUAL());
    }
    finish(tensor);
    return tensor;
  }

  /** A float that lies on the host when the plan is executed. */
  MemorySegment scalar(long id, int axes) {
    long[] ones = new long[axes];
    Arrays.fill(ones, 1);
    MemorySegment tensor = describe(id, StoredNumbers.FLOATS, ones, ones);
    yes(tensor, cudnn_h.CUDNN_ATTR_TENSOR_IS_BY_VALUE());
    finish(tensor);
    return tensor;
  }

  private MemorySegment describe(long id, StoredNumbers type, long[] extents, long[] strides) {
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
    return tensor;
  }

  private void yes(MemorySegment tensor, int attribute) {
    set(tensor, attribute, cudnn_h.CUDNN_TYPE_BOOLEAN(), 1, arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1));
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

  /** All operations so far, of which this is made once. */
  MemorySegment graph() {
    if (graph == null) {
      graph = descriptor(cudnn_h.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR());
      handle(graph, cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_HANDLE());
      others(graph, cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS(), operations.toArray(MemorySegment[]::new));
      finish(graph);
    }
    return graph;
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
