package dev.unnoise.graph;

/** Tensors that do not fit together; the message begins with the layer's name. */
public final class ShapeException extends UnnoiseException {
  private static final long serialVersionUID = 1L;

  public ShapeException(String layer, String problem) {
    super(layer + ": " + problem);
  }
}
