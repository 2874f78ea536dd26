package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * oneDNN and the OpenMP run time it needs, from the artifact on the class path. The files are unpacked once into a
 * cache folder of the user, side by side because the one finds the other there, and loaded from it.
 */
public final class OneDnnLibrary {
  /** {@code true} lets idle OpenMP threads spin: faster on a machine of one's own, ruinous on a shared one. */
  public static final String SPIN_PROPERTY = "unnoise.cpu.spin";

  private static final List<String> FILES = List.of("libgomp.so.1", "libdnnl.so.3");
  private static final String ARTIFACT = "org.bytedeco:dnnl:3.13-1.5.14";

  private static boolean loaded;

  private OneDnnLibrary() {}

  /** What is missing, if it is; one line. */
  public static Optional<String> missing() {
    return FILES.stream()
        .filter(file -> resource(file) == null)
        .findFirst()
        .map(file -> "the class path has no oneDNN for " + platform() + " (" + resourceName(file) + ")");
  }

  /** How to get it; one line. */
  public static String remedy() {
    return "add the artifact " + ARTIFACT + " with the classifier " + platform() + ", if there is one";
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
      Path folder = folder();
      for (String file : FILES) {
        System.load(unpack(file, folder).toString());
      }
    } catch (IOException | UncheckedIOException e) {
      throw new BackendException("oneDNN cannot be unpacked to " + UserCache.folder() + ": " + e.getMessage() + "; name another folder by -D" + UserCache.PROPERTY + "=…", e);
    } catch (UnsatisfiedLinkError e) {
      throw new BackendException("oneDNN cannot be loaded: " + e.getMessage(), e);
    }
    loaded = true;
  }

  /** The platform as the artifact's classifiers spell it. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    String system = os.startsWith("mac") ? "macosx" : os.startsWith("windows") ? "windows" : os;
    String processor = arch.equals("amd64") ? "x86_64" : arch.equals("aarch64") ? "arm64" : arch;
    return system + "-" + processor;
  }

  private static String resourceName(String file) {
    return "org/bytedeco/dnnl/" + platform() + "/" + file;
  }

  private static URL resource(String file) {
    return OneDnnLibrary.class.getClassLoader().getResource(resourceName(file));
  }

  /** The folder for a build's files; a fresh one for this process alone where the user's cache cannot be written. */
  private static Path folder() throws IOException {
    Path folder = UserCache.folder().resolve("onednn-" + platform() + "-" + fingerprint());
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      if (UserCache.isNamed()) {
        throw e;
      }
      Path temporary = Files.createTempDirectory("unnoise-");
      temporary.toFile().deleteOnExit();
      FILES.forEach(file -> temporary.resolve(file).toFile().deleteOnExit());
      return temporary;
    }
  }

  /** The unpacked file; the folder's name says which build it is, so versions do not overwrite each other. */
  private static Path unpack(String file, Path folder) throws IOException {
    URL resource = resource(file);
    Path target = folder.resolve(file);
    URLConnection connection = resource.openConnection();
    if (Files.isRegularFile(target) && Files.size(target) == connection.getContentLengthLong()) {
      return target;
    }
    Path beside = Files.createTempFile(folder, file, ".part");
    try (InputStream in = connection.getInputStream()) {
      Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
    return target;
  }

  private static String fingerprint() throws IOException {
    long crc = 0;
    for (String file : FILES) {
      URLConnection connection = resource(file).openConnection();
      long one = connection instanceof JarURLConnection jar ? jar.getJarEntry().getCrc() : connection.getLastModified();
      crc = crc * 31 + one;
    }
    return Long.toHexString(crc);
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
