package dev.unnoise.image;

import dev.unnoise.graph.FileFailure;
import dev.unnoise.graph.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Images as numbers: float32, N,C,H,W.
 *
 * @param count N
 * @param shape of one image
 * @param values count · shape.elements() floats in native byte order
 */
public record Tensors(int count, Shape shape, MemorySegment values) {
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  /**
   * Reads an {@code .npy} file of shape N,C,H,W (or C,H,W, one image) holding float32, float64 or float16, all finite.
   *
   * @throws ImageException if it holds something else
   */
  public static Tensors read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new ImageException(file + " is not a file, expected an .npy file");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long headerPart = Math.min(bytes.byteSize(), 1 << 20);
      ByteBuffer buffer = bytes.asSlice(0, headerPart).asByteBuffer();
      NpyHeader header = NpyHeader.read(file.toString(), buffer);
      return convert(file.toString(), header, bytes.asSlice(buffer.position()));
    } catch (IOException e) {
      throw new ImageException(file + " cannot be read: " + FileFailure.reason(e), e);
    }
  }

  private static Tensors convert(String file, NpyHeader header, MemorySegment data) {
    List<Long> extents = header.shape();
    int rank = extents.size();
    if (rank != 3 && rank != 4 || extents.stream().anyMatch(extent -> extent < 1 || extent > Integer.MAX_VALUE)) {
      throw new ImageException(file + " has the shape " + extents + ", expected [N, C, H, W]");
    }
    if (header.fortranOrder()) {
      throw new ImageException(file + " is in Fortran order, expected C order (numpy.ascontiguousarray)");
    }
    if (extents.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b) > data.byteSize()) {
      throw new ImageException(
          file + " has " + data.byteSize() + " bytes of data, too few for its shape " + extents);
    }
    int count = rank == 4 ? extents.getFirst().intValue() : 1;
    Shape shape =
        new Shape(
            extents.get(rank - 3).intValue(), extents.get(rank - 2).intValue(), extents.get(rank - 1).intValue());
    long elements = Math.multiplyExact(shape.elements(), (long) count);
    int width =
        switch (header.type()) {
          case "<f4" -> 4;
          case "<f8" -> 8;
          case "<f2" -> 2;
          default ->
              throw new ImageException(
                  file + " holds elements of type " + header.type() + ", expected <f4, <f8 or <f2 (float32, 64 or 16)");
        };
    if (data.byteSize() != elements * width) {
      throw new ImageException(
          file + " has " + data.byteSize() + " bytes of data, its shape " + extents + " needs " + elements * width);
    }
    MemorySegment values = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, elements);
    for (long i = 0; i < elements; i++) {
      float value =
          switch (width) {
            case 4 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE), 4 * i);
            case 8 -> (float) data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE), 8 * i);
            default -> Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE), 2 * i));
          };
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    requireFinite(file, values);
    return new Tensors(count, shape, values);
  }

  /**
   * Refuses numbers that are not finite.
   *
   * @param what names them in the message
   * @param floats in native byte order
   */
  public static void requireFinite(String what, MemorySegment floats) {
    for (long i = 0; i < floats.byteSize() / Float.BYTES; i++) {
      float value = floats.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
      if (!Float.isFinite(value)) {
        throw new ImageException(what + " holds " + value + " at element " + i + ", expected finite numbers");
      }
    }
  }

  /** Images {@code from … from + number - 1}. */
  public MemorySegment images(long from, int number) {
    long bytes = shape.elements() * Float.BYTES;
    return values.asSlice(from * bytes, number * bytes);
  }
}
