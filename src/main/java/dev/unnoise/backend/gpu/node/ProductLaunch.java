package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Product;

/** Convolutions and linear layers by a template. */
final class ProductLaunch {
  private ProductLaunch() {}

  /** A node by the template chosen for it. */
  static Launch of(Product node, Programs programs, DeviceParameters parameters, Site site) {
    ProductTemplate template = programs.choices().product(node);
    ProductGeometry geometry = ProductGeometry.of(node);
    Epilogue epilogue = node.epilogue();
    ProductOperands operands =
        new ProductOperands(
            site.locate(node.source()),
            parameters.packed(node.weight(), template.packing(), geometry.type()),
            site.locate(node.output()),
            node.bias().map(parameters::plain).orElse(null),
            epilogue.conditioning().isPresent() ? site.conditioning() : null,
            site.conditioningWidth(),
            epilogue.conditioning().map(site::conditioningOffset).orElse(0),
            epilogue.residual().map(site::locate).orElse(Located.NOWHERE),
            epilogue.scale());
    return of(geometry, geometry.repeated(site.vectors()), template, programs, operands, site.images());
  }

  /** A geometry by a template. */
  static Launch of(
      ProductGeometry geometry, ProductTemplate template, Programs programs, ProductOperands operands, int images) {
    return of(geometry, geometry, template, programs, operands, images);
  }

  /**
   * @param one the geometry of one vector, for which programs are chosen: how many there are is an argument
   * @param all the geometry of all vectors
   */
  private static Launch of(
      ProductGeometry one,
      ProductGeometry all,
      ProductTemplate template,
      Programs programs,
      ProductOperands operands,
      int images) {
    return switch (template) {
      case LibraryProduct(ProductLibrary library) -> library.launch(all, operands, images, programs);
      case KernelTemplate kernel ->
          bind(
              programs.launch(KernelChoice.product(one, kernel, programs.traits()), "convolution", kernel.grid(all)),
              all,
              kernel,
              operands);
    };
  }

  private static Launch bind(
      KernelLaunch launch, ProductGeometry geometry, KernelTemplate template, ProductOperands operands) {
    GpuKernel kernel = launch.kernel();
    operands.source().to(kernel).integer(geometry.height()).integer(geometry.width()).integer(geometry.channels());
    kernel.buffer(operands.weight());
    operands
        .output()
        .to(kernel)
        .integer(geometry.outputHeight())
        .integer(geometry.outputWidth())
        .integer(geometry.outputChannels());
    kernel
        .buffer(operands.bias())
        .buffer(operands.conditioning())
        .integer(operands.conditioningWidth())
        .integer(operands.conditioningAt());
    operands.residual().to(kernel).number(operands.scale()).integer(geometry.window().padBefore());
    switch (template) {
      case Staged staged -> kernel.integer(staged.band(geometry));
      case MatrixCores cores -> launch.countingImages();
      case Tiled tiled -> launch.countingImages();
      case Winograd winograd -> launch.countingImages();
    }
    return launch;
  }
}
