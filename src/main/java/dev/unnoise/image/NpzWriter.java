package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** An {@code .npz} file whose {@code arr_0} is uint8, N,H,W,C: what FID evaluators read. */
final class NpzWriter implements ImageWriter {
  private final PendingFile file;
  private final ZipOutputStream out;
  private final long bytesPerImage;

  NpzWriter(Path path, Shape shape, long count) {
    this.bytesPerImage = shape.elements();
    this.file = new PendingFile(path);
    this.out = new ZipOutputStream(new BufferedOutputStream(file.open(), 1 << 16));
    out.setLevel(Deflater.BEST_SPEED);
    try {
      out.putNextEntry(new ZipEntry("arr_0.npy"));
      out.write(NpyHeader.of("|u1", count, shape.height(), shape.width(), shape.channels()).toBytes());
    } catch (IOException e) {
      throw file.failure(e);
    }
  }

  @Override
  public Form form() {
    return Form.PIXELS;
  }

  @Override
  public void write(MemorySegment images, int count) {
    try {
      for (int n = 0; n < count; n++) {
        out.write(images.asSlice(n * bytesPerImage, bytesPerImage).toArray(ValueLayout.JAVA_BYTE));
      }
    } catch (IOException e) {
      throw file.failure(e);
    }
  }

  @Override
  public void commit() {
    try {
      out.closeEntry();
      out.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
    file.commit();
  }

  @Override
  public void close() {
    Streams.close(out, file);
  }
}
