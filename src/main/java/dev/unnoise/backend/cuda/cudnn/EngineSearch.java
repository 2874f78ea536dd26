package dev.unnoise.backend.cuda.cudnn;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Goes through the engines for a form in the order of the library's heuristics, and compiles one after another until it
 * is told to stop. Used by one thread at a time.
 */
final class EngineSearch {
  /** Engines for several operations in one are compiled, and may refuse only after that: it does not pay to try many. */
  private static final int MOST_FUSED = 4;

  private final GraphForm form;
  private final int images;
  private final EnginePolicy policy;
  private final long limitNanos;
  private Iterator<EngineChoice> engines;
  private int tried;
  private long nanos;
  private boolean ended;

  /**
   * A search that has not begun.
   *
   * @param limitNanos after which no other fused engine is tried
   */
  EngineSearch(GraphForm form, int images, EnginePolicy policy, long limitNanos) {
    this.form = form;
    this.images = images;
    this.policy = policy;
    this.limitNanos = limitNanos;
  }

  /** The plan of the next engine that takes the form; nothing if there is none, or enough have been tried. */
  Optional<SavedPlan> next(Card card) {
    long began = System.nanoTime();
    try (OperationGraph graph = form.graph(card, images)) {
      if (engines == null) {
        List<EngineChoice> ranked = EngineRanking.of(card, graph, policy, !form.isFused());
        engines = ranked.iterator();
      }
      while (engines.hasNext() && mayTry(nanos + System.nanoTime() - began)) {
        tried++;
        Optional<SavedPlan> plan = compile(card, graph, engines.next());
        if (plan.isPresent()) {
          return plan;
        }
      }
      ended = true;
      return Optional.empty();
    } finally {
      nanos += System.nanoTime() - began;
    }
  }

  private boolean mayTry(long spent) {
    return !form.isFused() || tried < MOST_FUSED && spent < limitNanos;
  }

  /** Whether it has come to its end: there is no other engine, or enough have been tried for long enough. */
  boolean hasEnded() {
    return ended;
  }

  /** The plan of a form by an engine; nothing if the engine does not take it. */
  static Optional<SavedPlan> compile(Card card, GraphForm form, int images, EngineChoice choice) {
    try (OperationGraph graph = form.graph(card, images)) {
      return compile(card, graph, choice);
    }
  }

  private static Optional<SavedPlan> compile(Card card, OperationGraph graph, EngineChoice choice) {
    long began = System.nanoTime();
    Optional<ExecutionPlan> made = ExecutionPlan.of(card, graph, choice);
    if (made.isEmpty()) {
      return Optional.empty();
    }
    try (ExecutionPlan plan = made.get()) {
      double seconds = (System.nanoTime() - began) * 1e-9;
      return Optional.of(new SavedPlan(choice, plan.workspaceBytes(), seconds, plan.text().orElse("")));
    }
  }
}
