package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_CONTEXT_PLATFORM;
import static org.jocl.CL.CL_MEM_READ_WRITE;
import static org.jocl.CL.CL_PROGRAM_BUILD_LOG;
import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.clBuildProgram;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clCreateCommandQueue;
import static org.jocl.CL.clCreateContext;
import static org.jocl.CL.clCreateProgramWithSource;
import static org.jocl.CL.clEnqueueCopyBuffer;
import static org.jocl.CL.clEnqueueMarkerWithWaitList;
import static org.jocl.CL.clEnqueueReadBuffer;
import static org.jocl.CL.clEnqueueWriteBuffer;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clFlush;
import static org.jocl.CL.clGetProgramBuildInfo;
import static org.jocl.CL.clReleaseCommandQueue;
import static org.jocl.CL.clReleaseContext;
import static org.jocl.CL.clReleaseProgram;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jocl.cl_program;

/** A device of OpenCL, opened. */
public final class ClContext implements Gpu {
  static final AtomicLong HELD = new AtomicLong();
  private static final AtomicLong ALLOCATIONS = new AtomicLong();

  /** Bytes copied between host and device at once. */
  private static final int PIECE = 64 << 20;

  private final ClDevice device;
  private final GpuInfo info;
  private final cl_context context;
  private final cl_command_queue queue;
  private final AtomicLong taken = new AtomicLong();
  private boolean closed;

  /**
   * Opens a device.
   *
   * @throws BackendException if the driver refuses
   */
  @SuppressWarnings("deprecation")
  public ClContext(ClDevice device) {
    this.device = device;
    this.info = device.info();
    cl_context_properties properties = new cl_context_properties();
    properties.addProperty(CL_CONTEXT_PLATFORM, device.platform());
    int[] status = new int[1];
    context = clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, status);
    Status.check(status[0], "clCreateContext");
    queue = clCreateCommandQueue(context, device.id(), 0, status);
    if (status[0] != CL_SUCCESS) {
      clReleaseContext(context);
    }
    Status.check(status[0], "clCreateCommandQueue");
    HELD.addAndGet(2);
  }

  /** How many objects of drivers are held by this process. */
  public static long held() {
    return HELD.get();
  }

  @Override
  public long allocations() {
    return ALLOCATIONS.get();
  }

  @Override
  public GpuInfo info() {
    return info;
  }

  cl_command_queue queue() {
    if (closed) {
      throw new IllegalStateException("a device is used after it was closed");
    }
    return queue;
  }

  @Override
  public ClBuffer allocate(long bytes) {
    if (bytes > info.largestAllocation()) {
      throw new BackendException(
          info.name() + " gives at most " + mebibytes(info.largestAllocation()) + " in one piece, " + mebibytes(bytes)
              + " are needed; " + Status.REMEDY);
    }
    // Drivers promise more than there is, and fail in the middle of the work.
    if (taken.get() + bytes > info.memoryBytes()) {
      throw new BackendException(
          info.name() + " has " + mebibytes(info.memoryBytes()) + " of memory, " + mebibytes(taken.get())
              + " are taken and " + mebibytes(bytes) + " more are needed; " + Status.REMEDY);
    }
    int[] status = new int[1];
    cl_mem memory = clCreateBuffer(context, CL_MEM_READ_WRITE, Math.max(bytes, Float.BYTES), null, status);
    if (status[0] != CL_SUCCESS) {
      throw new BackendException(
          "OpenCL's clCreateBuffer failed: " + info.name() + " has no memory for " + mebibytes(bytes) + " more ("
              + Status.name(status[0]) + "); " + Status.REMEDY);
    }
    ALLOCATIONS.incrementAndGet();
    taken.addAndGet(bytes);
    return new ClBuffer(this, memory, bytes);
  }

  void freed(long bytes) {
    taken.addAndGet(-bytes);
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f MiB", bytes / (double) (1 << 20));
  }

  @Override
  public void write(GpuBuffer to, long offset, MemorySegment from) {
    byte[] piece = new byte[(int) Math.min(PIECE, from.byteSize())];
    for (long at = 0; at < from.byteSize(); at += piece.length) {
      int count = (int) Math.min(piece.length, from.byteSize() - at);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, piece, 0, count);
      Status.check(
          clEnqueueWriteBuffer(queue(), memory(to), true, offset + at, count, Pointer.to(piece), 0, null, null),
          "clEnqueueWriteBuffer");
    }
  }

  @Override
  public void read(GpuBuffer from, long offset, MemorySegment to) {
    byte[] piece = new byte[(int) Math.min(PIECE, to.byteSize())];
    for (long at = 0; at < to.byteSize(); at += piece.length) {
      int count = (int) Math.min(piece.length, to.byteSize() - at);
      Status.check(
          clEnqueueReadBuffer(queue(), memory(from), true, offset + at, count, Pointer.to(piece), 0, null, null),
          "clEnqueueReadBuffer");
      MemorySegment.copy(piece, 0, to, ValueLayout.JAVA_BYTE, at, count);
    }
  }

  @Override
  public void copy(GpuBuffer from, long fromOffset, GpuBuffer to, long toOffset, long bytes) {
    Status.check(
        clEnqueueCopyBuffer(queue(), memory(from), memory(to), fromOffset, toOffset, bytes, 0, null, null),
        "clEnqueueCopyBuffer");
  }

  @Override
  public ClMark mark() {
    cl_event event = new cl_event();
    Status.check(clEnqueueMarkerWithWaitList(queue(), 0, null, event), "clEnqueueMarkerWithWaitList");
    ClMark mark = new ClMark(event);
    int status = clFlush(queue());
    if (status != CL_SUCCESS) {
      BackendException failure = Status.failure(status, "clFlush");
      Closing.after(failure, mark::close);
      throw failure;
    }
    return mark;
  }

  @Override
  public void finish() {
    Status.check(clFinish(queue()), "clFinish");
  }

  private static cl_mem memory(GpuBuffer buffer) {
    return ((ClBuffer) buffer).memory();
  }

  @Override
  public Dialect dialect() {
    return Dialect.OPENCL;
  }

  @Override
  public GpuModule compile(KernelSource source) {
    return compile(source.file(), source.text(dialect()), source.definitions());
  }

  /** Compiles a text of one's own. */
  public GpuModule compile(String name, String text, String options) {
    int[] status = new int[1];
    cl_program program = clCreateProgramWithSource(context, 1, new String[] {text}, null, status);
    Status.check(status[0], "clCreateProgramWithSource");
    int built = clBuildProgram(program, 0, null, options, null, null);
    if (built != CL_SUCCESS) {
      String complaint = firstError(log(program));
      clReleaseProgram(program);
      throw new BackendException(
          "the kernel " + name + " does not compile on " + info.name() + " (" + info.driver() + ", "
              + Status.name(built) + "): " + complaint);
    }
    return new ClProgram(this, program);
  }

  private String log(cl_program program) {
    long[] size = new long[1];
    int status = clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, 0, null, size);
    if (status != CL_SUCCESS || size[0] == 0) {
      return "";
    }
    byte[] bytes = new byte[Math.toIntExact(size[0])];
    clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, bytes.length, Pointer.to(bytes), null);
    return ClDevice.untilZero(bytes);
  }

  private static String firstError(String log) {
    return log.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).contains("error"))
        .findFirst()
        .map(String::strip)
        .orElseGet(() -> log.isBlank() ? "the driver says nothing more" : log.strip().lines().findFirst().orElse(""));
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    HELD.addAndGet(-2);
    int finished = clFinish(queue);
    int queueStatus = clReleaseCommandQueue(queue);
    int contextStatus = clReleaseContext(context);
    Status.check(finished, "clFinish");
    Status.check(queueStatus, "clReleaseCommandQueue");
    Status.check(contextStatus, "clReleaseContext");
  }
}
