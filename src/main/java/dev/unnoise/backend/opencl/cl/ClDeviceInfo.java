package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_DEVICE_COMPILER_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_LOCAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.jocl.CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.jocl.CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN;
import static org.jocl.CL.CL_DEVICE_NAME;
import static org.jocl.CL.CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT;
import static org.jocl.CL.CL_DEVICE_TYPE;
import static org.jocl.CL.CL_DEVICE_TYPE_GPU;
import static org.jocl.CL.CL_DEVICE_VERSION;
import static org.jocl.CL.CL_DRIVER_VERSION;
import static org.jocl.CL.CL_PLATFORM_NAME;
import static org.jocl.CL.clGetDeviceInfo;
import static org.jocl.CL.clGetPlatformInfo;

import java.nio.charset.StandardCharsets;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * What a driver says of a device.
 *
 * @param memoryBytes all of its memory
 * @param largestAllocation bytes of the largest buffer
 * @param localMemoryBytes of a group
 * @param maxGroupItems work-items of the largest group
 * @param alignmentBytes to which buffers are aligned
 * @param vectorWidth floats of a native vector
 */
public record ClDeviceInfo(
    cl_platform_id platform,
    cl_device_id id,
    String platformName,
    String name,
    String version,
    String driver,
    boolean gpu,
    boolean hasCompiler,
    int computeUnits,
    long memoryBytes,
    long largestAllocation,
    long localMemoryBytes,
    long maxGroupItems,
    int alignmentBytes,
    int vectorWidth) {

  static ClDeviceInfo of(cl_platform_id platform, cl_device_id id) {
    return new ClDeviceInfo(
        platform,
        id,
        platformText(platform),
        text(id, CL_DEVICE_NAME),
        text(id, CL_DEVICE_VERSION),
        text(id, CL_DRIVER_VERSION),
        (number(id, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_GPU) != 0,
        integer(id, CL_DEVICE_COMPILER_AVAILABLE) != 0,
        integer(id, CL_DEVICE_MAX_COMPUTE_UNITS),
        number(id, CL_DEVICE_GLOBAL_MEM_SIZE),
        number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE),
        number(id, CL_DEVICE_LOCAL_MEM_SIZE),
        number(id, CL_DEVICE_MAX_WORK_GROUP_SIZE),
        Math.max(Float.BYTES, integer(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / Byte.SIZE),
        integer(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
  }

  private static long number(cl_device_id id, int what) {
    long[] value = new long[1];
    Status.check(clGetDeviceInfo(id, what, Long.BYTES, Pointer.to(value), null), "clGetDeviceInfo");
    return value[0];
  }

  private static int integer(cl_device_id id, int what) {
    int[] value = new int[1];
    Status.check(clGetDeviceInfo(id, what, Integer.BYTES, Pointer.to(value), null), "clGetDeviceInfo");
    return value[0];
  }

  private static String text(cl_device_id id, int what) {
    long[] size = new long[1];
    Status.check(clGetDeviceInfo(id, what, 0, null, size), "clGetDeviceInfo");
    byte[] bytes = new byte[Math.toIntExact(size[0])];
    Status.check(clGetDeviceInfo(id, what, bytes.length, Pointer.to(bytes), null), "clGetDeviceInfo");
    return untilZero(bytes);
  }

  private static String platformText(cl_platform_id id) {
    long[] size = new long[1];
    Status.check(clGetPlatformInfo(id, CL_PLATFORM_NAME, 0, null, size), "clGetPlatformInfo");
    byte[] bytes = new byte[Math.toIntExact(size[0])];
    Status.check(clGetPlatformInfo(id, CL_PLATFORM_NAME, bytes.length, Pointer.to(bytes), null), "clGetPlatformInfo");
    return untilZero(bytes);
  }

  /** What drivers write as text. */
  static String untilZero(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf(0);
    return (end < 0 ? text : text.substring(0, end)).strip();
  }
}
