package dev.unnoise.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file written under another name beside its place, and put there when it is whole. Closing without {@link #commit}
 * leaves no trace.
 */
final class PendingFile implements AutoCloseable {
  private final Path target;
  private final Path beside;
  private boolean committed;

  /**
   * @throws ImageException if the target's folder is missing or the target is a folder
   */
  PendingFile(Path target) {
    requireFolder(target);
    if (Files.isDirectory(target)) {
      throw new ImageException(target + " is a folder, expected the name of a file");
    }
    this.target = target;
    this.beside = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    beside.toFile().deleteOnExit();
  }

  /** Folders are never created. */
  static void requireFolder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new ImageException(file + " cannot be written: the folder " + folder + " does not exist");
    }
  }

  OutputStream open() {
    try {
      return Files.newOutputStream(
          beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  void commit() {
    try {
      Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      committed = true;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  ImageException failure(IOException e) {
    return new ImageException(target + " cannot be written: " + describe(e), e);
  }

  private static String describe(IOException e) {
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return e.getMessage() == null ? name : name + ": " + e.getMessage();
  }

  @Override
  public void close() {
    if (!committed) {
      try {
        Files.deleteIfExists(beside);
      } catch (IOException e) {
        throw failure(e);
      }
    }
  }
}
