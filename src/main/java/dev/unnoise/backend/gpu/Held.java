package dev.unnoise.backend.gpu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

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
    List<AutoCloseable> closing = List.copyOf(resources);
    resources.clear();
    Closing.each(closing, Held::close);
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("nothing held throws checked exceptions", e);
    }
  }
}
