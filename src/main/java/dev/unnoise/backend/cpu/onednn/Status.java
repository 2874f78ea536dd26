package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.backend.cpu.bindings.dnnl_h;
import dev.unnoise.graph.run.BackendException;

/** What oneDNN's functions return. */
final class Status {
  private Status() {}

  /**
   * Passes success.
   *
   * @throws BackendException naming the call and the status
   */
  static void check(int status, String call) {
    if (status != dnnl_h.dnnl_success()) {
      throw new BackendException("oneDNN: " + call + " failed: " + name(status));
    }
  }

  private static String name(int status) {
    if (status == dnnl_h.dnnl_out_of_memory()) {
      return "out of memory";
    }
    if (status == dnnl_h.dnnl_invalid_arguments()) {
      return "invalid arguments";
    }
    if (status == dnnl_h.dnnl_unimplemented()) {
      return "not implemented";
    }
    if (status == dnnl_h.dnnl_runtime_error()) {
      return "runtime error";
    }
    return "status " + status;
  }
}
