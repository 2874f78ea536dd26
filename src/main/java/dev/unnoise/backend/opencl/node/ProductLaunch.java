package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.graph.Product;

/** Convolutions and linear layers by the template chosen for their geometry. */
final class ProductLaunch {
  private ProductLaunch() {}

  static Launch of(Product node, Programs programs, DeviceParameters parameters, Site site) {
    ProductTemplate template = programs.choices().product(node);
    ProductGeometry geometry = ProductGeometry.of(node).repeated(site.vectors());
    ClKernel kernel = programs.kernel(KernelChoice.of(node, programs.choices()), "convolution");
    Launch launch = new Launch(kernel, template.grid(geometry));
    site.locate(node.source()).to(kernel).integer(geometry.height()).integer(geometry.width()).integer(geometry.channels());
    kernel.buffer(parameters.packed(node.weight(), template.packing(), geometry.type()));
    site.locate(node.output())
        .to(kernel)
        .integer(geometry.outputHeight())
        .integer(geometry.outputWidth())
        .integer(geometry.outputChannels());
    boolean conditioned = node.epilogue().conditioning().isPresent();
    kernel
        .buffer(node.bias().map(parameters::plain).orElse(null))
        .buffer(conditioned ? site.conditioning() : null)
        .integer(site.conditioningWidth())
        .integer(node.epilogue().conditioning().map(site::conditioningOffset).orElse(0));
    node.epilogue().residual().map(site::locate).orElse(Located.NOWHERE).to(kernel);
    kernel.number(node.epilogue().scale()).integer(geometry.window().padBefore());
    switch (template) {
      case Staged staged -> kernel.integer(staged.band(geometry));
      case Tiled tiled -> launch.countingImages();
      case Winograd winograd -> launch.countingImages();
    }
    return launch;
  }
}
