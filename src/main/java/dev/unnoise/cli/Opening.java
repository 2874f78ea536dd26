package dev.unnoise.cli;

import dev.unnoise.sampling.Backends;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/** A device being opened on a thread of its own. Closing this closes the device, whether or not anyone took it. */
final class Opening implements AutoCloseable {
  private final FutureTask<Backends.Opened> task;

  Opening(Supplier<Backends.Opened> open) {
    task = new FutureTask<>(open::get);
    Thread.ofPlatform().name("unnoise-open").daemon(true).start(task);
  }

  /** Waits for the device; throws what opening it threw. */
  Backends.Opened finish() {
    try {
      return await();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("the device could not be opened", e.getCause());
    }
  }

  private Backends.Opened await() throws ExecutionException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    Optional<Backends.Opened> opened;
    try {
      opened = Optional.of(await());
    } catch (ExecutionException e) {
      // Whoever needed the device has been told; whoever failed before had another reason.
      opened = Optional.empty();
    }
    opened.ifPresent(Backends.Opened::close);
  }
}
