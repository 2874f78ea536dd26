package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What the driver says of itself and its calls. */
public final class Driver {
  /** Objects of the driver that this process holds. */
  static final AtomicLong HELD = new AtomicLong();

  private static boolean initialised;

  private Driver() {}

  /** How many objects of the driver are held by this process. */
  public static long held() {
    return HELD.get();
  }

  /**
   * The devices, in the driver's order.
   *
   * @throws BackendException if the driver cannot be initialised
   */
  public static synchronized List<CudaDeviceInfo> devices() {
    if (!initialised) {
      check(driver_h.cuInit(0), "cuInit");
      initialised = true;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      check(driver_h.cuDriverGetVersion(number), "cuDriverGetVersion");
      int version = number.get(ValueLayout.JAVA_INT, 0);
      check(driver_h.cuDeviceGetCount(number), "cuDeviceGetCount");
      int count = number.get(ValueLayout.JAVA_INT, 0);
      List<CudaDeviceInfo> devices = new ArrayList<>();
      for (int ordinal = 0; ordinal < count; ordinal++) {
        devices.add(CudaDeviceInfo.of(ordinal, version));
      }
      return devices;
    }
  }

  /**
   * Passes success.
   *
   * @throws BackendException naming the call and the error
   */
  static void check(int status, String call) {
    if (status != driver_h.CUDA_SUCCESS()) {
      throw failure(status, call);
    }
  }

  static BackendException failure(int status, String call) {
    return new BackendException("CUDA's " + call + " failed: " + name(status));
  }

  /** Name and explanation of a status. */
  static String name(int status) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
      if (driver_h.cuGetErrorName(status, text) != driver_h.CUDA_SUCCESS()) {
        return "error " + status;
      }
      String name = string(text);
      boolean explained = driver_h.cuGetErrorString(status, text) == driver_h.CUDA_SUCCESS();
      return explained ? name + " (" + string(text) + ")" : name;
    }
  }

  private static String string(MemorySegment pointer) {
    return pointer.get(ValueLayout.ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
  }
}
