package dev.unnoise.model;

import dev.unnoise.graph.UnnoiseException;

/** A checkpoint that cannot be used; the message is one line naming the file, the key and the value. */
public final class ModelException extends UnnoiseException {
  private static final long serialVersionUID = 1L;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
