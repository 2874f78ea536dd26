package dev.unnoise.graph;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What went wrong with a file, in words: many exceptions of the JDK have no message but the file's name. */
public final class FileFailure {
  private FileFailure() {}

  /** The reason, fit to follow "cannot be read: ". */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "permission denied";
      case FileSystemException failure when failure.getReason() != null -> failure.getReason();
      default -> {
        String kind = e.getClass().getSimpleName().replace("Exception", "");
        yield e.getMessage() == null ? kind : kind.equals("IO") ? e.getMessage() : kind + ": " + e.getMessage();
      }
    };
  }
}
