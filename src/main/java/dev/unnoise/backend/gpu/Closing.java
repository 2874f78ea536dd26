package dev.unnoise.backend.gpu;

import java.util.List;
import java.util.function.Consumer;

/** Gives things back though a driver, of a lost device say, complains about each. */
public final class Closing {
  private Closing() {}

  /** Closes each, then throws the first failure if there was one, with the others attached. */
  public static <T> void each(Iterable<? extends T> things, Consumer<T> close) {
    RuntimeException failure = null;
    for (T thing : things) {
      try {
        close.accept(thing);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Takes every step, then throws the first failure if there was one, with the others attached. */
  public static void inOrder(Runnable... steps) {
    each(List.of(steps), Runnable::run);
  }

  /** Closes because of a failure, which stays the one to throw. */
  public static void after(Throwable failure, Runnable close) {
    try {
      close.run();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
