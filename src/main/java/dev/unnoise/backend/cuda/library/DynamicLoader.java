package dev.unnoise.backend.cuda.library;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The system's dynamic loader. {@link System#load} takes no sonames, cannot be undone and so cannot be used to try a
 * library, and {@link SymbolLookup#libraryLookup} keeps to itself why a library cannot be opened.
 */
final class DynamicLoader {
  private static final int RTLD_LAZY = 1;
  private static final int RTLD_DI_LINKMAP = 2;
  private static final long NAME_IN_LINK_MAP = ValueLayout.ADDRESS.byteSize();
  private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

  private final MethodHandle dlopen;
  private final MethodHandle dlsym;
  private final MethodHandle dlclose;
  private final MethodHandle dlerror;
  private final MethodHandle dlinfo;

  private DynamicLoader() {
    dlopen = function("dlopen", FunctionDescriptor.of(POINTER, POINTER, ValueLayout.JAVA_INT));
    dlsym = function("dlsym", FunctionDescriptor.of(POINTER, POINTER, POINTER));
    dlclose = function("dlclose", FunctionDescriptor.of(ValueLayout.JAVA_INT, POINTER));
    dlerror = function("dlerror", FunctionDescriptor.of(POINTER));
    dlinfo = function("dlinfo", FunctionDescriptor.of(ValueLayout.JAVA_INT, POINTER, ValueLayout.JAVA_INT, POINTER));
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment address =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsupportedOperationException("the C library of this system has no " + name));
    return linker.downcallHandle(address, descriptor);
  }

  /**
   * The loader of this system.
   *
   * @throws UnsupportedOperationException if it has none of the kind; NVIDIA's libraries are for Linux
   */
  static DynamicLoader ofThisSystem() {
    return new DynamicLoader();
  }

  /** A library could not be opened; the message is the loader's. */
  static final class CannotOpenException extends Exception {
    private static final long serialVersionUID = 1L;

    private CannotOpenException(String message) {
      super(message);
    }
  }

  /** A library that is open until it is closed; whatever is done with it in between counts on that. */
  final class Opened implements SymbolLookup, AutoCloseable {
    private final MemorySegment handle;

    private Opened(MemorySegment handle) {
      this.handle = handle;
    }

    @Override
    public Optional<MemorySegment> find(String name) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment address = (MemorySegment) dlsym.invokeExact(handle, arena.allocateFrom(name));
        return isNull(address) ? Optional.empty() : Optional.of(address);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    /** The file that the loader has taken it from. */
    Path file() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment place = arena.allocate(ValueLayout.ADDRESS);
        int status = (int) dlinfo.invokeExact(handle, RTLD_DI_LINKMAP, place);
        if (status != 0) {
          throw new IllegalStateException("dlinfo: " + complaint());
        }
        MemorySegment map = place.get(ValueLayout.ADDRESS, 0).reinterpret(NAME_IN_LINK_MAP + POINTER.byteSize());
        return Path.of(text(map.get(ValueLayout.ADDRESS, NAME_IN_LINK_MAP))).toAbsolutePath();
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    @Override
    public void close() {
      try {
        int status = (int) dlclose.invokeExact(handle);
        if (status != 0) {
          throw new IllegalStateException("dlclose: " + complaint());
        }
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }
  }

  /**
   * Opens a library; what it defines is not seen by other libraries, nor by Java.
   *
   * @param name a path, or a soname that the loader looks for
   */
  Opened open(String name) throws CannotOpenException {
    try (Arena arena = Arena.ofConfined()) {
      // Forgets older failures, and lets the JVM prepare the call before there is a complaint to be lost.
      complaint();
      MemorySegment handle = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(name), RTLD_LAZY);
      if (isNull(handle)) {
        throw new CannotOpenException(complaint());
      }
      return new Opened(handle);
    } catch (CannotOpenException e) {
      throw e;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private String complaint() throws Throwable {
    MemorySegment text = (MemorySegment) dlerror.invokeExact();
    return isNull(text) ? "the loader does not say why" : text(text);
  }

  private static String text(MemorySegment characters) {
    return characters.reinterpret(Long.MAX_VALUE).getString(0);
  }

  private static boolean isNull(MemorySegment pointer) {
    return pointer.address() == 0;
  }

  private static RuntimeException unexpected(Throwable e) {
    switch (e) {
      case RuntimeException known -> throw known;
      case Error known -> throw known;
      default -> throw new AssertionError("functions of C throw nothing", e);
    }
  }
}
