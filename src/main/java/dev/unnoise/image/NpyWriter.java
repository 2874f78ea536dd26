package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** An {@code .npy} file of float32, N,C,H,W: the values before rounding. */
final class NpyWriter implements ImageWriter {
  private final PendingFile file;
  private final OutputStream out;
  private final int elements;

  NpyWriter(Path path, Shape shape, long count) {
    this.elements = Math.toIntExact(shape.elements());
    this.file = new PendingFile(path);
    this.out = new BufferedOutputStream(file.open(), 1 << 16);
    try {
      out.write(NpyHeader.of("<f4", count, shape.channels(), shape.height(), shape.width()).toBytes());
    } catch (IOException e) {
      throw file.failure(e);
    }
  }

  @Override
  public Form form() {
    return Form.TENSOR;
  }

  @Override
  public void write(MemorySegment images, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] image = new float[elements];
    try {
      for (int n = 0; n < count; n++) {
        MemorySegment.copy(images, ValueLayout.JAVA_FLOAT_UNALIGNED, (long) n * bytes.capacity(), image, 0, elements);
        bytes.clear().asFloatBuffer().put(image);
        out.write(bytes.array());
      }
    } catch (IOException e) {
      throw file.failure(e);
    }
  }

  @Override
  public void commit() {
    try {
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
