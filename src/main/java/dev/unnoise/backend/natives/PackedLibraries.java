package dev.unnoise.backend.natives;

import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Shared libraries that lie together in a jar or folder of the class path. They are unpacked once into a cache folder
 * of the user, side by side because the one finds the other there; the folder's name says which build it is, so
 * versions do not overwrite each other.
 */
public final class PackedLibraries {
  private final URL first;
  private final List<String> names;

  private PackedLibraries(URL first, List<String> names) {
    this.first = first;
    this.names = names;
  }

  /** The platform as the classifiers of artifacts with native libraries spell it, such as {@code linux-x86_64}. */
  public static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    String system = os.startsWith("mac") ? "macosx" : os.startsWith("windows") ? "windows" : os;
    String processor = arch.equals("amd64") ? "x86_64" : arch.equals("aarch64") ? "arm64" : arch;
    return system + "-" + processor;
  }

  /**
   * A library on the class path and those beside it.
   *
   * @param folder of resources, ending in a slash
   * @param library the file name of one
   * @param belongs whether the file of a name beside it is to be unpacked with it
   * @return empty if the class path has no such library
   * @throws IOException if what lies beside it cannot be listed
   */
  public static Optional<PackedLibraries> find(
      ClassLoader classPath, String folder, String library, Predicate<String> belongs) throws IOException {
    URL resource = classPath.getResource(folder + library);
    if (resource == null) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>();
    names.add(library);
    beside(resource, folder).stream().filter(name -> !name.equals(library) && belongs.test(name)).forEach(names::add);
    return Optional.of(new PackedLibraries(resource, List.copyOf(names)));
  }

  private static List<String> beside(URL resource, String folder) throws IOException {
    if (resource.openConnection() instanceof JarURLConnection jar) {
      return jar.getJarFile().stream()
          .filter(entry -> !entry.isDirectory() && entry.getName().startsWith(folder))
          .map(entry -> entry.getName().substring(folder.length()))
          .filter(name -> name.indexOf('/') < 0)
          .sorted()
          .toList();
    }
    try (Stream<Path> files = Files.list(Path.of(resource.toURI()).getParent())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (URISyntaxException e) {
      throw new IOException(resource + " is no name of a file", e);
    }
  }

  /** Where they are packed: the address of the first. */
  public String where() {
    return first.toString();
  }

  /**
   * Unpacks what has not been unpacked yet.
   *
   * @param name the beginning of the cache folder's name
   * @return the folder with all the files: a fresh one for this process alone where the user's cache cannot be written,
   *     unless somebody named the cache
   * @throws IOException if they cannot be unpacked
   */
  public Path unpack(String name) throws IOException {
    Path folder = folder(name + "-" + platform() + "-" + fingerprint());
    for (String file : names) {
      unpack(file, folder);
    }
    return folder;
  }

  private Path folder(String name) throws IOException {
    try {
      return Files.createDirectories(UserCache.folder().resolve(name));
    } catch (IOException e) {
      if (UserCache.isNamed()) {
        throw e;
      }
      Path temporary = Files.createTempDirectory("unnoise-");
      temporary.toFile().deleteOnExit();
      names.forEach(file -> temporary.resolve(file).toFile().deleteOnExit());
      return temporary;
    }
  }

  private void unpack(String file, Path folder) throws IOException {
    Path target = folder.resolve(file);
    URLConnection connection = connect(file);
    if (Files.isRegularFile(target) && Files.size(target) == connection.getContentLengthLong()) {
      return;
    }
    Path beside = Files.createTempFile(folder, file, ".part");
    try (InputStream in = connection.getInputStream()) {
      Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** From the jar or folder that the first is in, though another place on the class path may have the same name. */
  private URLConnection connect(String file) throws IOException {
    String address = first.toString();
    return URI.create(address.substring(0, address.lastIndexOf('/') + 1) + file).toURL().openConnection();
  }

  private String fingerprint() throws IOException {
    long crc = 0;
    for (String file : names) {
      URLConnection connection = connect(file);
      long one = connection instanceof JarURLConnection jar ? jar.getJarEntry().getCrc() : connection.getLastModified();
      crc = crc * 31 + one;
    }
    return Long.toHexString(crc);
  }
}
