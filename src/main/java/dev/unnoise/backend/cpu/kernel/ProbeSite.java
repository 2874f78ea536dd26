package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import dev.unnoise.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Memory for one node and one image, full of random numbers. */
final class ProbeSite implements Site, AutoCloseable {
  private final Scope scope = new Scope();
  private final Stream stream;
  private final Staging staging = new Staging();
  private final Map<Tensor, MemorySegment> tensors = new HashMap<>();
  private final MemorySegment scratchpad;
  private final MemorySegment workspace;

  ProbeSite(OneDnn oneDnn, Recipe first, Recipe second) {
    try {
      stream = oneDnn.stream(scope);
      scratchpad = scope.allocate(Math.max(first.scratchpadBytes(), second.scratchpadBytes()));
      workspace = scope.allocate(Math.max(first.workspaceBytes(1), second.workspaceBytes(1)));
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  @Override
  public int slots() {
    return 1;
  }

  @Override
  public Region region(int slot, Tensor tensor) {
    MemorySegment whole = tensors.computeIfAbsent(tensor.root(), this::random);
    MemorySegment memory = whole.asSlice((long) Float.BYTES * tensor.channelOffset());
    return new Region(
        memory, tensor.channels(), tensor.channelStride(), Math.toIntExact(tensor.shape().pixels()));
  }

  private MemorySegment random(Tensor root) {
    // A slice's layout reaches past its last channel to the end of that pixel.
    long elements = root.bytes() / Float.BYTES + root.channelStride();
    MemorySegment memory = scope.allocate(elements * Float.BYTES);
    Random random = new Random(elements);
    for (long i = 0; i < elements; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return memory;
  }

  /** The bytes of a tensor's storage as they are now. */
  byte[] bytes(Tensor tensor) {
    return tensors.get(tensor.root()).toArray(ValueLayout.JAVA_BYTE);
  }

  @Override
  public MemorySegment scratchpad() {
    return scratchpad;
  }

  @Override
  public MemorySegment workspace() {
    return workspace;
  }

  @Override
  public Staging staging() {
    return staging;
  }

  @Override
  public Scope scope() {
    return scope;
  }

  @Override
  public Stream stream() {
    return stream;
  }

  @Override
  public void close() {
    scope.close();
  }
}
