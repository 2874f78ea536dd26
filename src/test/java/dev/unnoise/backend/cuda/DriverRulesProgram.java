package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * What {@link CudaStubsTest} runs in a process of its own: what the stub of the driver complains of, and how it fails
 * where it is told to.
 */
final class DriverRulesProgram {
  private static final int INVALID_VALUE = 1;
  private static final int INVALID_CONTEXT = 201;
  private static final int NO_BINARY = 209;
  private static final int INVALID_HANDLE = 400;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int LAUNCH_FAILED = 719;
  private static final int CAPTURE_UNSUPPORTED = 900;
  private static final int CAPTURE_INVALIDATED = 901;
  private static final List<Integer> ONE = List.of(1, 1, 1);

  private static final String KERNELS =
      """
      extern "C" __global__ void astray(float *p) {
        p[4 + threadIdx.x] = 1.0f;
      }
      extern "C" __global__ void alone(float *p) {
        if (threadIdx.x > 0) {
          __syncthreads();
        }
      }
      extern "C" __global__ void unwritten(float *p) {
        __shared__ float shared[2];
        p[threadIdx.x] = shared[threadIdx.x];
        shared[threadIdx.x] = 1.0f;
      }
      """;

  private final StubControl control;

  private DriverRulesProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    DriverRulesProgram program = new DriverRulesProgram(StubControl.load(Path.of(arguments[0])));
    program.memory();
    program.kernels();
    program.captures();
    program.contexts();
    program.devices();
    program.laterWork();
    program.times();
    program.failures();
    System.out.println("done");
  }

  /** A call has one violation and a status. */
  private void requireWrong(int status, String violation, IntSupplier call) {
    assertEquals(status, call.getAsInt());
    assertEquals(1, control.violations().size(), control.violations().toString());
    assertTrue(control.violations().getFirst().contains(violation), control.violations().getFirst());
    control.reset();
  }

  private void memory() {
    try (StubClient card = new StubClient()) {
      long at = card.allocate(16);
      MemorySegment stream = card.stream;
      requireWrong(
          ILLEGAL_ADDRESS, "are more than there are", () -> driver_h.cuMemsetD8Async(at + 8, (byte) 0, 16, stream));
      requireWrong(ILLEGAL_ADDRESS, "overlap", () -> driver_h.cuMemcpyDtoDAsync_v2(at + 4, at, 8, stream));
      assertEquals(Float.NaN, card.download(at, 1)[0], "what nobody has written");
      card.free(at);
      requireWrong(ILLEGAL_ADDRESS, "is nobody's memory", () -> driver_h.cuMemsetD8Async(at, (byte) 0, 16, stream));
      requireWrong(INVALID_VALUE, "is no allocation", () -> driver_h.cuMemFree_v2(at));
    }
    control.requireNothingLeft();
  }

  private void kernels() {
    try (StubClient card = new StubClient()) {
      MemorySegment module = card.module("rules.cu", KERNELS);
      MemorySegment alone = card.function(module, "alone");
      MemorySegment astray = card.function(module, "astray");
      MemorySegment unwritten = card.function(module, "unwritten");
      List<Integer> two = List.of(2, 1, 1);
      long at = card.allocate(16);
      StubClient.check(card.launch(unwritten, two, two, at));
      assertEquals(Float.NaN, card.download(at, 1)[0], "what no thread of the block has written");
      requireWrong(0, "kernel astray wrote after the end", () -> card.launch(astray, ONE, ONE, at));
      requireWrong(0, "not all threads of a block came to a barrier", () -> card.launch(alone, ONE, two, at));
      requireWrong(ILLEGAL_ADDRESS, "argument 0", () -> card.launch(astray, ONE, ONE, at + 16));
      requireWrong(INVALID_VALUE, "more threads", () -> card.launch(alone, ONE, List.of(1025, 1, 1), at));
      requireWrong(INVALID_VALUE, "more threads", () -> card.launch(alone, ONE, List.of(1, 1, 65), at));
      requireWrong(INVALID_VALUE, "more blocks", () -> card.launch(alone, List.of(1, 65536, 1), ONE, at));
      requireWrong(INVALID_VALUE, "more blocks", () -> card.launch(alone, List.of(1, 1, 65536), ONE, at));
      StubClient.check(driver_h.cuModuleUnload(module));
      requireWrong(INVALID_HANDLE, "there is no function", () -> card.launch(alone, ONE, ONE, at));
      card.free(at);
    }
    control.requireNothingLeft();
  }

  /** Whatever is forbidden breaks the capture. */
  private void captures() {
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      MemorySegment event = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DISABLE_TIMING()));
      MemorySegment out = arena.allocate(8);
      long at = card.allocate(8);
      Map<String, IntSupplier> forbidden =
          Map.of(
              "cuStreamSynchronize", () -> driver_h.cuStreamSynchronize(card.stream),
              "cuEventQuery", () -> driver_h.cuEventQuery(event),
              "cuEventElapsedTime", () -> driver_h.cuEventElapsedTime(out, event, event),
              "cuMemAlloc_v2", () -> driver_h.cuMemAlloc_v2(out, 4),
              "cuMemFree_v2", () -> driver_h.cuMemFree_v2(at),
              "cuMemHostAlloc", () -> driver_h.cuMemHostAlloc(out, 4, 0),
              "cuModuleLoadData", () -> driver_h.cuModuleLoadData(out, out),
              "pageable", () -> driver_h.cuMemcpyHtoDAsync_v2(at, out, 8, card.stream),
              "null stream", () -> driver_h.cuMemsetD8Async(at, (byte) 0, 8, MemorySegment.NULL));
      forbidden.forEach(
          (name, call) -> {
            StubClient.check(
                driver_h.cuStreamBeginCapture_v2(card.stream, driver_h.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
            requireWrong(CAPTURE_UNSUPPORTED, name, call);
            assertEquals(CAPTURE_INVALIDATED, driver_h.cuStreamEndCapture(card.stream, out));
          });
      card.free(at);
      StubClient.check(driver_h.cuEventDestroy_v2(event));
    }
    control.requireNothingLeft();
  }

  private void contexts() {
    StubClient card = new StubClient();
    long at = card.allocate(4);
    requireWrong(0, "goes before its allocations or streams", () -> driver_h.cuDevicePrimaryCtxRelease_v2(0));
    requireWrong(INVALID_CONTEXT, "no context is current", () -> driver_h.cuMemFree_v2(at));
    StubClient.check(driver_h.cuStreamDestroy_v2(card.stream));
    // The allocation is given back with another context of the device.
    try (StubClient other = new StubClient()) {
      other.free(at);
    }
    control.requireNothingLeft();
  }

  private void devices() {
    control.set("devices", 2);
    control.set("computeMajor", 8);
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      MemorySegment first = card.made(out -> driver_h.cuDevicePrimaryCtxRetain(out, 0));
      MemorySegment second = card.made(out -> driver_h.cuDevicePrimaryCtxRetain(out, 1));
      long here = card.allocate(4);
      StubClient.check(driver_h.cuCtxSetCurrent(second));
      long there = card.allocate(4);
      MemorySegment name = arena.allocate(100);
      StubClient.check(driver_h.cuDeviceGetName(name, 100, 1));
      assertEquals("Stub card 1", name.getString(0));
      assertEquals(INVALID_HANDLE, driver_h.cuMemsetD8Async(there, (byte) 0, 4, card.stream));
      StubClient.check(driver_h.cuMemsetD8Async(there, (byte) 0, 4, MemorySegment.NULL));
      StubClient.check(driver_h.cuCtxSetCurrent(first));
      assertEquals(ILLEGAL_ADDRESS, driver_h.cuMemcpyDtoDAsync_v2(here, there, 4, card.stream));
      assertEquals(2, control.violations().size(), control.violations().toString());
      MemorySegment image = arena.allocateFrom("unnoise stub cubin 9 0 1\n ");
      assertEquals(NO_BINARY, driver_h.cuModuleLoadData(arena.allocate(8), image));
      control.reset();
      card.free(here, there);
      StubClient.check(driver_h.cuDevicePrimaryCtxRelease_v2(1));
      StubClient.check(driver_h.cuDevicePrimaryCtxRelease_v2(0));
    }
    control.requireNothingLeft();
  }

  /** Work that waits until somebody asks. */
  private void laterWork() {
    control.set("deferred", 1);
    try (StubClient card = new StubClient()) {
      MemorySegment event = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DISABLE_TIMING()));
      MemorySegment host = card.made(out -> driver_h.cuMemHostAlloc(out, 4, 0)).reinterpret(4);
      long at = card.allocate(4);
      host.set(driver_h.C_INT, 0, 0);
      StubClient.check(driver_h.cuMemsetD8Async(at, (byte) 1, 4, card.stream));
      StubClient.check(driver_h.cuMemcpyDtoHAsync_v2(host, at, 4, card.stream));
      StubClient.check(driver_h.cuEventRecord(event, card.stream));
      assertEquals(driver_h.CUDA_ERROR_NOT_READY(), driver_h.cuEventQuery(event));
      assertEquals(0, host.get(driver_h.C_INT, 0));
      assertEquals(driver_h.CUDA_ERROR_NOT_READY(), driver_h.cuEventQuery(event));
      StubClient.check(driver_h.cuEventQuery(event));
      assertEquals(0x01010101, host.get(driver_h.C_INT, 0));
      StubClient.check(driver_h.cuMemFreeHost(host));
      StubClient.check(driver_h.cuEventDestroy_v2(event));
      card.free(at);
    }
    control.requireNothingLeft();
  }

  /** Only events made for timing, recorded and reached have a time. */
  private void times() {
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      MemorySegment untimed = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DISABLE_TIMING()));
      MemorySegment start = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DEFAULT()));
      MemorySegment end = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DEFAULT()));
      MemorySegment milliseconds = arena.allocate(driver_h.C_FLOAT);
      StubClient.check(driver_h.cuEventRecord(untimed, card.stream));
      StubClient.check(driver_h.cuEventRecord(start, card.stream));
      requireWrong(
          INVALID_HANDLE, "CU_EVENT_DISABLE_TIMING", () -> driver_h.cuEventElapsedTime(milliseconds, start, untimed));
      requireWrong(INVALID_HANDLE, "never recorded", () -> driver_h.cuEventElapsedTime(milliseconds, start, end));
      control.set("deferred", 1);
      long at = card.allocate(4);
      StubClient.check(driver_h.cuMemsetD8Async(at, (byte) 0, 4, card.stream));
      StubClient.check(driver_h.cuEventRecord(end, card.stream));
      requireWrong(
          driver_h.CUDA_ERROR_NOT_READY(),
          "is not reached",
          () -> driver_h.cuEventElapsedTime(milliseconds, start, end));
      StubClient.check(driver_h.cuStreamSynchronize(card.stream));
      StubClient.check(driver_h.cuEventElapsedTime(milliseconds, start, end));
      StubClient.check(driver_h.cuEventDestroy_v2(untimed));
      StubClient.check(driver_h.cuEventDestroy_v2(start));
      StubClient.check(driver_h.cuEventDestroy_v2(end));
      requireWrong(INVALID_HANDLE, "there is no event", () -> driver_h.cuEventElapsedTime(milliseconds, start, end));
      card.free(at);
    }
    control.requireNothingLeft();
  }

  private void failures() {
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      control.set("memory", 1000);
      MemorySegment out = arena.allocate(8);
      assertEquals(driver_h.CUDA_ERROR_OUT_OF_MEMORY(), driver_h.cuMemAlloc_v2(out, 1001));
      control.fail("cuMemAlloc_v2", 2, driver_h.CUDA_ERROR_OUT_OF_MEMORY());
      long first = card.allocate(4);
      assertEquals(driver_h.CUDA_ERROR_OUT_OF_MEMORY(), driver_h.cuMemAlloc_v2(out, 4));
      long second = card.allocate(4);
      control.lose("cuStreamSynchronize", 1, LAUNCH_FAILED);
      assertEquals(0, driver_h.cuMemsetD8Async(first, (byte) 0, 4, card.stream));
      assertEquals(LAUNCH_FAILED, driver_h.cuStreamSynchronize(card.stream));
      assertEquals(LAUNCH_FAILED, driver_h.cuMemsetD8Async(first, (byte) 0, 4, card.stream));
      assertEquals(LAUNCH_FAILED, driver_h.cuMemFree_v2(first), "what is given back complains, but is given back");
      assertEquals(LAUNCH_FAILED, driver_h.cuMemFree_v2(second));
      assertNotEquals(0, control.seen("cuMemFree_v2"));
      control.reset();
    }
    control.requireNothingLeft();
  }
}
