package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import java.util.Optional;
import java.util.function.Predicate;

/** A graph of operations with the engine that computes it. */
final class ExecutionPlan implements AutoCloseable {
  private final Descriptor plan;
  private final Held held;
  private final long workspaceBytes;

  private ExecutionPlan(Descriptor plan, Held held) {
    this.plan = plan;
    this.held = held;
    this.workspaceBytes = plan.integer(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
  }

  /**
   * A graph by an engine.
   *
   * @return nothing if the engine does not take the graph on this card; heuristics name such engines, too
   */
  static Optional<ExecutionPlan> of(Card card, OperationGraph graph, EngineChoice choice) {
    Held held = new Held();
    return make(
        card,
        choice.toString(),
        held,
        plan -> {
          Optional<Descriptor> configuration = choice.configuration(card, graph, held);
          configuration.ifPresent(
              one -> plan.descriptor(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), one));
          return configuration.isPresent();
        });
  }

  /**
   * A plan that was made before, on a card like this one; nothing is compiled.
   *
   * @param text what {@link #text} said of it
   * @return nothing if the library does not take it: it may be another version's, or for another card
   */
  static Optional<ExecutionPlan> ofText(Card card, String text) {
    return make(
        card,
        "a kept plan",
        new Held(),
        plan -> plan.charactersIfTaken(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION(), text));
  }

  /** Takes over what is held. */
  private static Optional<ExecutionPlan> make(Card card, String of, Held held, Predicate<Descriptor> describe) {
    try {
      Descriptor plan =
          held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR(), "plan of " + of));
      if (describe.test(plan)) {
        card.plan(plan);
        if (plan.finishIfSupported(card)) {
          return Optional.of(new ExecutionPlan(plan, held));
        }
      }
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
    held.close();
    return Optional.empty();
  }

  /** The plan with the code that was compiled for it; nothing if its engine cannot be written down. */
  Optional<String> text() {
    return plan.text(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION());
  }

  long workspaceBytes() {
    return workspaceBytes;
  }

  Descriptor descriptor() {
    return plan;
  }

  @Override
  public void close() {
    held.close();
  }
}
