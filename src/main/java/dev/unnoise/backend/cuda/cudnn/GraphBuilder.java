package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Describes tensors and operations of a graph of cuDNN's. Everything is computed in single precision. */
final class GraphBuilder {
  private static final int SPATIAL_AXES = 2;

  private final Held held;
  private final List<Descriptor> operations = new ArrayList<>();
  private final Map<Long, Long> constants = new HashMap<>();
  private Arena arena;

  /** What is made is given to {@code held}. */
  GraphBuilder(Held held) {
    this.held = held;
  }

  /** In the order in which they were added. */
  List<Descriptor> operations() {
    return operations;
  }

  Map<Long, Long> constants() {
    return constants;
  }

  /**
   * A tensor in memory.
   *
   * @param id by which the variant pack calls it
   * @param alignment bytes that its address is a multiple of
   * @param distances elements from one entry to the next, along every axis
   */
  Descriptor tensor(long id, DataType type, int alignment, long[] extents, long[] distances) {
    return unfinished(id, type, alignment, extents, distances).finish();
  }

  /** A tensor that is nowhere but between operations. */
  Descriptor virtual(long id, DataType type, long[] extents, long[] distances) {
    return unfinished(id, type, type.bytes(), extents, distances)
        .flag(cudnn_h.CUDNN_ATTR_TENSOR_IS_VIRTUAL(), true)
        .finish();
  }

  /** One number for all entries of tensors of {@code axes} axes. */
  Descriptor constant(long id, float value, int axes) {
    if (arena == null) {
      arena = held.own(Arena.ofShared());
    }
    constants.put(id, arena.allocateFrom(ValueLayout.JAVA_FLOAT, value).address());
    long[] ones = new long[axes];
    Arrays.fill(ones, 1);
    return unfinished(id, DataType.F32, Float.BYTES, ones, ones)
        .flag(cudnn_h.CUDNN_ATTR_TENSOR_IS_BY_VALUE(), true)
        .finish();
  }

  private Descriptor unfinished(long id, DataType type, int alignment, long[] extents, long[] distances) {
    return own(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), "tensor")
        .choice(cudnn_h.CUDNN_ATTR_TENSOR_DATA_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), Descriptor.type(type))
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS(), extents)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_STRIDES(), distances)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_UNIQUE_ID(), id)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), alignment);
  }

  private Descriptor own(int kind, String name) {
    return held.own(new Descriptor(kind, name));
  }

  /** y = x ∗ w. */
  void convolve(Window window, Descriptor x, Descriptor w, Descriptor y) {
    Descriptor convolution =
        own(cudnn_h.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR(), "convolution")
            .choice(cudnn_h.CUDNN_ATTR_CONVOLUTION_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .choice(
                cudnn_h.CUDNN_ATTR_CONVOLUTION_CONV_MODE(),
                cudnn_h.CUDNN_TYPE_CONVOLUTION_MODE(),
                cudnn_h.CUDNN_CROSS_CORRELATION())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS(), SPATIAL_AXES)
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_DILATIONS(), 1, 1)
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES(), window.stride(), window.stride())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS(), window.padBefore(), window.padBefore())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS(), window.padAfter(), window.padAfter())
            .finish();
    operations.add(
        own(cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR(), "convolution operation")
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC(), convolution)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X(), x)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W(), w)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y(), y)
            .number(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA(), 1)
            .number(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA(), 0)
            .finish());
  }

  /** c = a b, matrices along the last two axes. */
  void multiply(Descriptor a, Descriptor b, Descriptor c) {
    Descriptor product =
        own(cudnn_h.CUDNN_BACKEND_MATMUL_DESCRIPTOR(), "matrix product")
            .choice(cudnn_h.CUDNN_ATTR_MATMUL_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .finish();
    operations.add(
        own(cudnn_h.CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR(), "matrix product operation")
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_DESC(), product)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_ADESC(), a)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_BDESC(), b)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_MATMUL_CDESC(), c)
            .finish());
  }

  /**
   * y = f(x).
   *
   * @param mode one of {@code CUDNN_POINTWISE_…} with one operand
   */
  void map(int mode, Descriptor x, Descriptor y) {
    operations.add(pointwise(mode, x, y).finish());
  }

  /**
   * y = f(x, b), b repeated where it has fewer entries.
   *
   * @param mode one of {@code CUDNN_POINTWISE_…} with two operands
   */
  void combine(int mode, Descriptor x, Descriptor b, Descriptor y) {
    operations.add(pointwise(mode, x, y).descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_BDESC(), b).finish());
  }

  private Descriptor pointwise(int mode, Descriptor x, Descriptor y) {
    Descriptor function =
        own(cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR(), "pointwise function")
            .choice(cudnn_h.CUDNN_ATTR_POINTWISE_MODE(), cudnn_h.CUDNN_TYPE_POINTWISE_MODE(), mode)
            .choice(cudnn_h.CUDNN_ATTR_POINTWISE_MATH_PREC(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .finish();
    return own(cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR(), "pointwise operation")
        .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR(), function)
        .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), x)
        .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_YDESC(), y);
  }

  /**
   * Reduces x along the axes on which y has one entry.
   *
   * @param operator one of {@code CUDNN_REDUCE_TENSOR_…}
   */
  void reduce(int operator, Descriptor x, Descriptor y) {
    Descriptor reduction =
        own(cudnn_h.CUDNN_BACKEND_REDUCTION_DESCRIPTOR(), "reduction")
            .choice(cudnn_h.CUDNN_ATTR_REDUCTION_OPERATOR(), cudnn_h.CUDNN_TYPE_REDUCTION_OPERATOR_TYPE(), operator)
            .choice(cudnn_h.CUDNN_ATTR_REDUCTION_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .finish();
    operations.add(
        own(cudnn_h.CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR(), "reduction operation")
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_DESC(), reduction)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_XDESC(), x)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_REDUCTION_YDESC(), y)
            .finish());
  }
}
