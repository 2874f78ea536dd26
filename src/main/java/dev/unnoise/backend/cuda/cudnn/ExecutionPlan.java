package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import java.util.Optional;

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
    try {
      Optional<Descriptor> configuration = choice.configuration(card, graph, held);
      if (configuration.isPresent()) {
        Descriptor plan = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR(), "plan of " + choice));
        card.plan(plan);
        plan.descriptor(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configuration.get());
        if (plan.finishIfSupported()) {
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
