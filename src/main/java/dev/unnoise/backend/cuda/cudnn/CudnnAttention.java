package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Attention by cuDNN's fused engines, which keep the scores to themselves. They take 16 bits and no more. */
public final class CudnnAttention implements AttentionLibrary {
  private final CudnnPlans plans;

  /** Attention by these plans. */
  public CudnnAttention(CudnnPlans plans) {
    this.plans = plans;
  }

  @Override
  public Optional<Launch> launch(
      AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
    if (geometry.type() == DataType.F32) {
      return Optional.empty();
    }
    DataType type = geometry.type();
    List<Located> all = List.of(operands.query(), operands.key(), operands.value(), operands.output());
    int alignment = all.stream().mapToInt(one -> one.alignment(type)).min().orElseThrow();
    AttentionGraph.Strides strides =
        new AttentionGraph.Strides(
            operands.query().stride(),
            operands.key().stride(),
            operands.value().stride(),
            operands.output().stride(),
            alignment);
    Map<Long, Long> addresses =
        Map.of(
            AttentionGraph.QUERY, address(operands.query(), type),
            AttentionGraph.KEY, address(operands.key(), type),
            AttentionGraph.VALUE, address(operands.value(), type),
            AttentionGraph.OUTPUT, address(operands.output(), type));
    return plans.launch(new AttentionGraph(geometry, strides), images, addresses, Optional.empty());
  }

  private static long address(Located located, DataType type) {
    return CudaContext.address(located.buffer()) + located.byteOffset(type);
  }
}
