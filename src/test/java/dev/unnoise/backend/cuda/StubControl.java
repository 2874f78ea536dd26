package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the stub libraries of this process do, and what they have seen: src/test/native/cuda/core/control.h. */
final class StubControl {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final long MOST_TEXT = 1 << 16;

  private final SymbolLookup library;

  /** Takes the folder of {@link CudaStubs#folder}. */
  StubControl(Path folder) {
    library = SymbolLookup.libraryLookup(folder.resolve(CudaStubs.RECORDER), Arena.global());
  }

  /**
   * Lets the backend find the stubs in place of NVIDIA's libraries; it must not have looked for any in this process.
   *
   * @param folder that of {@link CudaStubs#folder}
   */
  static StubControl load(Path folder) {
    System.setProperty("unnoise.cuda.path", folder.toString());
    CudaLibraries libraries = CudaLibraries.ofThisProcess();
    for (Library library : Library.values()) {
      if (!libraries.isLoaded(library)) {
        throw new IllegalStateException(String.join("\n", libraries.attempts()));
      }
    }
    return new StubControl(folder);
  }

  private Object call(String function, FunctionDescriptor form, Object... arguments) {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(library.findOrThrow(function), form);
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(function, e);
    }
  }

  /** All works again, settings are the default ones, nothing was called or wrong. What is alive stays known. */
  void reset() {
    call("stub_reset", FunctionDescriptor.ofVoid());
  }

  /** One call to come answers a status in place of working: 1 is the next of its name. */
  void fail(String name, long nth, int status) {
    fail(name, nth, status, 0);
  }

  /** As {@link #fail}, and so does whatever needs the device after it. */
  void lose(String name, long nth, int status) {
    fail(name, nth, status, 1);
  }

  private void fail(String name, long nth, int status, int lasting) {
    try (Arena arena = Arena.ofConfined()) {
      FunctionDescriptor form = FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, LONG, INT, INT);
      call("stub_fail", form, arena.allocateFrom(name), nth, status, lasting);
    }
  }

  /** How often a function was called since {@link #reset}. */
  long seen(String name) {
    try (Arena arena = Arena.ofConfined()) {
      FunctionDescriptor form = FunctionDescriptor.of(LONG, ValueLayout.ADDRESS);
      return (long) call("stub_seen", form, arena.allocateFrom(name));
    }
  }

  /** Changes what the machine is like; names are in src/test/native/cuda/core/settings.cpp. */
  void set(String setting, long value) {
    try (Arena arena = Arena.ofConfined()) {
      FunctionDescriptor form = FunctionDescriptor.of(INT, ValueLayout.ADDRESS, LONG);
      if (call("stub_set", form, arena.allocateFrom(setting), value).equals(0)) {
        throw new IllegalArgumentException(setting);
      }
    }
  }

  /** How many objects of every kind have been made and not given back; kinds without any are left out. */
  Map<String, Long> alive() {
    Map<String, Long> alive = new TreeMap<>();
    for (int kind = 0; ; kind++) {
      MemorySegment name =
          (MemorySegment) call("stub_kind", FunctionDescriptor.of(ValueLayout.ADDRESS, INT), kind);
      if (name.equals(MemorySegment.NULL)) {
        return alive;
      }
      long count = (long) call("stub_alive", FunctionDescriptor.of(LONG, INT), kind);
      if (count != 0) {
        alive.put(name.reinterpret(MOST_TEXT).getString(0), count);
      }
    }
  }

  /** What was done that must not be done. */
  List<String> violations() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(MOST_TEXT);
      call("stub_violations", FunctionDescriptor.of(LONG, ValueLayout.ADDRESS, LONG), text, MOST_TEXT);
      return text.getString(0).lines().toList();
    }
  }

  /** Fails if anything was done that must not be done, or is alive; then begins afresh. */
  void requireNothingLeft() {
    assertEquals(List.of(), violations());
    assertEquals(Map.of(), alive());
    reset();
  }
}
