package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;

/** Convolutions and linear layers by the device's template. */
final class ProductLaunch {
  private ProductLaunch() {}

  /** How a tensor's pixels are walked through. */
  private record Extent(int height, int width) {}

  static Launch of(Convolution node, Programs programs, DeviceParameters parameters, Site site) {
    return launch(node, node.window(), extent(node.source()), extent(node.output()), programs, parameters, site);
  }

  /** Pixels of a linear layer are one long row, vectors of a conditioning graph likewise. */
  static Launch of(Linear node, Programs programs, DeviceParameters parameters, Site site) {
    Extent row = new Extent(1, Math.toIntExact(node.output().shape().pixels() * site.vectors()));
    return launch(node, Window.POINT, row, row, programs, parameters, site);
  }

  private static Extent extent(Tensor tensor) {
    return new Extent(tensor.height(), tensor.width());
  }

  private static Launch launch(
      Product node,
      Window window,
      Extent source,
      Extent output,
      Programs programs,
      DeviceParameters parameters,
      Site site) {
    Traits traits = programs.traits();
    ClKernel kernel = programs.kernel(KernelChoice.of(node, traits), "convolution");
    ProductTemplate template = traits.products();
    long[] items = template.items(output.height(), output.width(), node.output().channels());
    Launch launch = new Launch(kernel, template.itemsPerGroup(), items);
    site.locate(node.source()).to(kernel).integer(source.height()).integer(source.width()).integer(node.source().channels());
    kernel.buffer(parameters.packed(node.weight(), template.block()));
    site.locate(node.output()).to(kernel).integer(output.height()).integer(output.width()).integer(node.output().channels());
    ClBuffer bias = node.bias().map(parameters::plain).orElse(null);
    boolean conditioned = node.epilogue().conditioning().isPresent();
    kernel
        .buffer(bias)
        .buffer(conditioned ? site.conditioning() : null)
        .integer(site.conditioningWidth())
        .integer(node.epilogue().conditioning().map(site::conditioningOffset).orElse(0));
    node.epilogue().residual().map(site::locate).orElse(Located.NOWHERE).to(kernel);
    kernel.number(node.epilogue().scale()).integer(window.padBefore()).integer(template.band(output.height(), output.width()));
    return launch;
  }
}
