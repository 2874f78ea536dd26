package dev.unnoise.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Whether somebody is watching. */
final class Terminal {
  private static final int STDERR = 2;

  private Terminal() {}

  /** Whether stderr is a terminal that can redraw a line; the JDK can only tell this of stdin and stdout together. */
  static boolean watchesStderr() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> isatty = linker.defaultLookup().find("isatty");
    if (isatty.isEmpty()) {
      return false;
    }
    MethodHandle handle =
        linker.downcallHandle(isatty.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) handle.invokeExact(STDERR) == 1;
    } catch (Throwable e) {
      throw new AssertionError("isatty throws nothing", e);
    }
  }
}
