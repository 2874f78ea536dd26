package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.Locale;

/**
 * What is known of a product before it runs, the batch left out: products alike in this are computed alike. Linear
 * layers walk through their pixels as one row.
 *
 * @param height of the source
 * @param width of the source
 * @param channels of the source
 * @param type of the source and the weights
 * @param outputType of the result
 */
public record ProductGeometry(
    Window window,
    boolean upsampled,
    int height,
    int width,
    int channels,
    int outputHeight,
    int outputWidth,
    int outputChannels,
    DataType type,
    DataType outputType) {

  /** That of a node. */
  public static ProductGeometry of(Product node) {
    Tensor source = node.source();
    Tensor output = node.output();
    return switch (node) {
      case Convolution n ->
          new ProductGeometry(
              n.window(),
              n.upsampled(),
              source.height(),
              source.width(),
              source.channels(),
              output.height(),
              output.width(),
              output.channels(),
              source.type(),
              output.type());
      case Linear n -> {
        int pixels = Math.toIntExact(output.shape().pixels());
        yield new ProductGeometry(
            Window.POINT, false, 1, pixels, source.channels(), 1, pixels, output.channels(), source.type(), output.type());
      }
    };
  }

  /** The same row repeated: several vectors side by side. */
  ProductGeometry repeated(int vectors) {
    return new ProductGeometry(
        window, upsampled, height, width * vectors, channels, outputHeight, outputWidth * vectors, outputChannels, type,
        outputType);
  }

  /** Pixels of a result. */
  public long pixels() {
    return (long) outputHeight * outputWidth;
  }

  /** Floating-point operations of one image, by the textbook. */
  public long flop() {
    return 2L * window.kernel() * window.kernel() * channels * outputChannels * pixels();
  }

  /** One word, by which choices are kept; for example {@code 3x3s1p1-16x16x256-16x16x512-f32}. */
  public String key() {
    return String.format(
        Locale.ROOT,
        "%dx%ds%dp%d%s-%dx%dx%d-%dx%dx%d-%s",
        window.kernel(),
        window.kernel(),
        window.stride(),
        window.padBefore(),
        upsampled ? "u" : "",
        height,
        width,
        channels,
        outputHeight,
        outputWidth,
        outputChannels,
        (type == outputType ? type.name() : type + "-" + outputType).toLowerCase(Locale.ROOT));
  }
}
