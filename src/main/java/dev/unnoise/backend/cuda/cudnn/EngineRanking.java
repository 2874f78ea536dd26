package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Held;
import java.util.ArrayList;
import java.util.List;

/** Engines for a graph in the order of the library's heuristics, without those that a policy forbids. */
final class EngineRanking {
  private EngineRanking() {}

  /**
   * Engines that the library names.
   *
   * @param fallback whether those are wanted, too, that it names for want of better ones
   * @return nothing if there is none
   */
  static List<EngineChoice> of(Card card, OperationGraph graph, EnginePolicy policy, boolean fallback) {
    List<EngineChoice> ranked = new ArrayList<>(named(card, graph, cudnn_h.CUDNN_HEUR_MODE_A(), policy));
    if (fallback) {
      ranked.addAll(named(card, graph, cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), policy));
    }
    return ranked;
  }

  private static List<EngineChoice> named(Card card, OperationGraph graph, int mode, EnginePolicy policy) {
    try (Held held = new Held()) {
      Descriptor heuristics = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR(), "heuristics"));
      heuristics
          .descriptor(cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph.descriptor())
          .choice(cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(), cudnn_h.CUDNN_TYPE_HEUR_MODE(), mode);
      card.heuristics(heuristics);
      if (!heuristics.finishIfSupported(card)) {
        return List.of();
      }
      // All of them: in single precision dozens that round to fewer bits come first.
      int most = heuristics.count(cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS());
      List<Descriptor> configurations = new ArrayList<>();
      for (int i = 0; i < most; i++) {
        configurations.add(
            held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), "engine configuration")));
      }
      int found = heuristics.fill(cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), configurations);
      List<EngineChoice> choices = new ArrayList<>();
      for (Descriptor configuration : configurations.subList(0, found)) {
        Descriptor engine = held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR(), "engine"));
        if (configuration.fill(cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), List.of(engine)) == 1 && policy.allows(engine)) {
          EngineChoice choice = EngineChoice.of(configuration, engine);
          if (!choice.splitsSums()) {
            choices.add(choice);
          }
        }
      }
      return choices;
    }
  }
}
