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

import dev.unnoise.backend.gpu.GpuInfo;
import java.nio.charset.StandardCharsets;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * A device of a driver.
 *
 * @param hasCompiler whether it takes kernels as text
 */
public record ClDevice(cl_platform_id platform, cl_device_id id, boolean hasCompiler, GpuInfo info) {

  static ClDevice of(cl_platform_id platform, cl_device_id id) {
    String driver =
        platformText(platform) + ", " + text(id, CL_DEVICE_VERSION) + ", driver " + text(id, CL_DRIVER_VERSION);
    GpuInfo info =
        new GpuInfo(
            text(id, CL_DEVICE_NAME),
            driver,
            (number(id, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_GPU) != 0,
            integer(id, CL_DEVICE_MAX_COMPUTE_UNITS),
            number(id, CL_DEVICE_GLOBAL_MEM_SIZE),
            number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE),
            Math.max(Float.BYTES, integer(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / Byte.SIZE),
            number(id, CL_DEVICE_LOCAL_MEM_SIZE),
            number(id, CL_DEVICE_MAX_WORK_GROUP_SIZE),
            integer(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
    return new ClDevice(platform, id, integer(id, CL_DEVICE_COMPILER_AVAILABLE) != 0, info);
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
