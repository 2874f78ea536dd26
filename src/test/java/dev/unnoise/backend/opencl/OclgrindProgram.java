package dev.unnoise.backend.opencl;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.node.BesideLibraries;
import dev.unnoise.backend.gpu.node.RareProducts;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.SmallWork;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What {@link OclgrindTest} runs in a process of its own: every kernel of a shape on small odd extents. */
final class OclgrindProgram {
  private OclgrindProgram() {}

  public static void main(String[] arguments) throws IOException {
    String shape = arguments[0];
    System.setProperty(Traits.PROPERTY, shape);
    Precision halves = shape.equals("processor") ? Precision.FP16 : Precision.BF16;
    for (Class<? extends Node> kind : NodeCase.KINDS) {
      watch(shape, kind.getSimpleName(), device -> SmallWork.node(device, kind, 700, Precision.FP32));
    }
    // Kernels that fill tiles fill others in part here, and there are two for norms.
    for (Class<? extends Node> kind : List.of(Attention.class, Convolution.class, GroupNorm.class, Linear.class)) {
      watch(shape, kind.getSimpleName(), device -> SmallWork.node(device, kind, 702, halves));
    }
    // These are alike in every shape.
    if (shape.equals("processor")) {
      watch(shape, "thresholded sampling", device -> SmallWork.thresholdedSampling(device, Precision.FP32));
      watch(shape, "multistep sampling", device -> SmallWork.multistepSampling(device, Precision.FP32));
      watch(shape, "noising", SmallWork::noising);
      for (Consumer<Gpu> rare : Stream.concat(RareProducts.all().stream(), BesideLibraries.all().stream()).toList()) {
        try (ClContext context = new ClContext(ClDevices.all().getFirst())) {
          rare.accept(context);
        }
        OclgrindLog.requireEmpty();
      }
    }
    System.out.println("done");
  }

  /**
   * Runs something on a device of its own. The simulator judges memory that was freed and allocated again by what lay
   * there before: nothing is freed before the device is. It keeps state by thread: everything happens on this one.
   */
  private static void watch(String shape, String what, Consumer<Device> run) throws IOException {
    try (Device device = Backends.open("opencl", 0).device()) {
      System.out.println(shape + " on " + device.info().name() + ": " + what);
      run.accept(device);
    }
    OclgrindLog.requireEmpty();
  }
}
