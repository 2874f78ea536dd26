package dev.unnoise.image;

import dev.unnoise.graph.UnnoiseException;

/** A file that cannot be read or written; the message names it. */
public final class ImageException extends UnnoiseException {
  private static final long serialVersionUID = 1L;

  public ImageException(String message) {
    super(message);
  }

  public ImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
