package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Product;
import java.util.List;

/** Convolutions and linear layers by a template. */
final class ProductLaunch {
  private ProductLaunch() {}

  /** The launches of a node by the template chosen for it, in order; by a kernel if a library does not take it. */
  static List<Launch> of(Product node, Programs programs, DeviceParameters parameters, Site site) {
    ProductTemplate template = programs.choices().product(node);
    ProductGeometry one = ProductGeometry.of(node);
    ProductGeometry all = one.repeated(site.vectors());
    ProductOperands operands = operands(node, template, parameters, site);
    List<Launch> launches = of(one, all, template, programs, operands, site.images());
    if (launches.isEmpty()) {
      KernelTemplate kernel = programs.traits().products();
      GpuBuffer weight = parameters.repacked(node.weight(), template.packing(), kernel.packing(), one.type());
      return List.of(byKernel(one, all, kernel, programs, operands.withWeight(weight)));
    }
    return launches;
  }

  /** Has a library begin with what takes it long. */
  static void prepareAhead(Product node, Programs programs, DeviceParameters parameters, Site site) {
    ProductTemplate template = programs.choices().product(node);
    if (template instanceof LibraryProduct(ProductLibrary library)) {
      ProductGeometry all = ProductGeometry.of(node).repeated(site.vectors());
      library.prepareAhead(all, operands(node, template, parameters, site), site.images());
    }
  }

  private static ProductOperands operands(
      Product node, ProductTemplate template, DeviceParameters parameters, Site site) {
    Epilogue epilogue = node.epilogue();
    return new ProductOperands(
        site.locate(node.source()),
        parameters.packed(node.weight(), template.packing(), node.source().type()),
        site.locate(node.output()),
        node.bias().map(parameters::plain).orElse(null),
        epilogue.conditioning().isPresent() ? site.conditioning() : null,
        site.conditioningWidth(),
        epilogue.conditioning().map(site::conditioningOffset).orElse(0),
        epilogue.residual().map(site::locate).orElse(Located.NOWHERE),
        epilogue.scale());
  }

  /** A geometry by a template; nothing if that is a library which does not take it. */
  static List<Launch> of(
      ProductGeometry geometry, ProductTemplate template, Programs programs, ProductOperands operands, int images) {
    return of(geometry, geometry, template, programs, operands, images);
  }

  /**
   * @param one the geometry of one vector, for which programs are chosen: how many there are is an argument
   * @param all the geometry of all vectors
   */
  private static List<Launch> of(
      ProductGeometry one,
      ProductGeometry all,
      ProductTemplate template,
      Programs programs,
      ProductOperands operands,
      int images) {
    return switch (template) {
      case LibraryProduct(ProductLibrary library) -> library.launch(all, operands, images, programs);
      case KernelTemplate kernel -> List.of(byKernel(one, all, kernel, programs, operands));
    };
  }

  /** A geometry by a kernel. */
  static Launch byKernel(
      ProductGeometry geometry, KernelTemplate kernel, Programs programs, ProductOperands operands) {
    return byKernel(geometry, geometry, kernel, programs, operands);
  }

  private static Launch byKernel(
      ProductGeometry one, ProductGeometry all, KernelTemplate kernel, Programs programs, ProductOperands operands) {
    KernelLaunch launch =
        programs.launch(KernelChoice.product(one, kernel, programs.traits()), "convolution", kernel.grid(all));
    return bind(launch, all, kernel, operands);
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
