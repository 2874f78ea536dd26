package dev.unnoise.graph.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CostTest {
  private static final Shape SHAPE = new Shape(8, 4, 4);

  private static Tensor half(String name, int channelStride) {
    return new Tensor(name, SHAPE, DataType.BF16, new Layout.Own(channelStride));
  }

  private static Parameter parameter(String name, Integer... extents) {
    return new Parameter.Stored(name, List.of(extents));
  }

  @Test
  void weightsAreStoredAsTheirSourceAndVectorsInSinglePrecision() {
    Epilogue epilogue =
        Epilogue.NONE.withConditioning(Tensor.dense("time", Shape.vector(8))).withResidual(half("skip", 8), 1);
    Convolution node =
        new Convolution(
            "conv",
            half("x", 8),
            parameter("weight", 8, 8, 3, 3),
            Optional.of(parameter("bias", 8)),
            Window.SAME_3X3,
            false,
            epilogue,
            half("y", 8));
    Cost cost = Cost.of(node);
    int weight = 8 * 8 * 9 * 2;
    assertEquals(3 * (128 * 3 * 2 + 8 * 4) + weight + 8 * 4, cost.bytes(3));
    assertEquals(3 * 2 * 9 * 8 * 128, cost.flop(3));
    assertEquals(3 * 128 * 2 * 2 + weight, Cost.bare(node).bytes(3), "neither residual nor vectors");
    assertEquals(cost.flop(3), Cost.bare(node).flop(3));
  }

  @Test
  void whatLiesBetweenChannelsIsNotMoved() {
    GroupNorm node =
        new GroupNorm(
            "norm",
            List.of(half("x", 32)),
            parameter("weight", 8),
            parameter("bias", 8),
            2,
            1e-5,
            Optional.empty(),
            Activation.SILU,
            half("y", 16));
    assertEquals(new Cost(0, 2 * 128 * 2, 2 * 8 * 4), Cost.of(node));
  }
}
