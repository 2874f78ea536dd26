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

  /** The first piece of work waits for libraries to be read from disk: it is done alone, and may take so much longer. */
  private static final int FIRST_TAKES = 4;

  private final Supplier<? extends Card> handles;
  private final long limitNanos;
  private final int most;
  private final ThreadPoolExecutor threads;
  private final Map<Thread, Card> handleOf = new ConcurrentHashMap<>();
  private final Set<Task<?>> running = ConcurrentHashMap.newKeySet();
  private final Set<Thread> abandoned = ConcurrentHashMap.newKeySet();
  private volatile boolean warm;
  private volatile long lastEnded = System.nanoTime();
  private boolean closed;

  /**
   * No threads yet.
   *
   * @param handles makes a handle for the thread that asks
   * @param limitNanos without any work coming to its end, after which what is running is abandoned
   */
  PlanCompiler(Supplier<? extends Card> handles, long limitNanos) {
    this.handles = handles;
    this.limitNanos = limitNanos;
    this.most = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    this.threads =
        new ThreadPoolExecutor(
            1,
            1,
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
      thread = Thread.currentThread();
      began = System.nanoTime();
      running.add(this);
      try {
        Card handle = handleOf.get(thread);
        if (handle == null) {
          handle = handles.get();
          handleOf.put(thread, handle);
          began = System.nanoTime();
        }
        result.complete(work.apply(handle));
      } catch (RuntimeException | Error e) {
        result.completeExceptionally(e);
      } finally {
        running.remove(this);
        lastEnded = System.nanoTime();
        beginSideBySide();
        retireIfAbandoned();
      }
    }

    /** Threads may wait for one another inside the library: only while none gets on does one hang. */
    private boolean isOverdue() {
      long limit = warm ? limitNanos : FIRST_TAKES * limitNanos;
      long now = System.nanoTime();
      return now - began > limit && now - lastEnded > limit;
    }

    /**
     * Waits for it.
     *
     * @return nothing if it took too long and was abandoned, or too many were before it began
     * @throws CancellationException if the thread is interrupted
     */
    Optional<T> await() {
      while (result.isDone() || !overdue) {
        try {
          return Optional.of(result.get(POLL_MILLIS, TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
          // Others may be in the way of this one.
          running.stream().filter(Task::isOverdue).forEach(PlanCompiler.this::abandon);
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
      return Optional.empty();
    }
  }

  /**
   * Has a thread do something.
   *
   * @param what for logs
   */
  <T> Task<T> submit(String what, Function<Card, T> work) {
    Task<T> task = new Task<>(what, work);
    if (abandoned.size() < MOST_ABANDONED) {
      threads.execute(task);
    } else {
      task.overdue = true;
    }
    return task;
  }

  private synchronized void beginSideBySide() {
    if (!warm) {
      warm = true;
      setThreads(Math.max(most, threads.getMaximumPoolSize()));
    }
  }

  private void setThreads(int count) {
    threads.setMaximumPoolSize(count);
    threads.setCorePoolSize(count);
  }

  /** Puts another thread in the place of one that does not come back, unless that happens too often. */
  private synchronized void abandon(Task<?> task) {
    if (task.overdue) {
      return;
    }
    abandoned.add(task.thread);
    task.overdue = true;
    if (!running.remove(task)) {
      // It has come to its end just now.
      abandoned.remove(task.thread);
      return;
    }
    LOG.log(
        Level.WARNING,
        () -> "cuDNN does not come back from compiling " + task.what + ", which is computed in another way");
    if (abandoned.size() < MOST_ABANDONED) {
      setThreads(threads.getMaximumPoolSize() + 1);
      beginSideBySide();
      return;
    }
    List<Runnable> waiting = new ArrayList<>();
    threads.getQueue().drainTo(waiting);
    waiting.forEach(one -> ((Task<?>) one).overdue = true);
    LOG.log(
        Level.WARNING,
        () ->
            MOST_ABANDONED + " calls of cuDNN did not come back within " + TimeUnit.NANOSECONDS.toSeconds(limitNanos)
                + " s: it is not asked to compile any more, and what is left is computed more slowly; -D"
                + PlanMaker.SECONDS_PROPERTY + "=… waits longer");
  }

  /** A call came back after all: what it was made with is closed, unless the card is closed already. */
  private void retireIfAbandoned() {
    Card handle = null;
    synchronized (this) {
      if (abandoned.remove(Thread.currentThread())) {
        handle = closed ? null : handleOf.remove(Thread.currentThread());
      }
    }
    if (handle != null) {
      handle.close();
    }
  }

  /** Waits for work that has begun, but not for what was abandoned. */
  @Override
  public void close() {
    threads.shutdownNow();
    long until = System.nanoTime() + limitNanos;
    List<Card> unused = new ArrayList<>();
    for (Map.Entry<Thread, Card> entry : handleOf.entrySet()) {
      if (hasEnded(entry.getKey(), until)) {
        unused.add(entry.getValue());
      } else {
        LOG.log(Level.WARNING, "a call of cuDNN does not come back: its handle stays open");
      }
    }
    synchronized (this) {
      closed = true;
      handleOf.clear();
    }
    Closing.each(unused, Card::close);
  }

  private boolean hasEnded(Thread thread, long until) {
    boolean interrupted = Thread.interrupted();
    try {
      while (thread.isAlive() && !abandoned.contains(thread) && System.nanoTime() < until) {
        thread.join(POLL_MILLIS);
      }
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
