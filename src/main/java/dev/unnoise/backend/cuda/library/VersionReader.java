package dev.unnoise.backend.cuda.library;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Asks an opened library for its version. The bindings cannot be used for this: they see only what has been loaded for
 * good.
 */
final class VersionReader {
  private static final FunctionDescriptor ONE_NUMBER = FunctionDescriptor.of(ValueLayout.JAVA_LONG);
  private static final FunctionDescriptor STATUS_AND_ONE =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
  private static final FunctionDescriptor STATUS_AND_TWO =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);

  private VersionReader() {}

  /**
   * The version of a library; of the driver, the version of CUDA that it is for.
   *
   * @throws IllegalStateException if the library answers with a failure
   */
  static Version read(Library library, SymbolLookup symbols) {
    return switch (library) {
      case DRIVER -> ofCuda(status(symbols, "cuDriverGetVersion"));
      case NVRTC -> two(symbols, "nvrtcVersion");
      case CUBLASLT -> byHundreds(number(symbols, "cublasLtGetVersion"));
      case CUDNN -> byHundreds(number(symbols, "cudnnGetVersion"));
    };
  }

  /** The first number of the version of CUDA that a library needs a driver for, or 0 if it does not tell. */
  static int cudaMajor(Library library, Version version, SymbolLookup symbols) {
    return switch (library) {
      case DRIVER, NVRTC, CUBLASLT -> version.major();
      case CUDNN -> symbols.find("cudnnGetCudartVersion").isEmpty()
          ? 0
          : ofCuda(number(symbols, "cudnnGetCudartVersion")).major();
    };
  }

  private static Version ofCuda(long number) {
    return new Version((int) (number / 1000), (int) (number % 1000 / 10));
  }

  private static Version byHundreds(long number) {
    return new Version((int) (number / 10_000), (int) (number / 100 % 100));
  }

  private static long number(SymbolLookup symbols, String name) {
    try {
      return (long) handle(symbols, name, ONE_NUMBER).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError("functions of C throw nothing", e);
    }
  }

  private static long status(SymbolLookup symbols, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      check(name, (int) handle(symbols, name, STATUS_AND_ONE).invokeExact(number));
      return number.get(ValueLayout.JAVA_INT, 0);
    } catch (IllegalStateException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("functions of C throw nothing", e);
    }
  }

  private static Version two(SymbolLookup symbols, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
      check(name, (int) handle(symbols, name, STATUS_AND_TWO).invokeExact(major, minor));
      return new Version(major.get(ValueLayout.JAVA_INT, 0), minor.get(ValueLayout.JAVA_INT, 0));
    } catch (IllegalStateException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("functions of C throw nothing", e);
    }
  }

  private static void check(String name, int status) {
    if (status != 0) {
      throw new IllegalStateException(name + " failed with status " + status);
    }
  }

  private static MethodHandle handle(SymbolLookup symbols, String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
  }
}
