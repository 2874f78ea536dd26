package dev.unnoise.backend.opencl;

import static org.jocl.CL.CL_DEVICE_COMPILER_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_LOCAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.jocl.CL.CL_DEVICE_NOT_FOUND;
import static org.jocl.CL.CL_DEVICE_TYPE;
import static org.jocl.CL.CL_DEVICE_TYPE_GPU;
import static org.jocl.CL.CL_OUT_OF_RESOURCES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.testing.NormalWeights;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.function.Executable;

/** What {@link FaultsTest} runs in processes of its own: devices that are missing, or too small. */
final class FakeDevicesProgram {
  private static final String REMEDY = "apt-get install pocl-opencl-icd";

  private final Faults faults;
  private final FaultsWork work = FaultsWork.ofFewPrograms();
  private final List<Float> expected;

  private FakeDevicesProgram(Faults faults) {
    this.faults = faults;
    this.expected = work.live();
  }

  /** Takes what the backend should miss, or the layer. */
  public static void main(String[] arguments) {
    if (arguments[0].equals("missing")) {
      requireMissing(arguments[1]);
      // The loader's classes fail otherwise the second time.
      requireMissing(arguments[1]);
    } else {
      FakeDevicesProgram program = new FakeDevicesProgram(new Faults(Path.of(arguments[0])));
      program.noDevice();
      program.smallAllocations();
      program.smallMemory();
      program.smallLocalMemory();
      program.smallGroups();
      assertEquals(program.expected, program.work.live());
    }
    System.out.println("done");
  }

  private static void requireMissing(String what) {
    Availability.Missing missing = (Availability.Missing) new OpenClBackend().availability();
    assertTrue(missing.what().contains(what), missing.what());
    assertTrue(missing.remedy().endsWith(REMEDY), missing.remedy());
    BackendException told = assertThrows(BackendException.class, FaultsWork::open);
    assertEquals("backend opencl is not ready: " + missing.what() + "; " + missing.remedy(), told.getMessage());
  }

  private void noDevice() {
    faults.lie(CL_DEVICE_COMPILER_AVAILABLE, 0);
    requireMissing("no OpenCL driver has a device with a compiler");
    faults.clear();
    int devices = ClDevices.all().size();
    faults.clear();
    faults.fail("clGetDeviceIDs", 1, CL_DEVICE_NOT_FOUND);
    assertEquals(devices - 1, ClDevices.all().size());
    faults.clear();
    faults.fail("clGetDeviceIDs", 1, CL_OUT_OF_RESOURCES);
    assertEquals(devices - 1, ClDevices.all().size(), "a driver that works was passed over for one that does not");
    requireNothingLeft();
  }

  private void requireNothingLeft() {
    assertEquals(Collections.nCopies(faults.alive().size(), 0L), faults.alive());
    assertEquals(0, ClContext.held());
    faults.clear();
  }

  private static void requireTold(String part, Executable work) {
    String message = assertThrows(UnnoiseException.class, work).getMessage();
    assertTrue(message.contains(part), message);
    assertTrue(message.contains("; sample fewer images at once"), message);
  }

  private void smallAllocations() {
    long largest = largestParameter();
    faults.lie(CL_DEVICE_MAX_MEM_ALLOC_SIZE, largest - 1);
    try (Device device = FaultsWork.open()) {
      requireTold(" in one piece, ", () -> work.pipeline(device));
    }
    requireNothingLeft();
    faults.lie(CL_DEVICE_MAX_MEM_ALLOC_SIZE, 1 << 20);
    smallDevice("largest allocation");
    requireNothingLeft();
  }

  private long largestParameter() {
    return work.network().denoiser().nodes().stream()
        .flatMap(node -> node.parameters().stream())
        .mapToLong(parameter -> Float.BYTES * parameter.elements())
        .max()
        .orElseThrow();
  }

  private void smallMemory() {
    faults.lie(CL_DEVICE_GLOBAL_MEM_SIZE, 4 << 20);
    smallDevice(" of memory, ");
    faults.clear();
    faults.lie(CL_DEVICE_GLOBAL_MEM_SIZE, 1 << 10);
    try (Device device = FaultsWork.open()) {
      requireTold(" of memory, ", () -> work.pipeline(device));
    }
    requireNothingLeft();
  }

  /** Fewer images are chosen than the device would like, more are refused, and the refusal does no harm. */
  private void smallDevice(String said) {
    try (Device device = FaultsWork.open();
        Pipeline pipeline = work.pipeline(device);
        LoadedNetwork loaded = device.load(work.network(), new NormalWeights(1), Precision.FP32)) {
      List<Long> alive = faults.alive();
      int many = 1 << 14;
      requireTold(said, () -> loaded.compile(many));
      assertEquals(alive, faults.alive());
      assertTrue(loaded.programBytes(many) > device.info().memoryBytes());
      assertEquals(expected, work.sample(pipeline));
    }
  }

  private void smallLocalMemory() {
    faults.lie(CL_DEVICE_TYPE, CL_DEVICE_TYPE_GPU);
    assertEquals(Traits.CARD, Traits.of(ClDevices.all().getFirst().info()));
    faults.lie(CL_DEVICE_LOCAL_MEM_SIZE, Traits.CARD.localBytes() - 1);
    requireFallback();
    System.setProperty(Traits.PROPERTY, "card");
    BackendException told = assertThrows(BackendException.class, FaultsWork::open);
    System.clearProperty(Traits.PROPERTY);
    String need = "kernels of the shape card need groups of 128 work-items with " + Traits.CARD.localBytes() + " bytes";
    assertTrue(told.getMessage().startsWith(need), told.getMessage());
    requireNothingLeft();
  }

  private void requireFallback() {
    assertNotEquals(Traits.CARD, Traits.of(ClDevices.all().getFirst().info()));
    assertEquals(expected, work.live());
  }

  private void smallGroups() {
    faults.lie(CL_DEVICE_TYPE, CL_DEVICE_TYPE_GPU);
    faults.lie(CL_DEVICE_MAX_WORK_GROUP_SIZE, 64);
    requireFallback();
    faults.lie(CL_DEVICE_MAX_WORK_GROUP_SIZE, 32);
    BackendException told = assertThrows(BackendException.class, FaultsWork::open);
    assertTrue(told.getMessage().startsWith("kernels of the shape processor need groups of 64 "), told.getMessage());
    assertTrue(told.getMessage().contains(FaultsWork.deviceName()), told.getMessage());
    requireNothingLeft();
  }
}
