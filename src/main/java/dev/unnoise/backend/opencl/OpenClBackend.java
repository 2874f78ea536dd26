package dev.unnoise.backend.opencl;

import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.gpu.tune.TuningFile;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevice;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.util.List;
import java.util.Optional;

/** The backend {@code opencl}: our own kernels on whatever an OpenCL driver drives. */
public final class OpenClBackend implements Backend {
  private static final String REMEDY =
      "install the OpenCL driver of the card's maker, or for processors: apt-get install pocl-opencl-icd";

  /** Above the backend cpu for cards; processors are better served by that one. */
  private static final int GPU_PREFERENCE = 200;

  private static final int PREFERRED_BATCH_PER_UNIT = 4;

  @Override
  public String name() {
    return "opencl";
  }

  @Override
  public Availability availability() {
    try {
      List<ClDevice> devices = usable();
      return devices.isEmpty()
          ? new Availability.Missing("no OpenCL driver has a device with a compiler", REMEDY)
          : new Availability.Ready(devices.stream().map(OpenClBackend::describe).toList());
    } catch (LinkageError e) {
      // JOCL's class fails as unsatisfied the first time, and as a class that could not be initialised from then on.
      return new Availability.Missing("there is no OpenCL loader on this machine (libOpenCL)", REMEDY);
    } catch (BackendException e) {
      return new Availability.Missing(e.getMessage(), REMEDY);
    }
  }

  private static List<ClDevice> usable() {
    return ClDevices.all().stream().filter(ClDevice::hasCompiler).toList();
  }

  private static DeviceInfo describe(ClDevice device) {
    GpuInfo info = device.info();
    return new DeviceInfo(
        info.name(),
        info.driver(),
        info.memoryBytes(),
        List.of(Precision.FP32, Precision.BF16, Precision.FP16),
        PREFERRED_BATCH_PER_UNIT * info.computeUnits(),
        info.card() ? GPU_PREFERENCE : -1);
  }

  @Override
  public Device open(int index) {
    List<ClDevice> devices = usable();
    if (index < 0 || index >= devices.size()) {
      throw new BackendException("backend opencl has no device " + index + ", expected 0 … " + (devices.size() - 1));
    }
    ClDevice device = devices.get(index);
    Traits traits = Traits.of(device.info());
    ClContext context = new ClContext(device);
    TuningFile findings = TuningFile.of(name(), context, traits);
    return new GpuDevice(
        context,
        new GpuDevice.Make(
            name(), describe(device), GpuDevice.PASSES, precision -> traits, Optional.of(findings), new Held()));
  }
}
