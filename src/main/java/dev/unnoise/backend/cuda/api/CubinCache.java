package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Function;

/**
 * Compiled kernels on disk, by what they were made of: text, options, target, compiler and driver. A file begins with
 * the digest of what follows, so that one that was cut short is made again, and so is one that the driver does not
 * take. A cache that cannot be written costs time and nothing else.
 */
final class CubinCache {
  private static final int DIGEST_BYTES = 32;

  private final Path folder;
  private final String driver;

  CubinCache(Path folder, String driver) {
    this.folder = folder;
    this.driver = driver;
  }

  static CubinCache of(CudaDeviceInfo device) {
    return new CubinCache(UserCache.folder().resolve("cuda"), device.driver());
  }

  /**
   * Loads a program, compiled now if it was not before, or if what was kept is refused.
   *
   * @param load hands code to the driver
   */
  <T> T load(KernelSource source, String target, Function<byte[], T> load) {
    String made = String.join("\n", source.text(Dialect.CUDA), source.definitions(), target, Nvrtc.version(), driver);
    Path file =
        folder.resolve(
            source.file() + "-" + target + "-" + HexFormat.of().formatHex(digest(made.getBytes(StandardCharsets.UTF_8)), 0, 16)
                + ".cubin");
    byte[] known = read(file);
    if (known != null) {
      try {
        return load.apply(known);
      } catch (CudaModule.RefusedException e) {
        System.getLogger(CubinCache.class.getName())
            .log(System.Logger.Level.DEBUG, file + " is compiled anew", e);
      }
    }
    byte[] cubin = Nvrtc.compile(source, target);
    T loaded = load.apply(cubin);
    write(file, cubin);
    return loaded;
  }

  private static byte[] read(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length <= DIGEST_BYTES) {
        return null;
      }
      byte[] cubin = Arrays.copyOfRange(bytes, DIGEST_BYTES, bytes.length);
      return Arrays.equals(Arrays.copyOf(bytes, DIGEST_BYTES), digest(cubin)) ? cubin : null;
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      // The kernel is compiled instead.
      return null;
    }
  }

  private static void write(Path file, byte[] cubin) {
    try {
      Files.createDirectories(file.getParent());
      Path beside = Files.createTempFile(file.getParent(), "cubin", ".part");
      try {
        Files.write(beside, digest(cubin));
        Files.write(beside, cubin, StandardOpenOption.APPEND);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      System.getLogger(CubinCache.class.getName())
          .log(System.Logger.Level.DEBUG, "compiled kernels cannot be kept in " + file.getParent(), e);
    }
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
