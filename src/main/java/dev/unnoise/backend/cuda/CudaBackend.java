package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.CudaDeviceInfo;
import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.cuda.cudnn.CudnnProducts;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.graph.pass.FuseUpsampling;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The backend {@code cuda}: NVIDIA's cards, convolutions by cuDNN and everything between them by our kernels. */
public final class CudaBackend implements Backend {
  /** Above the backend opencl on the same card. */
  private static final int PREFERENCE = 300;

  private static final int PREFERRED_BATCH_PER_MULTIPROCESSOR = 4;

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Availability availability() {
    CudaLibraries libraries = CudaLibraries.ofThisProcess();
    Optional<Availability.Missing> problem = libraries.availabilityProblem();
    if (problem.isPresent()) {
      return problem.get();
    }
    try {
      List<CudaDeviceInfo> devices = Driver.devices();
      return devices.isEmpty()
          ? new Availability.Missing("NVIDIA's driver finds no card", "see what nvidia-smi says")
          : new Availability.Ready(devices.stream().map(CudaBackend::describe).toList());
    } catch (BackendException e) {
      return new Availability.Missing(e.getMessage(), "see what nvidia-smi says");
    }
  }

  @Override
  public List<String> attempts() {
    return CudaLibraries.ofThisProcess().attempts();
  }

  private static DeviceInfo describe(CudaDeviceInfo info) {
    CudaLibraries libraries = CudaLibraries.ofThisProcess();
    boolean cudnn = libraries.isLoaded(Library.CUDNN);
    String with =
        cudnn
            ? "cuDNN " + libraries.version(Library.CUDNN).orElseThrow()
            : "our own convolutions, " + libraries.slower().orElseThrow();
    return new DeviceInfo(
        info.name(),
        "CUDA driver " + info.driver() + ", " + info.target() + ", " + with,
        info.memoryBytes(),
        cudnn
            ? List.of(Precision.FP32, Precision.TF32, Precision.BF16, Precision.FP16)
            : List.of(Precision.FP32, Precision.BF16, Precision.FP16),
        PREFERRED_BATCH_PER_MULTIPROCESSOR * info.multiprocessors(),
        PREFERENCE);
  }

  @Override
  public Device open(int index) {
    List<CudaDeviceInfo> devices = Driver.devices();
    if (index < 0 || index >= devices.size()) {
      throw new BackendException("backend cuda has no device " + index + ", expected 0 … " + (devices.size() - 1));
    }
    CudaDeviceInfo info = devices.get(index);
    CudaContext context = new CudaContext(info);
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.CUDNN)) {
      return new GpuDevice(context, make(info, GpuDevice.PASSES, precision -> Traits.CARD, List.of()));
    }
    Held libraries = new Held();
    try {
      Traits single = Traits.CARD.with(libraries.own(new CudnnProducts(context, false)));
      Traits tf32 = Traits.CARD.with(libraries.own(new CudnnProducts(context, true)));
      // Closed first: whoever closes the device may have worked with another card, or on another thread.
      libraries.own((AutoCloseable) context::makeCurrent);
      // cuDNN does not read through upsampling.
      List<Pass> passes = GpuDevice.PASSES.stream().filter(pass -> !(pass instanceof FuseUpsampling)).toList();
      return new GpuDevice(
          context,
          make(info, passes, precision -> precision == Precision.TF32 ? tf32 : single, List.of(libraries)));
    } catch (RuntimeException e) {
      Closing.after(e, libraries::close);
      Closing.after(e, context::close);
      throw e;
    }
  }

  private GpuDevice.Make make(
      CudaDeviceInfo info, List<Pass> passes, Function<Precision, Traits> traits, List<Held> libraries) {
    return new GpuDevice.Make(name(), describe(info), passes, traits, Optional.empty(), libraries);
  }
}
