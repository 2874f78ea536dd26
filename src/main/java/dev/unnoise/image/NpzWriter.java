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
final class NpzWriter extends SingleFileWriter<ZipOutputStream> {
  private final long bytesPerImage;

  NpzWriter(Path path, Shape shape, long count) {
    super(
        new PendingFile(path),
        file -> {
          ZipOutputStream out = new ZipOutputStream(new BufferedOutputStream(file, 1 << 16));
          out.setLevel(Deflater.BEST_SPEED);
          out.putNextEntry(new ZipEntry("arr_0.npy"));
          out.write(NpyHeader.of("|u1", count, shape.height(), shape.width(), shape.channels()).toBytes());
          return out;
        });
    this.bytesPerImage = shape.elements();
  }

  @Override
  public Form form() {
    return Form.PIXELS;
  }

  @Override
  void put(ZipOutputStream out, MemorySegment images, int count) throws IOException {
    for (int n = 0; n < count; n++) {
      out.write(images.asSlice(n * bytesPerImage, bytesPerImage).toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
