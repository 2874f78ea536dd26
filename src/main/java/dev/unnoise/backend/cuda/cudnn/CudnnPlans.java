package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.Launch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes launches of graphs. The engine of a form is chosen once, at one number of images, and then computes the graphs
 * of all: so the bits of an image do not depend on how many there are beside it.
 */
public final class CudnnPlans implements AutoCloseable {
  /** Images at which engines are chosen: enough to fill a card. */
  private static final int NOMINAL_IMAGES = 64;

  /** Elements of a tensor beyond which engines that count in 32 bits are left out; the choice stays below it. */
  private static final long NOMINAL_ELEMENTS = 1L << 30;

  private final Cudnn cudnn;
  private final Workspace workspace;
  private final boolean tf32;
  private final Map<GraphForm, List<EngineChoice>> choices = new HashMap<>();

  /**
   * Opens the library on a card.
   *
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  public CudnnPlans(CudaContext context, Workspace workspace, boolean tf32) {
    this.cudnn = new Cudnn(context);
    this.workspace = workspace;
    this.tf32 = tf32;
  }

  /** Whether there is an engine for graphs of this form. */
  boolean fits(GraphForm form) {
    return !choices.computeIfAbsent(form, this::choose).isEmpty();
  }

  private List<EngineChoice> choose(GraphForm form) {
    int images = (int) Math.clamp(NOMINAL_ELEMENTS / form.largestTensor(), 1, NOMINAL_IMAGES);
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

  @Override
  public void close() {
    cudnn.close();
  }
}
