package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.backend.natives.PackedLibraries;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * oneDNN and the OpenMP run time it needs, from the artifact on the class path. The files are unpacked once into a
 * cache folder of the user, side by side because the one finds the other there, and loaded from it.
 */
public final class OneDnnLibrary {
  /** {@code true} lets idle OpenMP threads spin: faster on a machine of one's own, ruinous on a shared one. */
  public static final String SPIN_PROPERTY = "unnoise.cpu.spin";

  private static final List<String> FILES = List.of("libgomp.so.1", "libdnnl.so.3");
  private static final String FOLDER = "org/bytedeco/dnnl/" + PackedLibraries.platform() + "/";
  private static final String ARTIFACT = "org.bytedeco:dnnl:3.13-1.5.14";

  private static boolean loaded;

  private OneDnnLibrary() {}

  /** What is missing, if it is; one line. */
  public static Optional<String> missing() {
    ClassLoader classPath = OneDnnLibrary.class.getClassLoader();
    return FILES.stream()
        .filter(file -> classPath.getResource(FOLDER + file) == null)
        .findFirst()
        .map(file -> "the class path has no oneDNN for " + PackedLibraries.platform() + " (" + FOLDER + file + ")");
  }

  /** How to get it; one line. */
  public static String remedy() {
    return "add the artifact " + ARTIFACT + " with the classifier " + PackedLibraries.platform() + ", if there is one";
  }

  /**
   * Loads the libraries, once.
   *
   * @throws BackendException if they are missing or cannot be unpacked or loaded
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    missing()
        .ifPresent(
            what -> {
              throw new BackendException("backend cpu is not ready: " + what + "; " + remedy());
            });
    if (!Boolean.getBoolean(SPIN_PROPERTY)) {
      waitPassively();
    }
    try {
      Path folder = unpack();
      for (String file : FILES) {
        System.load(folder.resolve(file).toString());
      }
    } catch (IOException | UncheckedIOException e) {
      throw new BackendException("oneDNN cannot be unpacked to " + UserCache.folder() + ": " + e.getMessage() + "; name another folder by -D" + UserCache.PROPERTY + "=…", e);
    } catch (UnsatisfiedLinkError e) {
      throw new BackendException("oneDNN cannot be loaded: " + e.getMessage(), e);
    }
    loaded = true;
  }

  private static Path unpack() throws IOException {
    return PackedLibraries.find(OneDnnLibrary.class.getClassLoader(), FOLDER, FILES.getFirst(), FILES::contains)
        .orElseThrow(() -> new IOException("the class path has lost " + FOLDER + FILES.getFirst()))
        .unpack("onednn");
  }

  /**
   * Tells OpenMP to put idle threads to sleep. It reads its environment when it is loaded, so a variable is set for
   * it, unless the user has set one.
   */
  private static void waitPassively() {
    Linker linker = Linker.nativeLinker();
    MemorySegment setenv =
        linker
            .defaultLookup()
            .find("setenv")
            .orElseThrow(() -> new BackendException("the C library has no setenv; backend cpu needs a POSIX system"));
    MethodHandle handle =
        linker.downcallHandle(
            setenv,
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int status = (int) handle.invokeExact(arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("passive"), 0);
      if (status != 0) {
        throw new BackendException("the environment of OpenMP cannot be set: setenv returned " + status);
      }
    } catch (BackendException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("setenv throws nothing", e);
    }
  }
}
