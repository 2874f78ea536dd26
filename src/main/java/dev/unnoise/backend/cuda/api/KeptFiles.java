package dev.unnoise.backend.cuda.api;

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
import java.util.Optional;

/**
 * Files that save making something again. Each begins with the digest of what follows, so that one that was cut short
 * or damaged counts as none, and is only ever replaced as a whole. What cannot be read or written costs time and nothing
 * else; the reason is logged.
 */
public final class KeptFiles {
  private static final System.Logger LOG = System.getLogger(KeptFiles.class.getName());
  private static final int DIGEST_BYTES = 32;
  private static final int NAME_BYTES = 16;

  private final Path folder;

  /** Files of a folder, which need not exist. */
  public KeptFiles(Path folder) {
    this.folder = folder;
  }

  /** Files of the backend in the user's cache. */
  public static KeptFiles ofUser() {
    return new KeptFiles(UserCache.folder().resolve("cuda"));
  }

  /** A part of a file's name that stands for all that its content depends on. */
  public static String identity(String... parts) {
    byte[] all = String.join("\n", parts).getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(digest(all), 0, NAME_BYTES);
  }

  /** What was written under a name; nothing if there is none that is whole. */
  public Optional<byte[]> read(String name) {
    Path file = folder.resolve(name);
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > DIGEST_BYTES) {
        byte[] content = Arrays.copyOfRange(bytes, DIGEST_BYTES, bytes.length);
        if (Arrays.equals(Arrays.copyOf(bytes, DIGEST_BYTES), digest(content))) {
          return Optional.of(content);
        }
      }
      LOG.log(System.Logger.Level.DEBUG, () -> file + " is damaged, and made again");
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, file + " cannot be read, and is made again", e);
    }
    return Optional.empty();
  }

  /** Keeps something under a name. */
  public void write(String name, byte[] content) {
    try {
      Files.createDirectories(folder);
      Path beside = Files.createTempFile(folder, "kept", ".part");
      try {
        Files.write(beside, digest(content));
        Files.write(beside, content, StandardOpenOption.APPEND);
        Files.move(beside, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, name + " cannot be kept in " + folder, e);
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
