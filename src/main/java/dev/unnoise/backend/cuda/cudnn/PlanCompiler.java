package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.gpu.Closing;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Threads that compile plans side by side, each with a handle of its own. A call of the library that does not come back
 * is abandoned together with its thread and handle: nothing else can be done about it.
 */
final class PlanCompiler implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PlanCompiler.class.getName());
  private static final int MOST_THREADS = 16;
  private static final long POLL_MILLIS = 50;

  /** Calls that do not come back before the library is asked for nothing more: each costs a thread and its time. */
  private static final int MOST_ABANDONED = 4;

  private final Supplier<? extends Card> handles;
  private final long limitNanos;
  private final ThreadPoolExecutor threads;
  private final Map<Thread, Card> handleOf = new ConcurrentHashMap<>();
  private final Set<Task<?>> running = ConcurrentHashMap.newKeySet();
  private final Set<Thread> abandoned = ConcurrentHashMap.newKeySet();
  private final AtomicInteger timesAbandoned = new AtomicInteger();
  private boolean closed;

  /**
   * No threads yet.
   *
   * @param handles makes a handle for the thread that asks
   * @param limitNanos after which a piece of work is abandoned
   */
  PlanCompiler(Supplier<? extends Card> handles, long limitNanos) {
    this.handles = handles;
    this.limitNanos = limitNanos;
    int count = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "unnoise-cudnn-plans");
              thread.setDaemon(true);
              return thread;
            });
  }

  long limitNanos() {
    return limitNanos;
  }

  /**
   * Something that a thread does, or will do when one is free.
   *
   * @param <T> what it gives
   */
  final class Task<T> implements Runnable {
    private final String what;
    private final Function<Card, T> work;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private volatile Thread thread;
    private volatile long began;
    private volatile boolean overdue;

    private Task(String what, Function<Card, T> work) {
      this.what = what;
      this.work = work;
    }

    @Override
    public void run() {
      began = System.nanoTime();
      thread = Thread.currentThread();
      running.add(this);
      try {
        result.complete(work.apply(handleOf.computeIfAbsent(thread, _ -> handles.get())));
      } catch (RuntimeException | Error e) {
        result.completeExceptionally(e);
      } finally {
        running.remove(this);
        retireIfAbandoned();
      }
    }

    private boolean isOverdue() {
      return System.nanoTime() - began > limitNanos;
    }

    /**
     * Waits for it.
     *
     * @return nothing if it took too long and was abandoned, or others were before it began
     * @throws CancellationException if the thread is interrupted
     */
    Optional<T> await() {
      while (true) {
        try {
          return Optional.of(result.get(POLL_MILLIS, TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
          // Others may be in the way of this one.
          running.stream().filter(Task::isOverdue).forEach(PlanCompiler.this::abandon);
          if (overdue || hasGivenUp() && !running.contains(this)) {
            return Optional.empty();
          }
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case RuntimeException known -> throw known;
            case Error known -> throw known;
            default -> throw new AssertionError("work throws nothing else", e);
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CancellationException("interrupted");
        }
      }
    }
  }

  /**
   * Has a thread do something.
   *
   * @param what for logs
   */
  <T> Task<T> submit(String what, Function<Card, T> work) {
    Task<T> task = new Task<>(what, work);
    if (!hasGivenUp()) {
      threads.execute(task);
    }
    return task;
  }

  private boolean hasGivenUp() {
    return timesAbandoned.get() >= MOST_ABANDONED;
  }

  /** Puts another thread in the place of one that does not come back. */
  private void abandon(Task<?> task) {
    if (running.remove(task)) {
      LOG.log(
          Level.WARNING,
          () ->
              task.what + " took cuDNN more than " + TimeUnit.NANOSECONDS.toSeconds(limitNanos)
                  + " s, and is not waited for");
      abandoned.add(task.thread);
      task.overdue = true;
      if (timesAbandoned.incrementAndGet() < MOST_ABANDONED) {
        threads.setMaximumPoolSize(threads.getMaximumPoolSize() + 1);
        threads.setCorePoolSize(threads.getCorePoolSize() + 1);
      } else {
        threads.getQueue().clear();
        LOG.log(Level.WARNING, "cuDNN is not asked to compile anything more, our kernels compute the rest");
      }
    }
  }

  /** A call came back after all: what it was made with is closed, unless the card is closed already. */
  private synchronized void retireIfAbandoned() {
    Thread thread = Thread.currentThread();
    if (abandoned.contains(thread) && !closed) {
      Card handle = handleOf.remove(thread);
      abandoned.remove(thread);
      if (handle != null) {
        handle.close();
      }
    }
  }

  /** Waits for work that has begun, but not for what was abandoned. */
  @Override
  public void close() {
    threads.shutdownNow();
    List<Card> unused = new ArrayList<>();
    for (Map.Entry<Thread, Card> entry : handleOf.entrySet()) {
      if (abandoned.contains(entry.getKey()) || !hasEnded(entry.getKey())) {
        LOG.log(Level.WARNING, "a call of cuDNN does not come back: its handle stays open");
      } else {
        unused.add(entry.getValue());
      }
    }
    synchronized (this) {
      closed = true;
    }
    handleOf.clear();
    Closing.each(unused, Card::close);
  }

  private boolean hasEnded(Thread thread) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(TimeUnit.NANOSECONDS.toMillis(limitNanos));
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return !thread.isAlive();
  }
}
