package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

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
    if (out.isBlank()) {
      throw new ImageException("the name to write to is empty, expected one that ends in " + String.join(", ", ENDINGS));
    }
    Path path = path(out);
    String ending = out.toLowerCase(Locale.ROOT);
    if (out.endsWith("/")) {
      return new PngFolder(path, shape, firstIndex);
    }
    if (ending.endsWith(".png")) {
      return new PngGrid(path, shape, count);
    }
    if (ending.endsWith(".npy")) {
      return new NpyWriter(path, shape, count);
    }
    if (ending.endsWith(".npz")) {
      return new NpzWriter(path, shape, count);
    }
    throw new ImageException(out + " has no known ending, expected " + String.join(", ", ENDINGS));
  }

  private static Path path(String out) {
    try {
      return Path.of(out);
    } catch (InvalidPathException e) {
      throw new ImageException(out + " is not the name of a file here: " + e.getReason(), e);
    }
  }
}
