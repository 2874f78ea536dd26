package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import java.util.Map;
import java.util.function.Consumer;

/** A finalised graph of cuDNN's operations, with all that it is made of. */
final class OperationGraph implements AutoCloseable {
  private final Held held;
  private final Descriptor graph;
  private final Map<Long, Long> constants;

  private OperationGraph(Held held, Descriptor graph, Map<Long, Long> constants) {
    this.held = held;
    this.graph = graph;
    this.constants = Map.copyOf(constants);
  }

  /**
   * Makes a graph.
   *
   * @param card for which engines are then looked for
   * @param description adds the operations
   */
  static OperationGraph of(Card card, Consumer<GraphBuilder> description) {
    Held held = new Held();
    try {
      GraphBuilder builder = new GraphBuilder(held);
      description.accept(builder);
      Descriptor graph =
          held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR(), "operation graph"))
              .descriptors(cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS(), builder.operations());
      card.graph(graph);
      graph.finish();
      return new OperationGraph(held, graph, builder.constants());
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
  }

  Descriptor descriptor() {
    return graph;
  }

  /** Where the numbers that are given by value lie on the host, by the tensors' numbers. */
  Map<Long, Long> constants() {
    return constants;
  }

  @Override
  public void close() {
    held.close();
  }
}
