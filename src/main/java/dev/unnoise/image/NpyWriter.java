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
final class NpyWriter extends SingleFileWriter<OutputStream> {
  private final int elements;

  NpyWriter(Path path, Shape shape, long count) {
    super(
        new PendingFile(path),
        file -> {
          OutputStream out = new BufferedOutputStream(file, 1 << 16);
          out.write(NpyHeader.of("<f4", count, shape.channels(), shape.height(), shape.width()).toBytes());
          return out;
        });
    this.elements = Math.toIntExact(shape.elements());
  }

  @Override
  public Form form() {
    return Form.TENSOR;
  }

  @Override
  void put(OutputStream out, MemorySegment images, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] image = new float[elements];
    for (int n = 0; n < count; n++) {
      MemorySegment.copy(images, ValueLayout.JAVA_FLOAT_UNALIGNED, (long) n * bytes.capacity(), image, 0, elements);
      bytes.clear().asFloatBuffer().put(image);
      out.write(bytes.array());
    }
  }
}
