package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
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
  public void prepareAhead(AttentionGeometry geometry, AttentionOperands operands, int images) {
    if (isTaken(geometry, operands)) {
      plans.prepareAhead(AttentionGraph.of(geometry, operands), images);
    }
  }

  @Override
  public Optional<Launch> launch(
      AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
    if (!isTaken(geometry, operands)) {
      return Optional.empty();
    }
    return plans.launch(
        AttentionGraph.of(geometry, operands),
        images,
        operands,
        placed -> addresses(placed, geometry.type()),
        (trial, launch) -> trial.attention(geometry, operands, launch),
        programs);
  }

  private boolean isTaken(AttentionGeometry geometry, AttentionOperands operands) {
    return plans.fuses() && AttentionGraph.holds(geometry, operands);
  }

  private static Map<Long, Long> addresses(AttentionOperands operands, DataType type) {
    return Map.of(
        AttentionGraph.QUERY, CudnnPlans.address(operands.query(), type),
        AttentionGraph.KEY, CudnnPlans.address(operands.key(), type),
        AttentionGraph.VALUE, CudnnPlans.address(operands.value(), type),
        AttentionGraph.OUTPUT, CudnnPlans.address(operands.output(), type));
  }
}
