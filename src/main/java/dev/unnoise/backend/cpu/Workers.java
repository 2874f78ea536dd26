package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.kernel.Recipes;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** The threads on which everything native runs: OpenMP keeps settings per thread, so it is driven from these alone. */
final class Workers implements AutoCloseable {
  private final int count;
  private final ExecutorService threads;

  Workers(int count) {
    this.count = count;
    this.threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().name("unnoise-cpu-", 0).daemon(true).factory());
  }

  int count() {
    return count;
  }

  /**
   * Calls {@code task} with 0 … {@code tasks - 1}, each on a thread, and waits for all of them.
   *
   * @throws RuntimeException the first thing that a task threw
   */
  void run(int tasks, IntConsumer task) {
    List<Future<?>> futures = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      int index = i;
      futures.add(threads.submit(() -> task.accept(index)));
    }
    RuntimeException failure = null;
    boolean interrupted = false;
    for (Future<?> future : futures) {
      while (true) {
        try {
          future.get();
          break;
        } catch (InterruptedException e) {
          // Native code on other threads cannot be abandoned: wait for it, then say that we were interrupted.
          interrupted = true;
        } catch (ExecutionException e) {
          failure = failure == null ? unwrap(e) : failure;
          break;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
    if (interrupted) {
      throw new CancellationException("interrupted");
    }
  }

  /** Runs many small tasks on all threads, each of which uses one OpenMP thread. */
  Recipes.Runner singleThreaded() {
    return (tasks, task) -> {
      AtomicInteger next = new AtomicInteger();
      run(
          Math.min(tasks, count),
          index -> {
            OneDnn.useThreads(1);
            for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
              task.accept(i);
            }
          });
    };
  }

  private static RuntimeException unwrap(ExecutionException e) {
    switch (e.getCause()) {
      case RuntimeException cause -> {
        return cause;
      }
      case Error error -> throw error;
      default -> throw new AssertionError("tasks throw nothing checked", e.getCause());
    }
  }

  @Override
  public void close() {
    threads.close();
  }
}
