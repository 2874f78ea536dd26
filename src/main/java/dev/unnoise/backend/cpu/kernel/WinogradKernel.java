package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Arguments;
import dev.unnoise.backend.cpu.onednn.Invocation;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * {@link WinogradRecipe} on a lane. Block by block: tiles of some images are transformed row of tiles by row of tiles,
 * multiplied point by point, and transformed back.
 *
 * <p>A row of the image is kept as four phases, the pixels 0, 4, 8 … and 1, 5, 9 … and so on: the same pixel of all
 * tiles then lies in one array, and transforms are long loops that become vector code.
 */
final class WinogradKernel implements Kernel {
  private static final int N = WinogradTransform.POINTS;
  private static final int OUTPUTS = WinogradTransform.OUTPUTS;

  private final WinogradRecipe recipe;
  private final Stream stream;
  private final int width;
  private final int height;
  private final int in;
  private final int out;
  private final int across;
  private final int rowsPerBlock;
  private final int imagesAtOnce;
  private final Region[] sources;
  private final Region[] outputs;
  private final Region[] residuals;
  private final BiasVector.Bound[] biases;
  private final MemorySegment[] transformed;
  private final MemorySegment[] products;
  private final Invocation[][] invocations;
  private final float[][][] rows = new float[N][OUTPUTS][];
  private final float[][] shifted = new float[2][];
  private final float[][] tiles = new float[N * N][];
  private final float[] biasLine;
  private final float[] residualLine;

  WinogradKernel(WinogradRecipe recipe, Site site) {
    this.recipe = recipe;
    this.stream = site.stream();
    this.width = recipe.node().output().width();
    this.height = recipe.node().output().height();
    this.in = recipe.node().source().channels();
    this.out = recipe.node().output().channels();
    this.across = recipe.tilesAcross();
    this.rowsPerBlock = recipe.tileRowsPerBlock();
    this.imagesAtOnce = recipe.imagesAtOnce(site.slots());
    this.sources = new Region[site.slots()];
    this.outputs = new Region[site.slots()];
    this.residuals = new Region[site.slots()];
    this.biases = new BiasVector.Bound[site.slots()];
    for (int slot = 0; slot < site.slots(); slot++) {
      int at = slot;
      sources[slot] = site.region(slot, recipe.node().source());
      outputs[slot] = site.region(slot, recipe.node().output());
      residuals[slot] = recipe.node().epilogue().residual().map(tensor -> site.region(at, tensor)).orElse(null);
      biases[slot] = recipe.bias().isPresent() ? recipe.bias().bind(site, slot) : null;
    }
    this.transformed = new MemorySegment[imagesAtOnce];
    this.products = new MemorySegment[imagesAtOnce];
    this.invocations = new Invocation[WinogradRecipe.POINTS][imagesAtOnce];
    bindProducts(site);
    Staging staging = site.staging();
    int array = 0;
    for (int i = 0; i < N; i++) {
      for (int phase = 0; phase < OUTPUTS; phase++) {
        rows[i][phase] = staging.array(array++, (across + 1) * in);
      }
    }
    for (int i = 0; i < N * N; i++) {
      tiles[i] = staging.array(array++, across * out);
    }
    for (int i = 0; i < shifted.length; i++) {
      shifted[i] = staging.array(array++, across * in);
    }
    this.residualLine = staging.array(array++, across * out);
    this.biasLine = staging.array(array, across * out);
  }

  private void bindProducts(Site site) {
    Scope scope = site.scope();
    long sourceBytes = recipe.sourceLayout().bytes();
    long productBytes = recipe.productLayout().bytes();
    MemorySegment workspace = site.workspace();
    long at = 0;
    for (int i = 0; i < imagesAtOnce; i++) {
      transformed[i] = workspace.asSlice(at, WinogradRecipe.POINTS * sourceBytes);
      at += transformed[i].byteSize();
      products[i] = workspace.asSlice(at, WinogradRecipe.POINTS * productBytes);
      at += products[i].byteSize();
      for (int point = 0; point < WinogradRecipe.POINTS; point++) {
        Arguments arguments =
            new Arguments()
                .source(
                    recipe.oneDnn().memory(
                        scope, recipe.sourceLayout(), transformed[i].asSlice(point * sourceBytes, sourceBytes)))
                .weights(recipe.weights(point))
                .destination(
                    recipe.oneDnn().memory(
                        scope, recipe.productLayout(), products[i].asSlice(point * productBytes, productBytes)))
                .scratchpad(recipe.oneDnn().memory(scope, recipe.product().scratchpad(), site.scratchpad()));
        invocations[point][i] = new Invocation(recipe.node().name(), recipe.product(), arguments, scope);
      }
    }
  }

  @Override
  public void run(int images) {
    int tileRows = Math.ceilDiv(height, OUTPUTS);
    for (int first = 0; first < images; first += imagesAtOnce) {
      int count = Math.min(imagesAtOnce, images - first);
      for (int top = 0; top < tileRows; top += rowsPerBlock) {
        int rowCount = Math.min(rowsPerBlock, tileRows - top);
        for (int i = 0; i < count; i++) {
          for (int row = 0; row < rowCount; row++) {
            transformInput(sources[first + i], top + row, transformed[i], row);
          }
        }
        for (Invocation[] point : invocations) {
          for (int i = 0; i < count; i++) {
            point[i].run(stream);
          }
        }
        for (int i = 0; i < count; i++) {
          expandBias(first + i);
          for (int row = 0; row < rowCount; row++) {
            transformOutput(first + i, top + row, products[i], row);
          }
        }
      }
    }
  }

  /** Transforms a row of tiles: along columns, a phase at a time, then along rows. */
  private void transformInput(Region source, int tileRow, MemorySegment target, int targetRow) {
    for (int i = 0; i < N; i++) {
      readRow(source, tileRow * OUTPUTS + i - 1, rows[i]);
    }
    for (int phase = 0; phase < OUTPUTS; phase++) {
      int length = phase < 2 ? (across + 1) * in : across * in;
      WinogradTransform.input(
          rows[0][phase], rows[1][phase], rows[2][phase], rows[3][phase], rows[4][phase], rows[5][phase], length);
    }
    int length = across * in;
    long bytesPerPoint = recipe.sourceLayout().bytes();
    for (int i = 0; i < N; i++) {
      float[][] row = rows[i];
      System.arraycopy(row[0], in, shifted[0], 0, length);
      System.arraycopy(row[1], in, shifted[1], 0, length);
      WinogradTransform.input(row[0], row[1], row[2], row[3], shifted[0], shifted[1], length);
      for (int j = 0; j < N; j++) {
        float[] point = j < OUTPUTS ? row[j] : shifted[j - OUTPUTS];
        long at = (i * N + j) * bytesPerPoint + 4L * targetRow * length;
        MemorySegment.copy(point, 0, target, ValueLayout.JAVA_FLOAT, at, length);
      }
    }
  }

  /** Reads a row of the image with a zero before it and zeros after it; outside the image all are zeros. */
  private void readRow(Region source, int y, float[][] phases) {
    boolean inside = y >= 0 && y < height;
    for (int padded = 0; padded < (across + 1) * OUTPUTS; padded++) {
      int x = padded - 1;
      float[] phase = phases[padded % OUTPUTS];
      int at = padded / OUTPUTS * in;
      if (inside && x >= 0 && x < width) {
        source.read(y * width + x, 1, phase, at, in);
      } else {
        Arrays.fill(phase, at, at + in, 0);
      }
    }
  }

  private void transformOutput(int slot, int tileRow, MemorySegment source, int sourceRow) {
    int length = across * out;
    long bytesPerPoint = recipe.productLayout().bytes();
    for (int point = 0; point < N * N; point++) {
      long at = point * bytesPerPoint + 4L * sourceRow * length;
      MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, at, tiles[point], 0, length);
    }
    for (int j = 0; j < N; j++) {
      WinogradTransform.output(
          tiles[j], tiles[N + j], tiles[2 * N + j], tiles[3 * N + j], tiles[4 * N + j], tiles[5 * N + j], length);
    }
    for (int i = 0; i < OUTPUTS && tileRow * OUTPUTS + i < height; i++) {
      int at = i * N;
      WinogradTransform.output(
          tiles[at], tiles[at + 1], tiles[at + 2], tiles[at + 3], tiles[at + 4], tiles[at + 5], length);
      for (int phase = 0; phase < OUTPUTS; phase++) {
        finish(slot, tileRow * OUTPUTS + i, phase, tiles[at + phase]);
      }
    }
  }

  /** Adds bias and residual to every fourth pixel of a row of the image, scales and stores them. */
  private void finish(int slot, int y, int phase, float[] values) {
    int pixels = Math.ceilDiv(width - phase, OUTPUTS);
    int length = pixels * out;
    if (biases[slot] != null) {
      add(values, biasLine, length);
    }
    if (residuals[slot] != null) {
      for (int i = 0; i < pixels; i++) {
        residuals[slot].read(y * width + i * OUTPUTS + phase, 1, residualLine, i * out, out);
      }
      add(values, residualLine, length);
    }
    float scale = recipe.node().epilogue().scale();
    if (scale != 1) {
      for (int i = 0; i < length; i++) {
        values[i] *= scale;
      }
    }
    for (int i = 0; i < pixels; i++) {
      outputs[slot].write(y * width + i * OUTPUTS + phase, 1, values, i * out, out);
    }
  }

  private static void add(float[] to, float[] from, int length) {
    for (int i = 0; i < length; i++) {
      to[i] += from[i];
    }
  }

  /** The bias repeated for every tile of a row. */
  private void expandBias(int slot) {
    if (biases[slot] == null) {
      return;
    }
    biases[slot].refresh().run();
    MemorySegment.copy(biases[slot].vector(), ValueLayout.JAVA_FLOAT, 0, biasLine, 0, out);
    for (int tile = 1; tile < across; tile++) {
      System.arraycopy(biasLine, 0, biasLine, tile * out, out);
    }
  }
}
