package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The group norms of the CIFAR-10 U-Net and of the bundled model, with SiLU. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class GroupNormBenchmark {
  /** Channels of each source, height and width, groups. */
  @Param({"128 32 32", "256,128 32 32", "256 16 32", "24 32 8", "48,24 32 8"})
  public String shape;

  private GroupNormKernel kernel;

  @Setup
  public void prepare() {
    String[] parts = shape.split(" ");
    int[] channels = Arrays.stream(parts[0].split(",")).mapToInt(Integer::parseInt).toArray();
    int side = Integer.parseInt(parts[1]);
    int total = Arrays.stream(channels).sum();
    List<Tensor> sources =
        Arrays.stream(channels).mapToObj(c -> Tensor.dense("source" + c, new Shape(c, side, side))).toList();
    Parameter vector = new Parameter.Stored("norm", List.of(total));
    GroupNorm node =
        new GroupNorm(
            "norm",
            sources,
            vector,
            vector,
            Integer.parseInt(parts[2]),
            1e-6,
            Optional.empty(),
            Activation.SILU,
            Tensor.dense("norm", new Shape(total, side, side)));
    float[] ones = new float[total];
    Arrays.fill(ones, 1);
    Region[] regions = sources.stream().map(tensor -> region(tensor.channels(), side * side)).toArray(Region[]::new);
    kernel =
        new GroupNormKernel(node, ones, ones, regions, null, null, region(total, side * side), new Staging());
  }

  private static Region region(int channels, int pixels) {
    MemorySegment memory = Arena.ofAuto().allocate(4L * channels * pixels, 64);
    for (long i = 0; i < (long) channels * pixels; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i * 7919 % 1000) / 500f - 1);
    }
    return new Region(memory, channels, channels, pixels);
  }

  @Benchmark
  public void run() {
    kernel.run();
  }
}
