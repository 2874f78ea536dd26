package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.LibraryTrial;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Makes launches of graphs, in a precision. */
public final class CudnnPlans implements AutoCloseable {
  private final PlanMaker maker;
  private final Workspace workspace;
  private final boolean tf32;
  private final PreparedGraphs graphs;

  /**
   * Plans of a library on a card.
   *
   * @param maker of plans, which stays the caller's
   * @param workspace for engines
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  public CudnnPlans(PlanMaker maker, Workspace workspace, boolean tf32) {
    this.maker = maker;
    this.workspace = workspace;
    this.tf32 = tf32;
    this.graphs = new PreparedGraphs(maker.cudnn(), maker.settings(), tf32);
  }

  /** Whether several operations may be one graph. */
  boolean fuses() {
    return maker.fuses();
  }

  /** Begins to compile what {@link #launch} will be asked for. */
  void prepareAhead(GraphForm form, int images) {
    graphs.prepareAhead(form, images);
  }

  /** Runs the launch that a function makes of scratch operands, and compares the results with those of our kernels. */
  @FunctionalInterface
  interface Trial<T> {
    LibraryTrial.Verdict of(LibraryTrial trial, Function<T, Launch> launch);
  }

  /**
   * Prepares a graph.
   *
   * @param <T> the kind of operands
   * @param addresses of operands on the card, by their numbers in the graph
   * @return nothing if no engine takes it
   */
  <T> Optional<Launch> launch(
      GraphForm form, int images, T operands, Function<T, Map<Long, Long>> addresses, Trial<T> trial, Programs programs) {
    return graphs
        .of(form, images, (graph, count) -> verdict(graph, count, addresses, trial, programs))
        .map(graph -> new PlanLaunch(maker.cudnn(), graph, workspace, addresses.apply(operands)));
  }

  private <T> LibraryTrial.Verdict verdict(
      PreparedGraph graph, int images, Function<T, Map<Long, Long>> addresses, Trial<T> trial, Programs programs) {
    // What an engine wants at the nominal number of images is not kept for those that are computed.
    try (Workspace scratch = new Workspace(maker.context());
        LibraryTrial started = new LibraryTrial(programs, images, tf32)) {
      return trial.of(
          started, operands -> new PlanLaunch(maker.cudnn(), graph, scratch, addresses.apply(operands)));
    }
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
