package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.cudnn.CudnnProducts;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuMark;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.EpilogueLaunch;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductLibrary;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A card that is not there, with cuDNN: it launches what the backend cuda would and computes nothing. Which products take
 * their epilogue with them is a rule here; on a card it is what cuDNN's engines take.
 */
public final class PlannedCard implements Gpu {
  private static final long MEMORY = 140L << 30;
  private static final GpuInfo INFO =
      new GpuInfo("a planned card", "none", true, 132, MEMORY, MEMORY, 256, 48 << 10, 1024, 4);

  private PlannedCard() {}

  /** Opens one with rules in place of libraries. */
  public static Device open() {
    return open(new Products(), new Attentions());
  }

  /** Opens one with these libraries. */
  public static Device open(ProductLibrary products, AttentionLibrary attentions) {
    Traits traits = Traits.CARD.with(products).with(List.of(attentions));
    DeviceInfo info = new DeviceInfo(INFO.name(), INFO.driver(), MEMORY, List.of(Precision.values()), 512, -1);
    return new GpuDevice(
        new PlannedCard(),
        new GpuDevice.Make(
            "cuda", info, GpuDevice.PASSES_BESIDE_LIBRARY, precision -> traits, Optional.empty(), new Held()));
  }

  /** What the backend cuda leaves to cuDNN. */
  public interface PlannedProducts extends ProductLibrary {
    @Override
    default String name() {
      return "cudnn";
    }

    @Override
    default boolean fits(ProductGeometry geometry) {
      return CudnnProducts.covers(geometry);
    }
  }

  /** A library's launch, of which only the name is known. */
  public record Planned(String by) implements Launch {
    @Override
    public void enqueue(int images) {
      // There is no card.
    }

    @Override
    public void close() {
      // Nothing was made.
    }
  }

  /** cuDNN's products: engines add one vector, and a residual to products in 16 bits. */
  private static final class Products implements PlannedProducts {
    @Override
    public List<Launch> launch(
        ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
      boolean oneVector = operands.bias() == null || operands.conditioning() == null;
      boolean sameType = geometry.type() == geometry.outputType();
      boolean residual = operands.residual().buffer() == null || geometry.type() != DataType.F32;
      boolean fused = oneVector && sameType && residual && operands.scale() == 1;
      return fused || !EpilogueLaunch.isNeeded(operands)
          ? List.of(new Planned("cuDNN"))
          : List.of(new Planned("cuDNN"), EpilogueLaunch.of(geometry, operands, programs));
    }
  }

  /** Attention by cuDNN in 16 bits, else by cuBLASLt. */
  private static final class Attentions implements AttentionLibrary {
    @Override
    public Optional<Launch> launch(
        AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
      return Optional.of(new Planned(geometry.type() == DataType.F32 ? "cuBLASLt" : "cuDNN"));
    }
  }

  private record Buffer(long bytes) implements GpuBuffer {
    @Override
    public void close() {
      // Nothing was allocated.
    }
  }

  /** Counts its arguments. */
  private static final class Kernel implements GpuKernel {
    private int next;

    private GpuKernel given() {
      next++;
      return this;
    }

    @Override
    public GpuKernel buffer(GpuBuffer buffer) {
      return given();
    }

    @Override
    public GpuKernel integer(int value) {
      return given();
    }

    @Override
    public GpuKernel longInteger(long value) {
      return given();
    }

    @Override
    public GpuKernel number(double value) {
      return given();
    }

    @Override
    public int next() {
      return next;
    }

    @Override
    public GpuKernel from(int argument) {
      next = argument;
      return this;
    }

    @Override
    public void enqueue(long[] global, long[] local) {
      // There is no card.
    }

    @Override
    public void close() {
      // Nothing was made.
    }
  }

  private record Module() implements GpuModule {
    @Override
    public GpuKernel kernel(String name) {
      return new Kernel();
    }

    @Override
    public void close() {
      // Nothing was compiled.
    }
  }

  private record Mark() implements GpuMark {
    @Override
    public boolean isReached() {
      return true;
    }

    @Override
    public void close() {
      // Nothing was marked.
    }
  }

  @Override
  public GpuInfo info() {
    return INFO;
  }

  @Override
  public Dialect dialect() {
    return Dialect.CUDA;
  }

  @Override
  public GpuBuffer allocate(long bytes) {
    return new Buffer(bytes);
  }

  @Override
  public long allocations() {
    return 0;
  }

  @Override
  public void write(GpuBuffer to, long offset, MemorySegment from) {
    // Nobody reads it.
  }

  @Override
  public void read(GpuBuffer from, long offset, MemorySegment to) {
    throw new UnsupportedOperationException("a planned card computes nothing");
  }

  @Override
  public void copy(GpuBuffer from, long fromOffset, GpuBuffer to, long toOffset, long bytes) {
    // There are no numbers.
  }

  @Override
  public GpuMark mark() {
    return new Mark();
  }

  @Override
  public double nanosOf(Runnable work) {
    return Double.NaN;
  }

  @Override
  public void finish() {
    // Nothing was begun.
  }

  @Override
  public GpuModule compile(KernelSource source) {
    return new Module();
  }

  @Override
  public void close() {
    // Nothing was opened.
  }
}
