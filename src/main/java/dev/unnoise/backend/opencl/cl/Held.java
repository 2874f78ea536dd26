package dev.unnoise.backend.opencl.cl;

import java.util.ArrayDeque;
import java.util.Deque;

/** Resources that are closed together, the last one first. A failure while closing one does not keep the others open. */
public final class Held implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  /** Takes a resource over. */
  public <T extends AutoCloseable> T own(T resource) {
    resources.push(resource);
    return resource;
  }

  /** Closes everything, and then throws the first failure, which carries the others. */
  @Override
  public void close() {
    RuntimeException failure = null;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      } catch (Exception e) {
        throw new AssertionError("nothing held throws checked exceptions", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
