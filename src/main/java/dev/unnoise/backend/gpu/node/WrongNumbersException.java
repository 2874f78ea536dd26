package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.run.BackendException;

/** A kernel ran and computed something else than it should. */
public final class WrongNumbersException extends BackendException {
  private static final long serialVersionUID = 1;

  WrongNumbersException(String message) {
    super(message);
  }
}
