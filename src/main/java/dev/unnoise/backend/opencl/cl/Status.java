package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.stringFor_errorCode;

import dev.unnoise.graph.run.BackendException;

/** Checks what OpenCL calls return. */
final class Status {
  /** What helps where memory is short. */
  static final String REMEDY = "sample fewer images at once, or on a device with more memory";

  private Status() {}

  /**
   * Passes success.
   *
   * @throws BackendException naming the call and the error
   */
  static void check(int status, String call) {
    if (status != CL_SUCCESS) {
      throw failure(status, call);
    }
  }

  /** What to throw where there is something to do before. */
  static BackendException failure(int status, String call) {
    // Many drivers look for memory only when a command needs it.
    String remedy = status == CL_MEM_OBJECT_ALLOCATION_FAILURE ? "; " + REMEDY : "";
    return new BackendException("OpenCL's " + call + " failed: " + name(status) + remedy);
  }

  /** The error's name in the standard, or its number where a driver has errors of its own. */
  static String name(int status) {
    String name = stringFor_errorCode(status);
    return name.startsWith("CL_") ? name : "error " + status + " of the driver's own";
  }
}
