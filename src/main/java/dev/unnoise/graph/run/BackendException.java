package dev.unnoise.graph.run;

import dev.unnoise.graph.UnnoiseException;

/** A backend could not do what it was asked; the message is one line for the user. */
public class BackendException extends UnnoiseException {
  private static final long serialVersionUID = 1L;

  public BackendException(String message) {
    super(message);
  }

  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
