package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.cudnn.Operations.Strides;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.EpilogueLaunch;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductLibrary;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.run.BackendException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Convolutions and linear layers by cuDNN: with what is added to them where an engine takes that, else with a kernel after. */
public final class CudnnProducts implements ProductLibrary, AutoCloseable {
  /** Images that engines are asked about before the number is known. */
  private static final int NOMINAL_IMAGES = 8;

  /** Bytes that engines with wide loads want addresses to be multiples of. */
  private static final int ALIGNMENT = 16;

  private final Cudnn cudnn;
  private final Workspace workspace;
  private final boolean tf32;
  private final Map<ProductGeometry, Boolean> fitting = new HashMap<>();

  /**
   * Opens the library on a card.
   *
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  public CudnnProducts(CudaContext context, boolean tf32) {
    this.cudnn = new Cudnn(context.stream());
    this.workspace = new Workspace(context);
    this.tf32 = tf32;
  }

  @Override
  public String name() {
    return "cudnn";
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    return !geometry.upsampled() && fitting.computeIfAbsent(geometry, this::isTaken);
  }

  private boolean isTaken(ProductGeometry geometry) {
    int bytes = geometry.type().bytes();
    int alignment = Math.min(alignment(geometry.channels() * bytes), alignment(geometry.outputChannels() * bytes));
    Strides dense = new Strides(geometry.channels(), geometry.outputChannels(), 0, -1, alignment);
    try (Operations operations = new Operations(Optional.of(cudnn), geometry, dense, NOMINAL_IMAGES)) {
      Optional<ExecutionPlan> plan = ExecutionPlan.of(cudnn, operations, policy(geometry));
      plan.ifPresent(ExecutionPlan::close);
      return plan.isPresent();
    }
  }

  private EnginePolicy policy(ProductGeometry geometry) {
    return EnginePolicy.of(geometry.type(), tf32);
  }

  @Override
  public Launch launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
    Strides strides = strides(geometry, operands);
    boolean oneVector = operands.bias() == null || operands.conditioning() == null;
    if (!strides.isBare() && oneVector && operands.scale() == 1) {
      Optional<Launch> fused = plan(geometry, strides, operands, images, Optional.empty());
      if (fused.isPresent()) {
        return fused.get();
      }
    }
    Optional<Launch> epilogue =
        EpilogueLaunch.isNeeded(operands)
            ? Optional.of(EpilogueLaunch.of(geometry, operands, programs))
            : Optional.empty();
    try {
      return plan(geometry, strides.bare(), operands, images, epilogue)
          .orElseThrow(
              () -> new BackendException("no engine of cuDNN takes " + geometry.key() + " with " + images + " images"));
    } catch (RuntimeException e) {
      epilogue.ifPresent(launch -> Closing.after(e, launch::close));
      throw e;
    }
  }

  private Optional<Launch> plan(
      ProductGeometry geometry, Strides strides, ProductOperands operands, int images, Optional<Launch> epilogue) {
    Operations operations = new Operations(Optional.of(cudnn), geometry, strides, images);
    try {
      Optional<ExecutionPlan> plan = ExecutionPlan.of(cudnn, operations, policy(geometry));
      if (plan.isEmpty()) {
        operations.close();
        return Optional.empty();
      }
      long source = address(operands.source(), geometry.type());
      long weight = CudaContext.address(operands.weight());
      long output = address(operands.output(), geometry.outputType());
      long residual = address(operands.residual(), geometry.type());
      long vector =
          operands.conditioning() == null
              ? CudaContext.address(operands.bias())
              : CudaContext.address(operands.conditioning()) + (long) Float.BYTES * operands.conditioningAt();
      long[] identifiers = {Operations.SOURCE, Operations.WEIGHT, Operations.OUTPUT, Operations.VECTOR, Operations.RESIDUAL};
      long[] addresses = {source, weight, output, vector, residual};
      int used = strides.residual() != 0 ? 5 : strides.vector() >= 0 ? 4 : 3;
      if (strides.residual() != 0 && strides.vector() < 0) {
        identifiers[3] = Operations.RESIDUAL;
        addresses[3] = residual;
        used = 4;
      }
      return Optional.of(
          PlanLaunch.of(
              cudnn,
              operations,
              plan.get(),
              workspace,
              Arrays.copyOf(identifiers, used),
              Arrays.copyOf(addresses, used),
              epilogue));
    } catch (RuntimeException e) {
      Closing.after(e, operations::close);
      throw e;
    }
  }

  private static long address(Located located, DataType type) {
    return located.buffer() == null ? 0 : CudaContext.address(located.buffer()) + located.offset() * type.bytes();
  }

  private static Strides strides(ProductGeometry geometry, ProductOperands operands) {
    int vector = operands.conditioning() != null ? operands.conditioningWidth() : operands.bias() != null ? 0 : -1;
    int alignment =
        Math.min(
            alignment(operands.source(), geometry.type()),
            Math.min(
                alignment(operands.output(), geometry.outputType()), alignment(operands.residual(), geometry.type())));
    int residual = operands.residual().buffer() == null ? 0 : operands.residual().stride();
    return new Strides(operands.source().stride(), operands.output().stride(), residual, vector, alignment);
  }

  private static int alignment(Located located, DataType type) {
    return located.buffer() == null
        ? ALIGNMENT
        : Math.min(
            alignment(located.offset() * type.bytes()), alignment((long) located.stride() * type.bytes()));
  }

  /** The largest power of two up to {@link #ALIGNMENT} that divides a number of bytes. */
  private static int alignment(long bytes) {
    return (int) Long.lowestOneBit(bytes | ALIGNMENT);
  }

  /** What choices depend on. */
  @Override
  public String toString() {
    return name() + (tf32 ? " tf32" : "");
  }

  @Override
  public void close() {
    Closing.inOrder(workspace::close, cudnn::close);
  }
}
