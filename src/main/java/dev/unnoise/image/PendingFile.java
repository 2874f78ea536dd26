package dev.unnoise.image;

import dev.unnoise.graph.FileFailure;
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
public final class PendingFile implements AutoCloseable {
  private final Path target;
  private final Path beside;
  private boolean committed;

  /**
   * Begins a file; nothing is written yet.
   *
   * @throws ImageException if the target's folder is missing or the target is a folder
   */
  public PendingFile(Path target) {
    requireFolder(target);
    if (Files.isDirectory(target)) {
      throw new ImageException(target + " is a folder, expected the name of a file");
    }
    this.target = followed(target);
    this.beside = this.target.resolveSibling("." + this.target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    beside.toFile().deleteOnExit();
  }

  /** Folders are never created. */
  static void requireFolder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      boolean there = folder != null && Files.exists(folder);
      throw new ImageException(
          file + " cannot be written: "
              + (there ? folder + " is not a folder" : "the folder " + folder + " does not exist"));
    }
  }

  /** Where a link leads: what it points to is replaced, not the link. */
  private static Path followed(Path target) {
    if (!Files.isSymbolicLink(target) || !Files.exists(target)) {
      return target;
    }
    try {
      return target.toRealPath();
    } catch (IOException e) {
      throw new ImageException(target + " cannot be written: " + FileFailure.reason(e), e);
    }
  }

  /**
   * What to write to; the caller closes it.
   *
   * @throws ImageException if it cannot be written
   */
  public OutputStream open() {
    try {
      return Files.newOutputStream(
          beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Puts the file in its place, once everything is written and closed. */
  public void commit() {
    try {
      Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      committed = true;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** What to throw when writing fails. */
  public ImageException failure(IOException e) {
    return new ImageException(target + " cannot be written: " + FileFailure.reason(e), e);
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
