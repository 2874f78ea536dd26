package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_DEVICE_NOT_FOUND;
import static org.jocl.CL.CL_DEVICE_TYPE_ALL;
import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.clGetDeviceIDs;
import static org.jocl.CL.clGetPlatformIDs;

import dev.unnoise.graph.run.BackendException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jocl.CL;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** The devices of every installed OpenCL driver. */
public final class ClDevices {
  /** clGetPlatformIDs where no driver is installed (cl_khr_icd). */
  private static final int PLATFORM_NOT_FOUND = -1001;

  private ClDevices() {}

  /**
   * Devices in the order of the drivers. A driver that fails is passed over if another has devices.
   *
   * @throws BackendException if there are none, and a driver failed
   * @throws LinkageError if there is no OpenCL loader on this machine
   */
  public static synchronized List<ClDevice> all() {
    CL.setExceptionsEnabled(false);
    int[] count = new int[1];
    int status = clGetPlatformIDs(0, null, count);
    if (status == PLATFORM_NOT_FOUND || status == CL_SUCCESS && count[0] == 0) {
      return List.of();
    }
    Status.check(status, "clGetPlatformIDs");
    cl_platform_id[] platforms = new cl_platform_id[count[0]];
    Status.check(clGetPlatformIDs(platforms.length, platforms, null), "clGetPlatformIDs");
    List<ClDevice> devices = new ArrayList<>();
    List<BackendException> failures = new ArrayList<>();
    for (cl_platform_id platform : platforms) {
      try {
        devices.addAll(devices(platform));
      } catch (BackendException e) {
        failures.add(e);
      }
    }
    if (devices.isEmpty() && !failures.isEmpty()) {
      throw failures.getFirst();
    }
    return devices;
  }

  private static List<ClDevice> devices(cl_platform_id platform) {
    int[] count = new int[1];
    int status = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, count);
    if (status == CL_DEVICE_NOT_FOUND || status == CL_SUCCESS && count[0] == 0) {
      return List.of();
    }
    Status.check(status, "clGetDeviceIDs");
    cl_device_id[] devices = new cl_device_id[count[0]];
    Status.check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices.length, devices, null), "clGetDeviceIDs");
    return Arrays.stream(devices).map(device -> ClDevice.of(platform, device)).toList();
  }
}
