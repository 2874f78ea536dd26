package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.onednn.Arguments;
import dev.unnoise.backend.cpu.onednn.Invocation;
import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.PostOps;
import dev.unnoise.backend.cpu.onednn.Primitive;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Prints what this machine's processors do at best, as JSON: FLOP a second in a large product by oneDNN, and bytes a
 * second, read and written, in a large copy by all threads. bench/predict reads it.
 */
public final class ProcessorCeilings {
  private static final int SIDE = 2048;
  private static final long COPIED = 256L << 20;
  private static final double SECONDS = 3;

  private ProcessorCeilings() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    int threads = CpuThreads.count();
    System.out.printf(
        Locale.ROOT, "{\"threads\": %d, \"flop\": %.4g, \"bytes\": %.4g}%n", threads, flop(threads), bytes(threads));
  }

  private static double flop(int threads) {
    try (OneDnn oneDnn = new OneDnn();
        Scope scope = new Scope()) {
      OneDnn.useThreads(threads);
      Layout matrix = oneDnn.dense(scope, SIDE, SIDE);
      Primitive product = oneDnn.matmul(scope, matrix, oneDnn.any(scope, SIDE, SIDE), null, matrix, new PostOps());
      Stream stream = oneDnn.stream(scope);
      Invocation invocation =
          new Invocation(
              "product",
              product,
              new Arguments()
                  .source(oneDnn.memory(scope, matrix))
                  .weights(oneDnn.memory(scope, product.weights()))
                  .destination(oneDnn.memory(scope, matrix))
                  .scratchpad(oneDnn.memory(scope, product.scratchpad())),
              scope);
      return 2.0 * SIDE * SIDE * SIDE / shortest(() -> invocation.run(stream));
    }
  }

  private static double bytes(int threads) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from = arena.allocate(threads * COPIED);
      MemorySegment to = arena.allocate(threads * COPIED);
      Runnable copy =
          () ->
              IntStream.range(0, threads)
                  .parallel()
                  .forEach(i -> MemorySegment.copy(from, i * COPIED, to, i * COPIED, COPIED));
      return 2.0 * threads * COPIED / shortest(copy);
    }
  }

  /** Seconds of the fastest of several runs: neighbours on the machine only make them slower. */
  private static double shortest(Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    double all = 0;
    while (all < SECONDS) {
      long began = System.nanoTime();
      work.run();
      double seconds = (System.nanoTime() - began) * 1e-9;
      all += seconds;
      best = Math.min(best, seconds);
    }
    return best;
  }
}
