package dev.unnoise.graph;

/**
 * The extent of one image's activations; the batch is left out. Vectors are shapes of one pixel.
 *
 * @param channels channels, at least 1
 * @param height rows, at least 1
 * @param width columns, at least 1
 */
public record Shape(int channels, int height, int width) {
  public Shape {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "a shape needs positive extents, got " + channels + "×" + height + "×" + width);
    }
  }

  /** A vector of {@code channels} entries. */
  public static Shape vector(int channels) {
    return new Shape(channels, 1, 1);
  }

  /** This shape with another number of channels. */
  public Shape withChannels(int newChannels) {
    return new Shape(newChannels, height, width);
  }

  /** height · width. */
  public long pixels() {
    return (long) height * width;
  }

  /** channels · height · width. */
  public long elements() {
    return channels * pixels();
  }

  /** Whether height and width agree. */
  public boolean sameExtent(Shape other) {
    return height == other.height && width == other.width;
  }

  @Override
  public String toString() {
    return channels + "×" + height + "×" + width;
  }
}
