package dev.unnoise.image;

import dev.unnoise.graph.FileFailure;
import dev.unnoise.graph.Shape;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** One PNG per image in a folder that exists, named by the image's absolute index; each appears when it is whole. */
final class PngFolder implements ImageWriter {
  private final Path folder;
  private final Shape shape;
  private long index;

  PngFolder(Path folder, Shape shape, long firstIndex) {
    Rasters.requirePicture(folder, shape);
    Path first = folder.resolve(name(firstIndex));
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new ImageException(folder + " is not a folder, but an ending of / asks for one");
    }
    // Tried now: after hours of sampling it would be too late.
    try (PendingFile probe = new PendingFile(first);
        OutputStream opened = probe.open()) {
      opened.flush();
    } catch (IOException e) {
      throw new ImageException(folder + " cannot be written: " + FileFailure.reason(e), e);
    }
    this.folder = folder;
    this.shape = shape;
    this.index = firstIndex;
  }

  private static String name(long index) {
    return String.format(Locale.ROOT, "%06d.png", index);
  }

  @Override
  public Form form() {
    return Form.PIXELS;
  }

  @Override
  public void write(MemorySegment images, int count) {
    for (int n = 0; n < count; n++, index++) {
      byte[] pixels = images.asSlice(n * shape.elements(), shape.elements()).toArray(ValueLayout.JAVA_BYTE);
      Path path = folder.resolve(name(index));
      try (PendingFile file = new PendingFile(path)) {
        try (OutputStream out = new BufferedOutputStream(file.open())) {
          Rasters.writePng(Rasters.over(pixels, shape.channels(), shape.width(), shape.height()), out);
        } catch (IOException e) {
          throw file.failure(e);
        }
        file.commit();
      }
    }
  }

  @Override
  public void commit() {
    // Every image is in its place already.
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
