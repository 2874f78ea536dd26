package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.graph.DataType;

/**
 * A product as a graph of cuDNN's operations: y = x ∗ w, then what is added to it. Tensors are described in the order
 * N,C,H,W with strides that put channels innermost.
 */
record ConvolutionGraph(ProductGeometry geometry, Strides strides) implements GraphForm {
  /** Numbers by which the variant pack calls tensors. */
  static final long SOURCE = 1;

  static final long WEIGHT = 2;
  static final long OUTPUT = 3;
  static final long VECTOR = 4;
  static final long RESIDUAL = 5;
  private static final long PRODUCT = 11;
  private static final long SHIFTED = 12;

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

  @Override
  public DataType type() {
    return geometry.type();
  }

  @Override
  public long largestTensor() {
    long source = (long) geometry.height() * geometry.width() * strides.source();
    return Math.max(source, geometry.pixels() * Math.max(strides.output(), strides.residual()));
  }

  @Override
  public void describe(GraphBuilder builder, int images) {
    new Drawing(builder, geometry, strides, images).draw();
  }

  private record Drawing(GraphBuilder builder, ProductGeometry geometry, Strides strides, int images) {
    void draw() {
      Descriptor source =
          pixels(SOURCE, geometry.type(), geometry.channels(), geometry.height(), geometry.width(), strides.source());
      int side = geometry.window().kernel();
      Descriptor weight =
          builder.tensor(
              WEIGHT,
              geometry.type(),
              strides.alignment(),
              new long[] {geometry.outputChannels(), geometry.channels(), side, side},
              distances(side, side, geometry.channels()));
      Descriptor sum = strides.isBare() ? output() : between(PRODUCT);
      builder.convolve(geometry.window(), source, weight, sum);
      if (strides.vector() >= 0) {
        Descriptor next = strides.residual() == 0 ? output() : between(SHIFTED);
        builder.combine(cudnn_h.CUDNN_POINTWISE_ADD(), sum, vector(), next);
        sum = next;
      }
      if (strides.residual() != 0) {
        builder.combine(cudnn_h.CUDNN_POINTWISE_ADD(), sum, result(RESIDUAL, geometry.type(), strides.residual()), output());
      }
    }

    private Descriptor vector() {
      long channels = geometry.outputChannels();
      long rows = strides.vector() == 0 ? 1 : images;
      long row = strides.vector() == 0 ? channels : strides.vector();
      return builder.tensor(
          VECTOR,
          DataType.F32,
          strides.alignment(),
          new long[] {rows, channels, 1, 1},
          new long[] {row, 1, channels, channels});
    }

    private Descriptor output() {
      return result(OUTPUT, geometry.outputType(), strides.output());
    }

    private Descriptor result(long id, DataType type, int pixelStride) {
      return pixels(
          id, type, geometry.outputChannels(), geometry.outputHeight(), geometry.outputWidth(), pixelStride);
    }

    private Descriptor pixels(long id, DataType type, long channels, long height, long width, int pixelStride) {
      return builder.tensor(
          id,
          type,
          strides.alignment(),
          new long[] {images, channels, height, width},
          distances(height, width, pixelStride));
    }

    private Descriptor between(long id) {
      long channels = geometry.outputChannels();
      long height = geometry.outputHeight();
      long width = geometry.outputWidth();
      return builder.virtual(
          id, DataType.F32, new long[] {images, channels, height, width}, distances(height, width, channels));
    }

    private static long[] distances(long height, long width, long pixelStride) {
      return new long[] {height * width * pixelStride, 1, width * pixelStride, pixelStride};
    }
  }
}
