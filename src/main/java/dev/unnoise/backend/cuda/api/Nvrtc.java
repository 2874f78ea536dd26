package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.nvrtc.nvrtc_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The run-time compiler: kernels to code for one target. Needs no card. */
public final class Nvrtc {
  private Nvrtc() {}

  /** The compiler's version, for example {@code 13.0}. */
  public static String version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
      check(nvrtc_h.nvrtcVersion(major, minor), "nvrtcVersion");
      return major.get(ValueLayout.JAVA_INT, 0) + "." + minor.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** The compute capabilities that it compiles for, as 10 · major + minor, in ascending order. */
  public static List<Integer> targets() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      check(nvrtc_h.nvrtcGetNumSupportedArchs(number), "nvrtcGetNumSupportedArchs");
      MemorySegment targets = arena.allocate(ValueLayout.JAVA_INT, number.get(ValueLayout.JAVA_INT, 0));
      check(nvrtc_h.nvrtcGetSupportedArchs(targets), "nvrtcGetSupportedArchs");
      return Arrays.stream(targets.toArray(ValueLayout.JAVA_INT)).sorted().boxed().toList();
    }
  }

  /**
   * Why it cannot compile for a card.
   *
   * @param what is the matter, one line
   * @param old whether the card is older than those that it compiles for, rather than newer
   */
  public record Obstacle(String what, boolean old) {}

  /** Why it cannot compile for a card; nothing if it can. */
  public static Optional<Obstacle> obstacle(CudaDeviceInfo device) {
    List<Integer> targets = targets();
    if (targets.contains(device.computeCapability())) {
      return Optional.empty();
    }
    boolean old = device.computeCapability() < targets.getFirst();
    String what =
        "NVRTC " + version() + " compiles for sm_" + targets.getFirst() + " … sm_" + targets.getLast() + ", not for the "
            + device.target() + " of " + device.name() + ": " + (old ? "an older" : "a newer") + " NVRTC is needed";
    return Optional.of(new Obstacle(what, old));
  }

  /**
   * Compiles a program.
   *
   * @param target for example {@code sm_90}
   * @return a cubin
   * @throws BackendException with the compiler's first complaint
   */
  public static byte[] compile(KernelSource source, String target) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      check(
          nvrtc_h.nvrtcCreateProgram(
              handle,
              arena.allocateFrom(source.text(Dialect.CUDA)),
              arena.allocateFrom(source.file() + Dialect.CUDA.ending()),
              0,
              MemorySegment.NULL,
              MemorySegment.NULL),
          "nvrtcCreateProgram");
      MemorySegment program = handle.get(ValueLayout.ADDRESS, 0);
      Driver.HELD.incrementAndGet();
      byte[] cubin;
      try {
        compile(program, source, target, arena);
        cubin = cubin(program, arena);
      } catch (RuntimeException e) {
        Closing.after(e, () -> destroy(handle));
        throw e;
      }
      destroy(handle);
      return cubin;
    }
  }

  private static void destroy(MemorySegment handle) {
    Driver.HELD.decrementAndGet();
    check(nvrtc_h.nvrtcDestroyProgram(handle), "nvrtcDestroyProgram");
  }

  private static void compile(MemorySegment program, KernelSource source, String target, Arena arena) {
    List<String> words = new ArrayList<>(List.of(source.definitions().split(" ")));
    words.add("--gpu-architecture=" + target);
    words.add("--std=c++17");
    MemorySegment options = arena.allocate(ValueLayout.ADDRESS, words.size());
    for (int i = 0; i < words.size(); i++) {
      options.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(words.get(i)));
    }
    int status = nvrtc_h.nvrtcCompileProgram(program, words.size(), options);
    if (status == nvrtc_h.NVRTC_ERROR_COMPILATION()) {
      throw new BackendException(
          "the kernel " + source.file() + " does not compile for " + target + " (NVRTC " + version() + "): "
              + firstError(log(program, arena)));
    }
    check(status, "nvrtcCompileProgram(" + source.file() + ")");
  }

  private static byte[] cubin(MemorySegment program, Arena arena) {
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check(nvrtc_h.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
    MemorySegment cubin = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    check(nvrtc_h.nvrtcGetCUBIN(program, cubin), "nvrtcGetCUBIN");
    return cubin.toArray(ValueLayout.JAVA_BYTE);
  }

  private static String log(MemorySegment program, Arena arena) {
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    if (nvrtc_h.nvrtcGetProgramLogSize(program, size) != nvrtc_h.NVRTC_SUCCESS()) {
      return "";
    }
    MemorySegment text = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0) + 1);
    boolean told = nvrtc_h.nvrtcGetProgramLog(program, text) == nvrtc_h.NVRTC_SUCCESS();
    return told ? text.getString(0) : "";
  }

  private static String firstError(String log) {
    return log.lines()
        .filter(line -> line.contains("error"))
        .findFirst()
        .map(String::strip)
        .orElse(log.isBlank() ? "the compiler says nothing more" : log.strip());
  }

  private static void check(int status, String call) {
    if (status != nvrtc_h.NVRTC_SUCCESS()) {
      String name = nvrtc_h.nvrtcGetErrorString(status).reinterpret(Long.MAX_VALUE).getString(0);
      throw new BackendException("NVRTC's " + call + " failed: " + name);
    }
  }
}
