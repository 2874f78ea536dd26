package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.cuda.bindings.nvrtc.nvrtc_h;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** Plain calls of the driver and of NVRTC, for tests of the stubs. What fails is an assertion. */
final class StubClient implements AutoCloseable {
  static final AddressLayout POINTER = ValueLayout.ADDRESS;

  private final Arena arena = Arena.ofConfined();
  final MemorySegment stream;

  StubClient() {
    check(driver_h.cuInit(0));
    check(driver_h.cuCtxSetCurrent(made(out -> driver_h.cuDevicePrimaryCtxRetain(out, 0))));
    stream = made(out -> driver_h.cuStreamCreate(out, driver_h.CU_STREAM_NON_BLOCKING()));
  }

  static void check(int status) {
    assertEquals(0, status);
  }

  /** What a function makes, by writing its handle to where it is told. */
  MemorySegment made(ToIntFunction<MemorySegment> function) {
    MemorySegment out = arena.allocate(POINTER);
    check(function.applyAsInt(out));
    return out.get(POINTER, 0);
  }

  long allocate(long bytes) {
    return made(out -> driver_h.cuMemAlloc_v2(out, bytes)).address();
  }

  long upload(float... values) {
    long at = allocate(4L * values.length);
    MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
    check(driver_h.cuMemcpyHtoDAsync_v2(at, from, from.byteSize(), stream));
    return at;
  }

  float[] download(long at, int count) {
    MemorySegment to = arena.allocate(ValueLayout.JAVA_FLOAT, count);
    check(driver_h.cuMemcpyDtoHAsync_v2(to, at, to.byteSize(), stream));
    check(driver_h.cuStreamSynchronize(stream));
    return to.toArray(ValueLayout.JAVA_FLOAT);
  }

  void free(long... allocations) {
    for (long at : allocations) {
      check(driver_h.cuMemFree_v2(at));
    }
  }

  /** The status of the compilation, and the program. */
  int compile(MemorySegment program, String... options) {
    MemorySegment line = arena.allocate(POINTER, options.length);
    for (int i = 0; i < options.length; i++) {
      line.setAtIndex(POINTER, i, arena.allocateFrom(options[i]));
    }
    return nvrtc_h.nvrtcCompileProgram(program, options.length, line);
  }

  MemorySegment program(String name, String text) {
    MemorySegment none = MemorySegment.NULL;
    return made(
        out -> nvrtc_h.nvrtcCreateProgram(out, arena.allocateFrom(text), arena.allocateFrom(name), 0, none, none));
  }

  String log(MemorySegment program) {
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check(nvrtc_h.nvrtcGetProgramLogSize(program, size));
    MemorySegment log = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    check(nvrtc_h.nvrtcGetProgramLog(program, log));
    return log.getString(0);
  }

  void destroy(MemorySegment program) {
    check(nvrtc_h.nvrtcDestroyProgram(arena.allocateFrom(POINTER, program)));
  }

  /** A module of one of our own programs. */
  MemorySegment module(KernelSource source) {
    return module(source.name() + ".cu", source.text(Dialect.CUDA), source.definitions().split(" "));
  }

  MemorySegment module(String name, String text, String... options) {
    MemorySegment program = program(name, text);
    Stream<String> all = Stream.concat(Stream.of("-arch=sm_90"), Stream.of(options));
    int status = compile(program, all.toArray(String[]::new));
    assertEquals(0, status, log(program));
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check(nvrtc_h.nvrtcGetCUBINSize(program, size));
    MemorySegment cubin = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    check(nvrtc_h.nvrtcGetCUBIN(program, cubin));
    destroy(program);
    return made(out -> driver_h.cuModuleLoadData(out, cubin));
  }

  MemorySegment function(MemorySegment module, String name) {
    return made(out -> driver_h.cuModuleGetFunction(out, module, arena.allocateFrom(name)));
  }

  /** Arguments are int, long or float; pointers are longs. Extents are of the grid and of a block. */
  int launch(MemorySegment function, List<Integer> grid, List<Integer> block, Object... arguments) {
    MemorySegment line = arena.allocate(POINTER, arguments.length);
    for (int i = 0; i < arguments.length; i++) {
      line.setAtIndex(POINTER, i, argument(arguments[i]));
    }
    return driver_h.cuLaunchKernel(
        function,
        grid.get(0),
        grid.get(1),
        grid.get(2),
        block.get(0),
        block.get(1),
        block.get(2),
        0,
        stream,
        line,
        MemorySegment.NULL);
  }

  private MemorySegment argument(Object value) {
    return switch (value) {
      case Integer number -> arena.allocateFrom(ValueLayout.JAVA_INT, number);
      case Long number -> arena.allocateFrom(ValueLayout.JAVA_LONG, number);
      case Float number -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, number);
      default -> throw new IllegalArgumentException(value.toString());
    };
  }

  /** Gives the stream and the context back. */
  @Override
  public void close() {
    check(driver_h.cuStreamDestroy_v2(stream));
    check(driver_h.cuDevicePrimaryCtxRelease_v2(0));
    arena.close();
  }
}
