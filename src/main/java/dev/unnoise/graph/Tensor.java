package dev.unnoise.graph;

/**
 * A value that flows between nodes.
 *
 * @param name unique in its graph; by convention the name of the layer that produces it
 * @param shape logical extent of one image
 * @param type storage type
 * @param layout own storage or a run of another tensor's channels
 */
public record Tensor(String name, Shape shape, DataType type, Layout layout) {
  public Tensor {
    switch (layout) {
      case Layout.Own own -> {
        if (own.channelStride() < shape.channels()) {
          throw new ShapeException(
              name, "channel stride " + own.channelStride() + " is below the " + shape.channels() + " channels");
        }
      }
      case Layout.Slice slice -> {
        Tensor of = slice.of();
        if (slice.channelOffset() < 0
            || slice.channelOffset() + shape.channels() > of.channels()
            || !shape.sameExtent(of.shape())
            || type != of.type()) {
          throw new ShapeException(
              name,
              "channels " + slice.channelOffset() + "…" + (slice.channelOffset() + shape.channels() - 1) + " of "
                  + shape + " do not lie within " + of.name() + " " + of.shape());
        }
      }
    }
  }

  /** A tensor of {@code F32} with storage of its own and no padding. */
  public static Tensor dense(String name, Shape shape) {
    return new Tensor(name, shape, DataType.F32, new Layout.Own(shape.channels()));
  }

  /** Channels {@code offset … offset + channels - 1} of this tensor. */
  public Tensor slice(String sliceName, int offset, int channels) {
    return new Tensor(sliceName, shape.withChannels(channels), type, new Layout.Slice(this, offset));
  }

  public int channels() {
    return shape.channels();
  }

  public int height() {
    return shape.height();
  }

  public int width() {
    return shape.width();
  }

  /** Elements from one pixel to the next in memory. */
  public int channelStride() {
    return switch (layout) {
      case Layout.Own own -> own.channelStride();
      case Layout.Slice slice -> slice.of().channelStride();
    };
  }

  /** This tensor's first channel within {@link #root()}'s storage. */
  public int channelOffset() {
    return switch (layout) {
      case Layout.Own own -> 0;
      case Layout.Slice slice -> slice.channelOffset() + slice.of().channelOffset();
    };
  }

  /** The tensor whose storage holds this one; itself unless it is a slice. */
  public Tensor root() {
    return switch (layout) {
      case Layout.Own own -> this;
      case Layout.Slice slice -> slice.of().root();
    };
  }

  /** Whether the pixels follow each other without a gap. */
  public boolean isDense() {
    return channelStride() == channels();
  }

  /** Bytes of the storage of one image, padding included; a slice answers for its own channels only. */
  public long bytes() {
    int perPixel = layout instanceof Layout.Own own ? own.channelStride() : channels();
    return shape.pixels() * perPixel * type.bytes();
  }
}
