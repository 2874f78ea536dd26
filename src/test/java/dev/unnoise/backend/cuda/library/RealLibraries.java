package dev.unnoise.backend.cuda.library;

import dev.unnoise.backend.cuda.bindings.nvrtc.nvrtc_h;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The main class of a process that loads NVIDIA's libraries and compiles a kernel. A process of its own, because what is
 * loaded stays loaded. Prints one line for every fact.
 */
final class RealLibraries {
  private static final String KERNEL =
      "extern \"C\" __global__ void twice(float *x, int n) {"
          + " int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) x[i] *= 2.0f; }";

  private RealLibraries() {}

  public static void main(String[] arguments) throws IOException {
    CudaLibraries libraries = CudaLibraries.ofThisProcess();
    for (Library library : List.of(Library.NVRTC, Library.CUBLASLT, Library.CUDNN)) {
      System.out.println(library + " " + libraries.version(library).map(Version::toString).orElse("absent"));
      if (library == Library.NVRTC && libraries.isLoaded(library)) {
        System.out.println("builtins " + Files.readString(Path.of("/proc/self/maps")).contains("libnvrtc-builtins.so."));
        System.out.println("bound " + boundVersion());
        System.out.println("cubin " + cubin().asByteBuffer().order(ByteOrder.BIG_ENDIAN).getInt(0));
      }
    }
    libraries.attempts().forEach(line -> System.out.println("tried " + line));
  }

  private static String boundVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
      check(nvrtc_h.nvrtcVersion(major, minor));
      return major.get(ValueLayout.JAVA_INT, 0) + "." + minor.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private static MemorySegment cubin() {
    Arena arena = Arena.ofAuto();
    MemorySegment program = arena.allocate(ValueLayout.ADDRESS);
    check(
        nvrtc_h.nvrtcCreateProgram(
            program, arena.allocateFrom(KERNEL), arena.allocateFrom("twice.cu"), 0, MemorySegment.NULL, MemorySegment.NULL));
    MemorySegment handle = program.get(ValueLayout.ADDRESS, 0);
    MemorySegment options = arena.allocate(ValueLayout.ADDRESS);
    options.set(ValueLayout.ADDRESS, 0, arena.allocateFrom("--gpu-architecture=sm_80"));
    check(nvrtc_h.nvrtcCompileProgram(handle, 1, options));
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check(nvrtc_h.nvrtcGetCUBINSize(handle, size));
    MemorySegment cubin = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    check(nvrtc_h.nvrtcGetCUBIN(handle, cubin));
    check(nvrtc_h.nvrtcDestroyProgram(program));
    return cubin;
  }

  private static void check(int status) {
    if (status != nvrtc_h.NVRTC_SUCCESS()) {
      throw new IllegalStateException("NVRTC: " + nvrtc_h.nvrtcGetErrorString(status).getString(0));
    }
  }
}
