package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.Map;

/** Convolutions and linear layers by convolution_staged.kernel. */
final class ProductLaunch {
  /** Pixels of a work-item, so that there are enough work-items and each is worth its start. */
  private static final int BAND_PIXELS = 256;

  private ProductLaunch() {}

  /** How a tensor's pixels are walked through. */
  private record Extent(int height, int width) {}

  static Launch of(Convolution node, Programs programs, DeviceParameters parameters, Site site) {
    return launch(node, node.window(), node.upsampled(), extent(node.source()), extent(node.output()), programs, parameters, site);
  }

  /** Pixels of a linear layer are one long row, vectors of a conditioning graph likewise. */
  static Launch of(Linear node, Programs programs, DeviceParameters parameters, Site site) {
    Extent row = new Extent(1, Math.toIntExact(node.output().shape().pixels() * site.vectors()));
    return launch(node, Window.POINT, false, row, row, programs, parameters, site);
  }

  private static Extent extent(Tensor tensor) {
    return new Extent(tensor.height(), tensor.width());
  }

  private static Launch launch(
      Product node,
      Window window,
      boolean upsampled,
      Extent source,
      Extent output,
      Programs programs,
      DeviceParameters parameters,
      Site site) {
    Traits traits = programs.traits();
    int pixels = Math.min(traits.tilePixels(), Integer.highestOneBit(Math.max(1, 2 * output.width() - 1)));
    ClKernel kernel =
        programs.kernel(
            "convolution_staged",
            "convolution",
            Map.of(
                "KERNEL_SIZE", window.kernel(),
                "STRIDE", window.stride(),
                "UPSAMPLED", upsampled ? 1 : 0,
                "PX", pixels,
                "VB", traits.tileVectors(),
                "CHUNK", Traits.CHUNK));
    int band = Math.clamp(BAND_PIXELS / output.width(), 1, output.height());
    int blocks = Math.ceilDiv(node.output().channels(), traits.block());
    Launch launch = new Launch(kernel, 1, blocks, Math.ceilDiv(output.height(), band));
    site.locate(node.source()).to(kernel).integer(source.height()).integer(source.width()).integer(node.source().channels());
    kernel.buffer(parameters.packed(node.weight(), traits.block()));
    site.locate(node.output()).to(kernel).integer(output.height()).integer(output.width()).integer(node.output().channels());
    ClBuffer bias = node.bias().map(parameters::plain).orElse(null);
    boolean conditioned = node.epilogue().conditioning().isPresent();
    kernel
        .buffer(bias)
        .buffer(conditioned ? site.conditioning() : null)
        .integer(site.conditioningWidth())
        .integer(node.epilogue().conditioning().map(site::conditioningOffset).orElse(0));
    node.epilogue().residual().map(site::locate).orElse(Located.NOWHERE).to(kernel);
    kernel.number(node.epilogue().scale()).integer(window.padBefore()).integer(band);
    return launch;
  }
}
