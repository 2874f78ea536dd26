package dev.unnoise.backend.cuda.cudnn;

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

/** Attention by cuDNN's fused engines, which keep the scores to themselves. They take numbers of 16 bits, and no others. */
public final class CudnnAttention implements AttentionLibrary {
  private final CudnnPlans plans;

  /** Attention by these plans. */
  public CudnnAttention(CudnnPlans plans) {
    this.plans = plans;
  }

  @Override
  public Optional<Launch> launch(
      AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
    DataType type = geometry.type();
    List<Located> all = List.of(operands.query(), operands.key(), operands.value(), operands.output());
    boolean aligned = all.stream().allMatch(one -> one.alignment(type) >= Located.WIDEST_LOAD);
    if (type == DataType.F32 || !aligned) {
      return Optional.empty();
    }
    AttentionGraph.Strides strides =
        new AttentionGraph.Strides(
            operands.query().stride(),
            operands.key().stride(),
            operands.value().stride(),
            operands.output().stride());
    Map<Long, Long> addresses =
        Map.of(
            AttentionGraph.QUERY, CudnnPlans.address(operands.query(), type),
            AttentionGraph.KEY, CudnnPlans.address(operands.key(), type),
            AttentionGraph.VALUE, CudnnPlans.address(operands.value(), type),
            AttentionGraph.OUTPUT, CudnnPlans.address(operands.output(), type));
    return plans.launch(new AttentionGraph(geometry, strides), images, addresses, Optional.empty());
  }
}
