package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A card.
 *
 * @param ordinal in the driver's order
 * @param major of the compute capability
 * @param minor of the compute capability
 * @param driverVersion the newest CUDA that the driver knows, as 1000 · major + 10 · minor
 */
public record CudaDeviceInfo(
    int ordinal, String name, int major, int minor, int multiprocessors, long memoryBytes, int driverVersion) {
  private static final int LONGEST_NAME = 256;

  private static final int BATCH_PER_MULTIPROCESSOR = 4;

  static CudaDeviceInfo of(int ordinal, int driverVersion) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_LONG);
      Driver.check(driver_h.cuDeviceGet(number, ordinal), "cuDeviceGet");
      int device = number.get(ValueLayout.JAVA_INT, 0);
      MemorySegment name = arena.allocate(LONGEST_NAME);
      Driver.check(driver_h.cuDeviceGetName(name, LONGEST_NAME, device), "cuDeviceGetName");
      Driver.check(driver_h.cuDeviceTotalMem_v2(number, device), "cuDeviceTotalMem");
      long memory = number.get(ValueLayout.JAVA_LONG, 0);
      return new CudaDeviceInfo(
          ordinal,
          name.getString(0),
          attribute(number, driver_h.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(), device),
          attribute(number, driver_h.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(), device),
          attribute(number, driver_h.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(), device),
          memory,
          driverVersion);
    }
  }

  private static int attribute(MemorySegment number, int attribute, int device) {
    Driver.check(driver_h.cuDeviceGetAttribute(number, attribute, device), "cuDeviceGetAttribute");
    return number.get(ValueLayout.JAVA_INT, 0);
  }

  /** The compute capability as 10 · major + minor. */
  public int computeCapability() {
    return 10 * major + minor;
  }

  /** The target that its code is compiled for, for example {@code sm_90}. */
  public String target() {
    return "sm_" + major + minor;
  }

  /** Images at once beyond which throughput hardly grows, a power of two: 512 for the 132 multiprocessors of an H100. */
  public int preferredBatch() {
    return Integer.highestOneBit(BATCH_PER_MULTIPROCESSOR * multiprocessors);
  }

  /** The CUDA release, for example {@code 13.0}. */
  public String driver() {
    return driverVersion / 1000 + "." + driverVersion % 1000 / 10;
  }
}
