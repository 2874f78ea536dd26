package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.run.BackendException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A graph of operations with the engine that computes it. */
final class ExecutionPlan implements AutoCloseable {
  /** Engines that the heuristics are asked for. */
  private static final int MOST_ENGINES = 32;

  private final Descriptor plan;
  private final Held held;
  private final long workspaceBytes;

  private ExecutionPlan(Descriptor plan, Held held) {
    this.plan = plan;
    this.held = held;
    this.workspaceBytes = plan.integer(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
  }

  /**
   * The first engine, in the order of the library's heuristics, that the policy allows and that takes the graph.
   *
   * @return nothing if there is none
   */
  static Optional<ExecutionPlan> of(Cudnn cudnn, Operations operations, EnginePolicy policy) {
    for (int mode : new int[] {cudnn_h.CUDNN_HEUR_MODE_A(), cudnn_h.CUDNN_HEUR_MODE_FALLBACK()}) {
      Held held = new Held();
      try {
        for (Descriptor configuration : configurations(operations, mode, held)) {
          Optional<ExecutionPlan> plan = of(cudnn, configuration, policy, held);
          if (plan.isPresent()) {
            return plan;
          }
        }
      } catch (RuntimeException e) {
        Closing.after(e, held::close);
        throw e;
      }
      held.close();
    }
    return Optional.empty();
  }

  private static List<Descriptor> configurations(Operations operations, int mode, Held held) {
    Descriptor heuristics = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR(), "heuristics"));
    heuristics
        .descriptor(cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), operations.graph())
        .choice(cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(), cudnn_h.CUDNN_TYPE_HEUR_MODE(), mode);
    try {
      heuristics.finish();
    } catch (BackendException e) {
      // The library says so where no engine takes such a graph; another mode or a simpler graph is tried.
      return List.of();
    }
    List<Descriptor> configurations = new ArrayList<>();
    for (int i = 0; i < MOST_ENGINES; i++) {
      configurations.add(
          held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), "engine configuration")));
    }
    int found = heuristics.fill(cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), configurations);
    return configurations.subList(0, found);
  }

  private static Optional<ExecutionPlan> of(Cudnn cudnn, Descriptor configuration, EnginePolicy policy, Held held) {
    Descriptor engine = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR(), "engine"));
    if (configuration.fill(cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), List.of(engine)) == 0 || !policy.allows(engine)) {
      return Optional.empty();
    }
    Descriptor plan = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR(), "execution plan"));
    plan.handle(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE(), cudnn)
        .descriptor(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configuration);
    try {
      plan.finish();
    } catch (BackendException e) {
      // Heuristics name engines that then do not take this graph on this card; the next one may.
      return Optional.empty();
    }
    return Optional.of(new ExecutionPlan(plan, held));
  }

  long workspaceBytes() {
    return workspaceBytes;
  }

  Descriptor plan() {
    return plan;
  }

  @Override
  public void close() {
    held.close();
  }
}
