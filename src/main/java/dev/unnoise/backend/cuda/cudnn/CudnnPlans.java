package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.graph.DataType;
import java.util.Map;
import java.util.Optional;

/** Makes launches of graphs. */
public final class CudnnPlans implements AutoCloseable {
  private final Cudnn cudnn;
  private final Workspace workspace;
  private final PreparedGraphs graphs;

  /**
   * Plans of a library on a card.
   *
   * @param workspace for engines
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  public CudnnPlans(Cudnn cudnn, Workspace workspace, boolean tf32) {
    this.cudnn = cudnn;
    this.workspace = workspace;
    this.graphs = new PreparedGraphs(cudnn, tf32);
  }

  /** Whether there is an engine for graphs of a form of one operation. */
  boolean fits(GraphForm form) {
    return graphs.fits(form);
  }

  /**
   * Prepares a graph.
   *
   * @param addresses of tensors on the card, by their numbers in the graph
   * @param epilogue what follows it; taken over if the graph is prepared
   * @return nothing if no engine takes it
   */
  Optional<Launch> launch(GraphForm form, int images, Map<Long, Long> addresses, Optional<Launch> epilogue) {
    Optional<PreparedGraph> graph = graphs.of(form, images);
    graph.ifPresent(found -> workspace.require(found.plan().workspaceBytes()));
    return graph.map(found -> new PlanLaunch(cudnn, found, workspace, addresses, epilogue));
  }

  /** Where a tensor's first element lies on the card. */
  static long address(Located located, DataType type) {
    return CudaContext.address(located.buffer()) + located.byteOffset(type);
  }

  @Override
  public void close() {
    graphs.close();
  }
}
