package dev.unnoise.graph;

/**
 * Something a user can understand and mend: a file, an option, a device. The message is one line that names it, the
 * value seen and what is allowed.
 */
public class UnnoiseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnnoiseException(String message) {
    super(message);
  }

  public UnnoiseException(String message, Throwable cause) {
    super(message, cause);
  }
}
