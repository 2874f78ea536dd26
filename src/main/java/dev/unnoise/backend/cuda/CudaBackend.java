package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.CudaDeviceInfo;
import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.cuda.api.Nvrtc;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import java.util.List;
import java.util.Optional;

/** The backend {@code cuda}: NVIDIA's cards, convolutions by cuDNN and everything between them by our kernels. */
public final class CudaBackend implements Backend {
  /** Above the backend opencl on the same card. */
  private static final int PREFERENCE = 300;

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
      if (devices.isEmpty()) {
        return new Availability.Missing("NVIDIA's driver finds no card", "see what nvidia-smi says");
      }
      List<Nvrtc.Obstacle> obstacles = devices.stream().flatMap(device -> Nvrtc.obstacle(device).stream()).toList();
      return obstacles.size() == devices.size()
          ? new Availability.Missing(obstacles.getFirst().what(), libraries.otherNvrtc(obstacles.getFirst().old()))
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
    return new DeviceInfo(
        info.name(),
        "CUDA driver " + info.driver() + ", " + info.target() + ", " + VendorLibraries.describe(),
        info.memoryBytes(),
        VendorLibraries.precisions(info),
        info.preferredBatch(),
        PREFERENCE);
  }

  @Override
  public Device open(int index) {
    List<CudaDeviceInfo> devices = Driver.devices();
    if (index < 0 || index >= devices.size()) {
      throw new BackendException("backend cuda has no device " + index + ", expected 0 … " + (devices.size() - 1));
    }
    CudaDeviceInfo info = devices.get(index);
    Nvrtc.obstacle(info)
        .ifPresent(
            why -> {
              throw new BackendException(why.what() + "; " + CudaLibraries.ofThisProcess().otherNvrtc(why.old()));
            });
    CudaContext context = new CudaContext(info);
    Held held = new Held();
    try {
      VendorLibraries libraries = held.own(new VendorLibraries(context));
      return new GpuDevice(
          context,
          new GpuDevice.Make(
              name(), describe(info), VendorLibraries.passes(), libraries::traits, Optional.empty(), held));
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      Closing.after(e, context::close);
      throw e;
    }
  }
}
