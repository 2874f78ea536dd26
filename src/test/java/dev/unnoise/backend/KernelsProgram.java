package dev.unnoise.backend;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.BesideLibraries;
import dev.unnoise.backend.gpu.node.RareProducts;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.RandomNetworks;
import dev.unnoise.testing.SmallWork;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Runs every kernel on small odd extents and in all precisions, for a tool that watches a card: bench/card-run runs it
 * under compute-sanitizer. The arguments are a backend and what to run.
 *
 * <ul>
 *   <li>{@code card}, {@code miniature}, {@code processor}: our kernels in that shape, whatever libraries there are;
 *   <li>{@code backend}: networks as the backend runs them, with its libraries;
 *   <li>{@code stray}, {@code race}: a kernel that does this, to see whether the tool complains.
 * </ul>
 */
public final class KernelsProgram {
  private final String backend;
  private final DeviceInfo info;

  private KernelsProgram(String backend) {
    Backend found = Backends.all().stream().filter(one -> one.name().equals(backend)).findFirst().orElseThrow();
    this.backend = backend;
    this.info =
        switch (found.availability()) {
          case Availability.Ready ready -> ready.devices().getFirst();
          case Availability.Missing missing -> throw new IllegalStateException(backend + ": " + missing.what());
        };
  }

  public static void main(String[] arguments) {
    KernelsProgram program = new KernelsProgram(arguments[0]);
    switch (arguments[1]) {
      case "backend" -> program.networks();
      case "stray" -> program.fault("stray", 1 << 28);
      case "race" -> program.fault("race", 0);
      case String shape -> program.kernels(shape);
    }
    System.out.println("done");
  }

  private Gpu context() {
    return switch (backend) {
      case "cuda" -> new CudaContext(Driver.devices().getFirst());
      case "opencl" -> new ClContext(ClDevices.all().getFirst());
      case String other -> throw new IllegalArgumentException(other + " has no kernels");
    };
  }

  private void run(String what, Precision precision, Device device, Consumer<Device> work) {
    System.out.println(what + " in " + precision.label() + " on " + device.info().name());
    try (device) {
      work.accept(device);
    }
  }

  private void kernels(String shape) {
    System.setProperty(Traits.PROPERTY, shape);
    // Kernels of our own compute alike in both precisions that are stored in 32 bits.
    for (Precision precision : List.of(Precision.FP32, Precision.BF16, Precision.FP16)) {
      Gpu gpu = context();
      Traits traits = Traits.of(gpu.info());
      GpuDevice.Make make =
          new GpuDevice.Make(backend, info, GpuDevice.PASSES, any -> traits, Optional.empty(), new Held());
      run(shape, precision, new GpuDevice(gpu, make), device -> everyKernel(device, precision));
    }
    if (shape.equals("card")) {
      for (Consumer<Gpu> rare : Stream.concat(RareProducts.cards().stream(), BesideLibraries.all().stream()).toList()) {
        try (Gpu gpu = context()) {
          rare.accept(gpu);
        }
      }
    }
  }

  private static void everyKernel(Device device, Precision precision) {
    for (Class<? extends Node> kind : NodeCase.KINDS) {
      for (long seed = 700; seed < 703; seed++) {
        SmallWork.node(device, kind, seed, precision);
      }
    }
    SmallWork.network(device, RandomNetworks.wideHead(), precision);
    SmallWork.thresholdedSampling(device, precision);
    SmallWork.multistepSampling(device, precision);
    SmallWork.noising(device);
  }

  private void networks() {
    for (Precision precision : info.precisions()) {
      run(
          backend,
          precision,
          Backends.open(backend, 0).device(),
          device -> {
            SmallWork.network(device, RandomNetworks.wide(), precision);
            SmallWork.network(device, RandomNetworks.wideHead(), precision);
            SmallWork.thresholdedSampling(device, precision);
          });
    }
  }

  private void fault(String name, int far) {
    try (Gpu gpu = context();
        GpuBuffer to = gpu.allocate(2L * Float.BYTES);
        GpuModule program = gpu.compile(new KernelSource("faulty", Map.of("VW", 4, "STORAGE", 0)));
        GpuKernel kernel = program.kernel(name)) {
      long items = name.equals("race") ? 64 : 2;
      kernel.buffer(to).integer(far).enqueue(new long[] {items}, new long[] {items});
      gpu.finish();
    }
  }
}
