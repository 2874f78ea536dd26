package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.Launch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes launches of graphs. The engine of a form is chosen once, at the nominal number of images, and then computes
 * the graphs of all.
 */
public final class CudnnPlans {
  private final Cudnn cudnn;
  private final Workspace workspace;
  private final boolean tf32;
  private final Map<GraphForm, List<EngineChoice>> choices = new HashMap<>();

  /**
   * Plans of a library on a card.
   *
   * @param workspace for engines
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  public CudnnPlans(Cudnn cudnn, Workspace workspace, boolean tf32) {
    this.cudnn = cudnn;
    this.workspace = workspace;
    this.tf32 = tf32;
  }

  /** Whether there is an engine for graphs of this form. */
  boolean fits(GraphForm form) {
    return !choices.computeIfAbsent(form, this::choose).isEmpty();
  }

  private List<EngineChoice> choose(GraphForm form) {
    int images = Nominal.images(form.largestTensor());
    try (OperationGraph graph = graph(form, images)) {
      return EngineRanking.of(cudnn, graph, EnginePolicy.of(form.type(), tf32));
    }
  }

  private OperationGraph graph(GraphForm form, int images) {
    return OperationGraph.of(Optional.of(cudnn), builder -> form.describe(builder, images));
  }

  /**
   * Prepares a graph.
   *
   * @param addresses of tensors on the card, by their numbers in the graph
   * @param epilogue what follows it; taken over if the graph is prepared
   * @return nothing if no engine takes it
   */
  Optional<Launch> launch(GraphForm form, int images, Map<Long, Long> addresses, Optional<Launch> epilogue) {
    if (!fits(form)) {
      return Optional.empty();
    }
    OperationGraph graph = graph(form, images);
    try {
      Optional<ExecutionPlan> plan = ExecutionPlan.of(cudnn, graph, choices.get(form));
      if (plan.isPresent()) {
        return Optional.of(PlanLaunch.of(cudnn, graph, plan.get(), workspace, addresses, epilogue));
      }
    } catch (RuntimeException e) {
      Closing.after(e, graph::close);
      throw e;
    }
    graph.close();
    return Optional.empty();
  }
}
