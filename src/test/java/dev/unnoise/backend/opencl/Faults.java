package dev.unnoise.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** What src/test/native/opencl_faults.c, which the OpenCL loader of this process has opened, lets happen. */
final class Faults {
  /** Contexts, queues, buffers, programs, kernels, events. */
  private static final int KINDS = 6;

  private final SymbolLookup library;

  Faults(Path file) {
    library = SymbolLookup.libraryLookup(file, Arena.global());
  }

  private Object call(String name, FunctionDescriptor form, Object... arguments) {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(library.findOrThrow(name), form);
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(name, e);
    }
  }

  /** Everything works again, and calls are counted from 0. */
  void clear() {
    call("faults_clear", FunctionDescriptor.ofVoid());
  }

  /** One call to come fails: 1 is the next of its name. */
  void fail(String name, long nth, int code) {
    fail(name, nth, code, false);
  }

  /** One call to come fails, and whatever needs the device after it. */
  void lose(String name, long nth, int code) {
    fail(name, nth, code, true);
  }

  private void fail(String name, long nth, int code, boolean lasting) {
    try (Arena arena = Arena.ofConfined()) {
      FunctionDescriptor form =
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT);
      MemorySegment text = arena.allocateFrom(name);
      require(call("faults_fail", form, text, nth, code, lasting ? 1 : 0).equals(1), name);
    }
  }

  /** Devices say this when they are asked for this of {@code CL_DEVICE_…}. */
  void lie(int about, long value) {
    FunctionDescriptor form =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG);
    require(call("faults_lie", form, about, value).equals(1), "too many lies");
  }

  /** How often a call was seen since {@link #clear}. */
  long seen(String name) {
    try (Arena arena = Arena.ofConfined()) {
      FunctionDescriptor form = FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
      long seen = (long) call("faults_seen", form, arena.allocateFrom(name));
      require(seen >= 0, name);
      return seen;
    }
  }

  /** Objects of every kind that have been made and not released. */
  List<Long> alive() {
    FunctionDescriptor form = FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    return IntStream.range(0, KINDS).mapToObj(kind -> (Long) call("faults_alive", form, kind)).toList();
  }

  private static void require(boolean known, String what) {
    if (!known) {
      throw new IllegalArgumentException(what);
    }
  }
}
