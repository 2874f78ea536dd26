package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** All images in one PNG, row by row, as square as their number allows. */
final class PngGrid implements ImageWriter {
  private static final int GAP = 2;

  private final PendingFile file;
  private final Shape shape;
  private final int columns;
  private final int width;
  private final int height;
  private final OutputStream out;
  private final byte[] pixels;
  private int next;

  PngGrid(Path path, Shape shape, long count) {
    Rasters.requirePicture(path, shape);
    this.shape = shape;
    long across = Math.max(1, (long) Math.ceil(Math.sqrt(count)));
    long down = Math.ceilDiv(count, across);
    long wide = across * (shape.width() + GAP) - GAP;
    long high = down * (shape.height() + GAP) - GAP;
    double bytes = (double) wide * high * shape.channels();
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new ImageException(
          path + " cannot hold " + count + " images of " + shape + " in one grid; write a folder (ending /) or .npz");
    }
    this.columns = (int) across;
    this.width = (int) wide;
    this.height = (int) high;
    this.pixels = new byte[(int) bytes];
    this.file = new PendingFile(path);
    this.out = new BufferedOutputStream(file.open());
  }

  @Override
  public Form form() {
    return Form.PIXELS;
  }

  @Override
  public void write(MemorySegment images, int count) {
    int row = shape.width() * shape.channels();
    for (int n = 0; n < count; n++, next++) {
      int left = (next % columns) * (shape.width() + GAP);
      int top = (next / columns) * (shape.height() + GAP);
      for (int y = 0; y < shape.height(); y++) {
        long from = n * shape.elements() + (long) y * row;
        int to = ((top + y) * width + left) * shape.channels();
        MemorySegment.copy(images, ValueLayout.JAVA_BYTE, from, pixels, to, row);
      }
    }
  }

  @Override
  public void commit() {
    try (out) {
      Rasters.writePng(Rasters.over(pixels, shape.channels(), width, height), out);
    } catch (IOException e) {
      throw file.failure(e);
    }
    file.commit();
  }

  @Override
  public void close() {
    try (file) {
      out.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
  }
}
