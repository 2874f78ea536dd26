package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.graph.Tensor;

/** Tensors of one image as oneDNN sees them. */
final class Layouts {
  private Layouts() {}

  /** N,C,H,W with N = 1, in N,H,W,C memory. */
  static Layout image(OneDnn oneDnn, Scope scope, Tensor tensor) {
    long stride = tensor.channelStride();
    long row = tensor.width() * stride;
    return oneDnn.strided(
        scope,
        new long[] {1, tensor.channels(), tensor.height(), tensor.width()},
        new long[] {tensor.height() * row, 1, row, stride});
  }

  /** A matrix with a row for every pixel. */
  static Layout rows(OneDnn oneDnn, Scope scope, Tensor tensor, long rows) {
    return oneDnn.strided(
        scope, new long[] {rows, tensor.channels()}, new long[] {tensor.channelStride(), 1});
  }
}
