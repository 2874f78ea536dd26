package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Invocation;
import dev.unnoise.backend.cpu.onednn.Stream;

/** One primitive per image: a convolution or a linear layer. */
final class ProductKernel implements Kernel {
  private final Invocation[] invocations;
  private final Runnable[] refreshes;
  private final Stream stream;

  ProductKernel(Invocation[] invocations, Runnable[] refreshes, Stream stream) {
    this.invocations = invocations;
    this.refreshes = refreshes;
    this.stream = stream;
  }

  @Override
  public void run(int images) {
    for (int slot = 0; slot < images; slot++) {
      refreshes[slot].run();
      invocations[slot].run(stream);
    }
  }
}
