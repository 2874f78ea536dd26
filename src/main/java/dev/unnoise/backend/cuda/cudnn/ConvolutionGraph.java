package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.graph.DataType;
import java.util.Optional;

/**
 * A product as a graph of cuDNN's operations: y = x ∗ w, then what is added to it. Tensors are described in the order
 * N,C,H,W with strides that put channels innermost.
 */
record ConvolutionGraph(ProductGeometry geometry, Places places) implements GraphForm {
  /** Numbers by which the variant pack calls tensors. */
  static final long SOURCE = 1;

  static final long WEIGHT = 2;
  static final long OUTPUT = 3;
  static final long VECTOR = 4;
  static final long RESIDUAL = 5;
  private static final long PRODUCT = 11;
  private static final long SHIFTED = 12;

  /**
   * Where a tensor lies.
   *
   * @param stride elements from one pixel to the next, of rows from one image's to the next
   * @param alignment bytes that its address is a multiple of
   */
  record Place(int stride, int alignment) {}

  /**
   * Where tensors lie.
   *
   * @param vector rows of what is added to every pixel of an image; with the stride 0 it is one row for all images
   */
  record Places(Place source, Place output, Optional<Place> vector, Optional<Place> residual) {
    /** Without what is added. */
    Places bare() {
      return new Places(source, output, Optional.empty(), Optional.empty());
    }

    boolean isBare() {
      return vector.isEmpty() && residual.isEmpty();
    }
  }

  /** The graph of a product with all that is added to it. */
  static ConvolutionGraph of(ProductGeometry geometry, ProductOperands operands) {
    Optional<Place> vector =
        operands.conditioning() != null
            ? Optional.of(place(row(operands), DataType.F32))
            : Optional.ofNullable(operands.bias()).map(bias -> new Place(0, Located.WIDEST_LOAD));
    return new ConvolutionGraph(
        geometry,
        new Places(
            place(operands.source(), geometry.type()),
            place(operands.output(), geometry.outputType()),
            vector,
            Optional.of(operands.residual())
                .filter(residual -> residual.buffer() != null)
                .map(residual -> place(residual, geometry.type()))));
  }

  private static Place place(Located located, DataType type) {
    return new Place(located.stride(), located.alignment(type));
  }

  /** Where the rows of conditioning lie that are added. */
  static Located row(ProductOperands operands) {
    return new Located(operands.conditioning(), operands.conditioningAt(), operands.conditioningWidth());
  }

  /** Whether a graph can hold all that is added: one vector at most, and nothing is scaled. */
  static boolean holds(ProductOperands operands) {
    return (operands.bias() == null || operands.conditioning() == null) && operands.scale() == 1;
  }

  /** The product alone. */
  ConvolutionGraph bare() {
    return new ConvolutionGraph(geometry, places.bare());
  }

  @Override
  public String title() {
    return geometry.key() + (places.vector().isPresent() ? " + vector" : "")
        + (places.residual().isPresent() ? " + residual" : "");
  }

  @Override
  public DataType type() {
    return geometry.type();
  }

  @Override
  public long largestTensor() {
    long source = (long) geometry.height() * geometry.width() * places.source().stride();
    int widest = Math.max(places.output().stride(), places.residual().map(Place::stride).orElse(0));
    return Math.max(source, geometry.pixels() * widest);
  }

  @Override
  public boolean isFused() {
    return !places.isBare();
  }

  @Override
  public void describe(GraphBuilder builder, int images) {
    new Drawing(builder, geometry, places, images).draw();
  }

  private record Drawing(GraphBuilder builder, ProductGeometry geometry, Places places, int images) {
    void draw() {
      Descriptor source =
          pixels(SOURCE, geometry.type(), geometry.channels(), geometry.height(), geometry.width(), places.source());
      int side = geometry.window().kernel();
      Descriptor weight =
          builder.tensor(
              WEIGHT,
              geometry.type(),
              Located.WIDEST_LOAD,
              new long[] {geometry.outputChannels(), geometry.channels(), side, side},
              distances(side, side, geometry.channels()));
      Descriptor sum = places.isBare() ? output() : between(PRODUCT);
      builder.convolve(geometry.window(), source, weight, sum);
      if (places.vector().isPresent()) {
        Descriptor next = places.residual().isEmpty() ? output() : between(SHIFTED);
        builder.combine(cudnn_h.CUDNN_POINTWISE_ADD(), sum, vector(places.vector().get()), next);
        sum = next;
      }
      if (places.residual().isPresent()) {
        Descriptor residual = result(RESIDUAL, geometry.type(), places.residual().get());
        builder.combine(cudnn_h.CUDNN_POINTWISE_ADD(), sum, residual, output());
      }
    }

    private Descriptor vector(Place place) {
      long channels = geometry.outputChannels();
      long rows = place.stride() == 0 ? 1 : images;
      long row = place.stride() == 0 ? channels : place.stride();
      return builder.tensor(
          VECTOR,
          DataType.F32,
          place.alignment(),
          new long[] {rows, channels, 1, 1},
          new long[] {row, 1, channels, channels});
    }

    private Descriptor output() {
      return result(OUTPUT, geometry.outputType(), places.output());
    }

    private Descriptor result(long id, DataType type, Place place) {
      return pixels(id, type, geometry.outputChannels(), geometry.outputHeight(), geometry.outputWidth(), place);
    }

    private Descriptor pixels(long id, DataType type, long channels, long height, long width, Place place) {
      return builder.tensor(
          id,
          type,
          place.alignment(),
          new long[] {images, channels, height, width},
          distances(height, width, place.stride()));
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
