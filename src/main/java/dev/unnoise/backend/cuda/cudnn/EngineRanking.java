package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Held;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Engines for a graph in the order of the library's heuristics, without those that a policy forbids. */
final class EngineRanking {
  /** Engines that the heuristics are asked for. */
  private static final int MOST_ENGINES = 32;

  private EngineRanking() {}

  /**
   * Engines from the first that takes the graph on.
   *
   * @return nothing if there is none
   */
  static List<EngineChoice> of(Cudnn cudnn, OperationGraph graph, EnginePolicy policy) {
    List<EngineChoice> ranked = new ArrayList<>();
    for (int mode : new int[] {cudnn_h.CUDNN_HEUR_MODE_A(), cudnn_h.CUDNN_HEUR_MODE_FALLBACK()}) {
      for (EngineChoice choice : named(graph, mode, policy)) {
        if (!ranked.isEmpty() || takes(cudnn, graph, choice)) {
          ranked.add(choice);
        }
      }
    }
    return ranked;
  }

  private static boolean takes(Cudnn cudnn, OperationGraph graph, EngineChoice choice) {
    Optional<ExecutionPlan> plan = ExecutionPlan.of(cudnn, graph, choice);
    plan.ifPresent(ExecutionPlan::close);
    return plan.isPresent();
  }

  private static List<EngineChoice> named(OperationGraph graph, int mode, EnginePolicy policy) {
    try (Held held = new Held()) {
      Descriptor heuristics = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR(), "heuristics"));
      heuristics
          .descriptor(cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph.descriptor())
          .choice(cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(), cudnn_h.CUDNN_TYPE_HEUR_MODE(), mode);
      if (!heuristics.finishIfSupported()) {
        return List.of();
      }
      List<Descriptor> configurations = new ArrayList<>();
      for (int i = 0; i < MOST_ENGINES; i++) {
        configurations.add(
            held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), "engine configuration")));
      }
      int found = heuristics.fill(cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), configurations);
      List<EngineChoice> choices = new ArrayList<>();
      for (Descriptor configuration : configurations.subList(0, found)) {
        Descriptor engine = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR(), "engine"));
        if (configuration.fill(cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), List.of(engine)) == 1 && policy.allows(engine)) {
          choices.add(EngineChoice.of(configuration, engine));
        }
      }
      return choices;
    }
  }
}
