package dev.unnoise.graph;

/**
 * Where a tensor's elements lie. Memory is N,H,W,C: the element (y, x, c) of an image lies at
 * {@code (y·width + x)·channelStride + channelOffset + c} of the storage it belongs to.
 */
public sealed interface Layout {

  /**
   * A tensor with storage of its own.
   *
   * @param channelStride elements from one pixel to the next, at least the channels
   */
  record Own(int channelStride) implements Layout {}

  /**
   * A run of another tensor's channels, in that tensor's storage.
   *
   * @param of the tensor whose storage is shared
   * @param channelOffset the first of its channels
   */
  record Slice(Tensor of, int channelOffset) implements Layout {}
}
