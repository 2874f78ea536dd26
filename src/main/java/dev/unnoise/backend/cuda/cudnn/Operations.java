package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A product as a graph of cuDNN's operations: y = x ∗ w, then what is added to it. Tensors are described in the order
 * N,C,H,W with strides that put channels innermost.
 */
final class Operations implements AutoCloseable {
  /** Numbers by which the variant pack calls tensors. */
  static final long SOURCE = 1;

  static final long WEIGHT = 2;
  static final long OUTPUT = 3;
  static final long VECTOR = 4;
  static final long RESIDUAL = 5;

  private static final int AXES = 2;

  private final Held held = new Held();
  private final List<Descriptor> operations = new ArrayList<>();
  private final ProductGeometry geometry;
  private final Strides strides;
  private final int images;
  private final Descriptor graph;

  /**
   * Where tensors lie.
   *
   * @param source elements from one pixel of the source to the next
   * @param output likewise of the output
   * @param residual likewise of the residual; 0 if nothing is added
   * @param vector elements from one image's row of what is added to every pixel to the next; 0 for one row for all
   *     images, -1 if nothing is added
   * @param alignment bytes that all addresses are multiples of
   */
  record Strides(int source, int output, int residual, int vector, int alignment) {
    /** Without what is added. */
    Strides bare() {
      return new Strides(source, output, 0, -1, alignment);
    }

    boolean isBare() {
      return residual == 0 && vector < 0;
    }
  }

  /**
   * Describes a product.
   *
   * @param cudnn for which engines are then looked for; without one, which takes a card, the description alone is made
   */
  Operations(Optional<Cudnn> cudnn, ProductGeometry geometry, Strides strides, int images) {
    this.geometry = geometry;
    this.strides = strides;
    this.images = images;
    try {
      convolution();
      graph =
          own(cudnn_h.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR(), "operation graph")
              .descriptors(cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS(), operations);
      cudnn.ifPresent(handle -> graph.handle(cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_HANDLE(), handle));
      graph.finish();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  Descriptor graph() {
    return graph;
  }

  private Descriptor own(int kind, String name) {
    return held.own(new Descriptor(kind, name));
  }

  private void convolution() {
    Window window = geometry.window();
    long[] sides = {window.kernel(), window.kernel()};
    Descriptor source =
        tensor(SOURCE, geometry.type(), images, geometry.channels(), geometry.height(), geometry.width(), strides.source());
    Descriptor weight =
        tensor(
            WEIGHT, geometry.type(), geometry.outputChannels(), geometry.channels(), sides[0], sides[1], geometry.channels());
    boolean bare = strides.isBare();
    Descriptor product = bare ? output() : virtual(VECTOR + 10);
    Descriptor convolution =
        own(cudnn_h.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR(), "convolution")
            .choice(cudnn_h.CUDNN_ATTR_CONVOLUTION_COMP_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .choice(
                cudnn_h.CUDNN_ATTR_CONVOLUTION_CONV_MODE(),
                cudnn_h.CUDNN_TYPE_CONVOLUTION_MODE(),
                cudnn_h.CUDNN_CROSS_CORRELATION())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS(), AXES)
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_DILATIONS(), 1, 1)
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES(), window.stride(), window.stride())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS(), window.padBefore(), window.padBefore())
            .longs(cudnn_h.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS(), window.padAfter(), window.padAfter())
            .finish();
    operations.add(
        own(cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR(), "convolution operation")
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC(), convolution)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X(), source)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W(), weight)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y(), product)
            .number(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA(), 1)
            .number(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA(), 0)
            .finish());
    if (bare) {
      return;
    }
    Descriptor sum = product;
    if (strides.vector() >= 0) {
      long rows = strides.vector() == 0 ? 1 : images;
      long row = strides.vector() == 0 ? geometry.outputChannels() : strides.vector();
      Descriptor vector =
          tensor(
              VECTOR,
              DataType.F32,
              new long[] {rows, geometry.outputChannels(), 1, 1},
              new long[] {row, 1, geometry.outputChannels(), geometry.outputChannels()});
      Descriptor next = strides.residual() == 0 ? output() : virtual(VECTOR + 11);
      add(sum, vector, next);
      sum = next;
    }
    if (strides.residual() != 0) {
      Descriptor residual =
          tensor(
              RESIDUAL,
              geometry.type(),
              images,
              geometry.outputChannels(),
              geometry.outputHeight(),
              geometry.outputWidth(),
              strides.residual());
      add(sum, residual, output());
    }
  }

  private void add(Descriptor left, Descriptor right, Descriptor sum) {
    Descriptor addition =
        own(cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR(), "addition")
            .choice(cudnn_h.CUDNN_ATTR_POINTWISE_MODE(), cudnn_h.CUDNN_TYPE_POINTWISE_MODE(), cudnn_h.CUDNN_POINTWISE_ADD())
            .choice(cudnn_h.CUDNN_ATTR_POINTWISE_MATH_PREC(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), cudnn_h.CUDNN_DATA_FLOAT())
            .finish();
    operations.add(
        own(cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR(), "addition operation")
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR(), addition)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), left)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_BDESC(), right)
            .descriptor(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_YDESC(), sum)
            .finish());
  }

  private Descriptor output() {
    return tensor(
        OUTPUT,
        geometry.outputType(),
        images,
        geometry.outputChannels(),
        geometry.outputHeight(),
        geometry.outputWidth(),
        strides.output());
  }

  private Descriptor virtual(long id) {
    long channels = geometry.outputChannels();
    long[] dimensions = {images, channels, geometry.outputHeight(), geometry.outputWidth()};
    return unfinished(
            id, DataType.F32, dimensions, pixelStrides(geometry.outputHeight(), geometry.outputWidth(), channels))
        .flag(cudnn_h.CUDNN_ATTR_TENSOR_IS_VIRTUAL(), true)
        .finish();
  }

  private Descriptor tensor(long id, DataType type, long n, long channels, long height, long width, long pixelStride) {
    return tensor(id, type, new long[] {n, channels, height, width}, pixelStrides(height, width, pixelStride));
  }

  private static long[] pixelStrides(long height, long width, long pixelStride) {
    return new long[] {height * width * pixelStride, 1, width * pixelStride, pixelStride};
  }

  private Descriptor tensor(long id, DataType type, long[] dimensions, long[] distances) {
    return unfinished(id, type, dimensions, distances).finish();
  }

  private Descriptor unfinished(long id, DataType type, long[] dimensions, long[] distances) {
    return own(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), "tensor")
        .choice(cudnn_h.CUDNN_ATTR_TENSOR_DATA_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), Descriptor.type(type))
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS(), dimensions)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_STRIDES(), distances)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_UNIQUE_ID(), id)
        .longs(cudnn_h.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), strides.alignment());
  }

  @Override
  public void close() {
    held.close();
  }
}
