package dev.unnoise.backend.opencl;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import java.io.IOException;
import java.util.List;

/** Kernels that do what none may, for the simulator to complain of. */
final class OclgrindFault {
  private static final String SOURCE =
      """
      __kernel void race(__global float *to, __global const float *from) {
        to[0] = get_global_id(0);
      }

      __kernel void stray(__global float *to, __global const float *from) {
        to[get_global_id(0)] = to[2 + get_global_id(0)];
      }

      __kernel void unwritten_global(__global float *to, __global const float *from) {
        to[get_global_id(0)] = from[0];
      }

      __kernel void unwritten_local(__global float *to, __global const float *from) {
        __local float shared[2];
        to[get_global_id(0)] = shared[get_local_id(0)];
      }

      __kernel void unwritten_private(__global float *to, __global const float *from) {
        float sum;
        for (int i = 0; i < 3; i++) {
          sum += 1.0f;
        }
        to[get_global_id(0)] = sum;
      }
      """;

  private OclgrindFault() {}

  public static void main(String[] arguments) throws IOException {
    try (ClContext context = new ClContext(ClDevices.all().getFirst());
        GpuBuffer to = context.allocate(2L * Float.BYTES);
        GpuBuffer from = context.allocate(Float.BYTES);
        GpuModule program = context.compile("fault", SOURCE, "")) {
      context.write(to, new float[2]);
      for (String fault :
          List.of("race", "stray", "unwritten_global", "unwritten_local", "unwritten_private")) {
        try (GpuKernel kernel = program.kernel(fault)) {
          kernel.buffer(to).buffer(from).enqueue(new long[] {2}, new long[] {2});
          context.finish();
        }
      }
    }
    OclgrindLog.requireEmpty();
  }
}
