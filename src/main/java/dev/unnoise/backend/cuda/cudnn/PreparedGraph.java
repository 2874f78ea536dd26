package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.gpu.Closing;

/**
 * A graph for a number of images, with its plan.
 *
 * @param choice the engine of the plan
 */
record PreparedGraph(OperationGraph graph, ExecutionPlan plan, EngineChoice choice) implements AutoCloseable {
  @Override
  public void close() {
    Closing.inOrder(plan::close, graph::close);
  }
}
