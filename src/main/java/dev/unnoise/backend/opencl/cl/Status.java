package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.stringFor_errorCode;

import dev.unnoise.graph.run.BackendException;

/** Checks what OpenCL calls return. */
final class Status {
  private Status() {}

  /**
   * Passes success.
   *
   * @throws BackendException naming the call and the error
   */
  static void check(int status, String call) {
    if (status != CL_SUCCESS) {
      throw new BackendException("OpenCL's " + call + " failed: " + stringFor_errorCode(status));
    }
  }
}
