package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.Memory;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.PostOps;
import dev.unnoise.backend.cpu.onednn.Primitive;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A 3×3 convolution as 36 matrix products of transformed tiles: a quarter of the multiplications, which pays where
 * there are enough channels to make the products outweigh the transforms, and enough tiles to make the products
 * outweigh the reading of the transformed weights, which are four times as large.
 */
final class WinogradRecipe implements Recipe {
  static final int POINTS = WinogradTransform.POINTS * WinogradTransform.POINTS;

  /** Input times output channels: below, transforms cost as much as the products save. */
  private static final int FEWEST_CHANNEL_PAIRS = 128 * 128;

  private static final int FEWEST_TILES = 16;

  /** Bytes of transformed tiles that a block should not exceed. */
  private static final long BLOCK_BYTES = 4 << 20;

  /** Bytes of transformed tiles of several images that share one reading of the weights. */
  private static final long SHARED_BYTES = 5 << 20;

  private final OneDnn oneDnn;
  private final Convolution node;
  private final BiasVector bias;
  private final Layout sourceLayout;
  private final Layout productLayout;
  private final Primitive product;
  private final Memory[] weights = new Memory[POINTS];
  private final int tilesAcross;
  private final int tileRowsPerBlock;

  WinogradRecipe(OneDnn oneDnn, Scope scope, PreparedWeights parameters, Convolution node) {
    this.oneDnn = oneDnn;
    this.node = node;
    this.bias = new BiasVector(node.bias().map(parameters::array), node.epilogue().conditioning());
    int in = node.source().channels();
    int out = node.output().channels();
    this.tilesAcross = Math.ceilDiv(node.output().width(), WinogradTransform.OUTPUTS);
    this.tileRowsPerBlock = rowsPerBlock(node, tilesAcross);
    int tiles = tilesAcross * tileRowsPerBlock;
    this.sourceLayout = oneDnn.dense(scope, tiles, in);
    this.productLayout = oneDnn.dense(scope, tiles, out);
    this.product =
        oneDnn.matmul(scope, sourceLayout, oneDnn.any(scope, in, out), null, productLayout, new PostOps());
    Layout stored = oneDnn.dense(scope, in, out);
    Supplier<float[][]> matrices =
        new Once<>(() -> WinogradTransform.kernels(parameters.load(node.weight()), out, in));
    for (int point = 0; point < POINTS; point++) {
      int index = point;
      weights[point] =
          parameters.in(
              new Transformed(node.weight(), point), () -> matrices.get()[index], stored, product.weights());
    }
  }

  /** Whether this is a convolution for which the detour is made. */
  static boolean pays(Convolution node) {
    int across = Math.ceilDiv(node.output().width(), WinogradTransform.OUTPUTS);
    int down = Math.ceilDiv(node.output().height(), WinogradTransform.OUTPUTS);
    return node.window().equals(Window.SAME_3X3)
        && !node.upsampled()
        && node.source().isDense()
        && node.output().isDense()
        && node.epilogue().residual().map(Tensor::isDense).orElse(true)
        && node.source().channels() * node.output().channels() >= FEWEST_CHANNEL_PAIRS
        && across * down >= FEWEST_TILES;
  }

  /** As many rows of tiles as fit a block, equally many in each. */
  private static int rowsPerBlock(Convolution node, int tilesAcross) {
    int rows = Math.ceilDiv(node.output().height(), WinogradTransform.OUTPUTS);
    long bytesPerRow = 4L * POINTS * tilesAcross * (node.source().channels() + node.output().channels());
    int largest = (int) Math.clamp(BLOCK_BYTES / bytesPerRow, 1, rows);
    return Math.ceilDiv(rows, Math.ceilDiv(rows, largest));
  }

  Convolution node() {
    return node;
  }

  int tilesAcross() {
    return tilesAcross;
  }

  int tileRowsPerBlock() {
    return tileRowsPerBlock;
  }

  BiasVector bias() {
    return bias;
  }

  OneDnn oneDnn() {
    return oneDnn;
  }

  Primitive product() {
    return product;
  }

  Layout sourceLayout() {
    return sourceLayout;
  }

  Layout productLayout() {
    return productLayout;
  }

  Memory weights(int point) {
    return weights[point];
  }

  /** Images whose blocks are multiplied together, matrix by matrix. */
  int imagesAtOnce(int slots) {
    return (int) Math.clamp(SHARED_BYTES / blockBytes(), 1, slots);
  }

  private long blockBytes() {
    return POINTS * (sourceLayout.bytes() + productLayout.bytes());
  }

  @Override
  public long scratchpadBytes() {
    return product.scratchpad().bytes();
  }

  @Override
  public long workspaceBytes(int slots) {
    return blockBytes() * imagesAtOnce(slots);
  }

  @Override
  public int launches() {
    int rows = Math.ceilDiv(node.output().height(), WinogradTransform.OUTPUTS);
    return Math.ceilDiv(rows, tileRowsPerBlock) * (POINTS + 2);
  }

  @Override
  public Optional<String> implementation() {
    return Optional.of("Winograd by " + product.implementation());
  }

  @Override
  public Kernel bind(Site site) {
    return new WinogradKernel(this, site);
  }

  /** The key of a point's matrix. */
  private record Transformed(Object weight, int point) {}

  /** A value computed when it is first asked for. */
  private static final class Once<T> implements Supplier<T> {
    private final Supplier<T> compute;
    private T value;

    Once(Supplier<T> compute) {
      this.compute = compute;
    }

    @Override
    public T get() {
      if (value == null) {
        value = compute.get();
      }
      return value;
    }
  }
}
