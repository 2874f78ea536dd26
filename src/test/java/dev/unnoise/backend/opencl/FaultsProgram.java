package dev.unnoise.backend.opencl;

import static org.jocl.CL.CL_BUILD_PROGRAM_FAILURE;
import static org.jocl.CL.CL_DEVICE_NOT_AVAILABLE;
import static org.jocl.CL.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.jocl.CL.CL_OUT_OF_HOST_MEMORY;
import static org.jocl.CL.CL_OUT_OF_RESOURCES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.sampling.Pipeline;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jocl.CL;

/**
 * What {@link FaultsTest} runs in processes of its own: work whose OpenCL calls fail one after another. Each failure is
 * told, leaves nothing behind, and the next work comes out as if nothing had been.
 */
final class FaultsProgram {
  /** What NVIDIA's driver says of kernels that read astray; not in the standard. */
  private static final int UNKNOWN_ERROR = -9999;

  /** Calls that are made while a device is opened or closed. */
  private static final List<String> OF_DEVICES =
      List.of(
          "clGetDeviceIDs",
          "clGetDeviceInfo",
          "clCreateContext",
          "clCreateCommandQueue",
          "clCreateProgramWithSource",
          "clBuildProgram",
          "clReleaseCommandQueue",
          "clReleaseContext");

  /** Calls that are made for each of a network's programs. */
  private static final List<String> OF_PROGRAMS = List.of("clBuildProgram", "clReleaseProgram");

  /** Calls that are made while a network is loaded, compiled, sampled from or closed. */
  private static final List<String> OF_NETWORKS =
      List.of(
          "clCreateBuffer",
          "clCreateKernel",
          "clSetKernelArg",
          "clEnqueueWriteBuffer",
          "clReleaseMemObject",
          "clReleaseKernel");

  /** Calls that are made when images are noised. */
  private static final List<String> OF_NOISING =
      List.of(
          "clCreateBuffer",
          "clCreateKernel",
          "clSetKernelArg",
          "clEnqueueWriteBuffer",
          "clEnqueueNDRangeKernel",
          "clEnqueueReadBuffer",
          "clReleaseMemObject",
          "clReleaseKernel");

  /** Calls of the sampling loop. */
  private static final List<String> OF_SAMPLINGS =
      List.of(
          "clCreateBuffer",
          "clCreateKernel",
          "clSetKernelArg",
          "clEnqueueWriteBuffer",
          "clEnqueueNDRangeKernel",
          "clEnqueueCopyBuffer",
          "clEnqueueMarkerWithWaitList",
          "clFlush",
          "clEventStatus",
          "clFinish",
          "clEnqueueReadBuffer",
          "clReleaseEvent",
          "clReleaseMemObject",
          "clReleaseKernel");

  private static final Map<String, Integer> CODES =
      Map.of(
          "clGetDeviceIDs", CL_OUT_OF_HOST_MEMORY,
          "clBuildProgram", CL_BUILD_PROGRAM_FAILURE,
          "clCreateBuffer", CL_MEM_OBJECT_ALLOCATION_FAILURE,
          "clEnqueueWriteBuffer", CL_MEM_OBJECT_ALLOCATION_FAILURE,
          "clCreateKernel", CL_OUT_OF_HOST_MEMORY,
          "clEventStatus", UNKNOWN_ERROR);

  private final Faults faults;
  private int failures;

  private FaultsProgram(Faults faults) {
    this.faults = faults;
  }

  /** Takes the layer and what to do. */
  public static void main(String[] arguments) {
    Faults faults = new Faults(Path.of(arguments[0]));
    FaultsProgram program = new FaultsProgram(faults);
    switch (arguments[1]) {
      case "devices" -> program.devices(3);
      case "programs" -> program.programs(2);
      case "networks" -> program.networks(6);
      case "samplings" -> program.samplings(8);
      case "losses" -> program.losses();
      default -> throw new IllegalArgumentException(arguments[1]);
    }
    System.out.println(program.failures + " failures, done");
  }

  private void devices(int most) {
    failInTurn(OF_DEVICES, most, FaultsWork::openAndNoise);
    try (Device device = FaultsWork.open()) {
      failInTurn(OF_NOISING, most, () -> FaultsWork.noise(device));
    }
    requireNothingLeft();
  }

  private void programs(int most) {
    failInTurn(OF_PROGRAMS, most, FaultsWork.ofFewPrograms()::live);
  }

  private void networks(int most) {
    FaultsWork work = FaultsWork.ofManyKinds();
    try (Device device = FaultsWork.open()) {
      failInTurn(OF_NETWORKS, most, () -> work.loadAndSample(device));
    }
    requireNothingLeft();
  }

  private void samplings(int most) {
    FaultsWork work = FaultsWork.ofManyKinds();
    try (Device device = FaultsWork.open();
        Pipeline pipeline = work.pipeline(device)) {
      failInTurn(OF_SAMPLINGS, most, () -> work.sample(pipeline));
    }
    requireNothingLeft();
  }

  /** The first call of every name fails, the last, and some between. */
  private void failInTurn(List<String> names, int most, Supplier<List<Float>> work) {
    List<Float> expected = work.get();
    List<Long> alive = faults.alive();
    long held = ClContext.held();
    faults.clear();
    assertEquals(expected, work.get());
    Map<String, Long> seen = names.stream().collect(Collectors.toMap(name -> name, faults::seen));
    for (String name : names) {
      int code = CODES.getOrDefault(name, CL_OUT_OF_RESOURCES);
      for (long nth : spread(seen.get(name), most)) {
        faults.clear();
        faults.fail(name, nth, code);
        BackendException told = assertThrows(BackendException.class, work::get, name + " " + nth);
        requireClear(told, name, code);
        requireAlive(alive, held);
        failures++;
      }
      faults.clear();
      assertEquals(expected, work.get(), "after " + name);
    }
  }

  private void losses() {
    FaultsWork work = FaultsWork.ofFewPrograms();
    List<Float> expected = work.live();
    lossWithoutWork(work);
    List<String> halfway = List.of("clEnqueueWriteBuffer", "clSetKernelArg", "clEnqueueNDRangeKernel", "clEventStatus");
    loseInTurn(halfway, count -> (count + 1) / 2, work::live, expected);
    // The last ones are those of the sampling itself.
    loseInTurn(List.of("clCreateBuffer", "clCreateKernel"), count -> count, work::live, expected);
    loseInTurn(OF_NOISING.subList(0, 6), count -> count, FaultsWork::openAndNoise, FaultsWork.openAndNoise());
  }

  /** The device is gone from some call on: closing complains too, gives everything back, and hides nothing. */
  private void loseInTurn(
      List<String> names, LongUnaryOperator which, Supplier<List<Float>> work, List<Float> expected) {
    faults.clear();
    assertEquals(expected, work.get());
    Map<String, Long> seen = names.stream().collect(Collectors.toMap(name -> name, faults::seen));
    for (String name : names) {
      int code = name.equals("clEventStatus") ? UNKNOWN_ERROR : CL_DEVICE_NOT_AVAILABLE;
      faults.clear();
      faults.lose(name, which.applyAsLong(seen.get(name)), code);
      BackendException told = assertThrows(BackendException.class, work::get, name);
      requireClear(told, name, code);
      assertTrue(told.getSuppressed().length > 0, "closing found nothing wrong with a lost device");
      requireNothingLeft();
      faults.clear();
      assertEquals(expected, work.get(), "after " + name);
      failures++;
    }
  }

  /** Nothing runs, so closing is the first to notice. */
  private void lossWithoutWork(FaultsWork work) {
    Device device = FaultsWork.open();
    Pipeline pipeline = work.pipeline(device);
    pipeline.program(1);
    faults.lose("clReleaseKernel", 1, CL_DEVICE_NOT_AVAILABLE);
    requireClear(assertThrows(BackendException.class, pipeline::close), "clReleaseKernel", CL_DEVICE_NOT_AVAILABLE);
    requireClear(assertThrows(BackendException.class, device::close), "clReleaseProgram", CL_DEVICE_NOT_AVAILABLE);
    requireNothingLeft();
    device.close();
    pipeline.close();
    faults.clear();
    failures++;
  }

  private static long[] spread(long count, int most) {
    assertTrue(count > 0, "a call is never made");
    long points = Math.min(count, most);
    return LongStream.range(0, points)
        .map(i -> points == 1 ? 1 : 1 + i * (count - 1) / (points - 1))
        .toArray();
  }

  private void requireNothingLeft() {
    requireAlive(Collections.nCopies(faults.alive().size(), 0L), 0);
  }

  private void requireAlive(List<Long> alive, long held) {
    assertEquals(alive, faults.alive(), "contexts, queues, buffers, programs, kernels, events");
    assertEquals(held, ClContext.held());
  }

  private static void requireClear(BackendException told, String name, int code) {
    String message = told.getMessage();
    String call = name.equals("clEventStatus") ? "execution of a kernel" : name;
    String error = code == UNKNOWN_ERROR ? "error " + code : CL.stringFor_errorCode(code);
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains(error), () -> name + ": " + message);
    if (name.equals("clBuildProgram")) {
      assertTrue(message.contains(" does not compile on "), message);
      assertTrue(message.contains(FaultsWork.deviceName()), message);
      assertTrue(message.endsWith(": program.cl:7:9: error: use of undeclared identifier 'first'"), message);
    } else {
      assertTrue(message.contains(call), () -> name + ": " + message);
    }
    if (code == CL_MEM_OBJECT_ALLOCATION_FAILURE) {
      assertTrue(message.contains("; sample fewer images at once"), message);
    }
  }
}
