package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A destination of finished images, written batch by batch. Nothing is in its place before {@link #commit}; closing
 * without it leaves no trace.
 */
public interface ImageWriter extends AutoCloseable {

  /** What an image is handed over as. */
  enum Form {
    /** One byte a value, H,W,C. */
    PIXELS,
    /** One float32 a value, C,H,W. */
    TENSOR
  }

  /** What {@link #write} takes. */
  Form form();

  /**
   * Takes the next images.
   *
   * @param images as {@link #form()} says, one after another
   */
  void write(MemorySegment images, int count);

  /** Puts the result in its place. */
  void commit();

  @Override
  void close();

  /** Endings that name a destination, for messages. */
  List<String> ENDINGS = List.of(".png (a grid)", "/ (a folder, one PNG per image)", ".npy", ".npz");

  /**
   * Opens a destination by its ending.
   *
   * @param out as the user wrote it
   * @param shape of one image
   * @param count number of images to come
   * @param firstIndex absolute index of the first, for file names
   * @throws ImageException if the ending is unknown, a folder is missing or images of this shape cannot go there
   */
  static ImageWriter open(String out, Shape shape, long count, long firstIndex) {
    Path path = Path.of(out);
    if (out.endsWith("/")) {
      return new PngFolder(path, shape, firstIndex);
    }
    if (out.endsWith(".png")) {
      return new PngGrid(path, shape, count);
    }
    if (out.endsWith(".npy")) {
      return new NpyWriter(path, shape, count);
    }
    if (out.endsWith(".npz")) {
      return new NpzWriter(path, shape, count);
    }
    throw new ImageException(out + " has no known ending, expected " + String.join(", ", ENDINGS));
  }
}
