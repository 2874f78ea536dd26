package dev.unnoise.model;

import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The time projections of all residual blocks, side by side in one vector: the conditioning graph writes it, the
 * blocks read their parts.
 */
final class TimeProjections {
  private final TimeScaleShift kind;
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private final int width;
  private Tensor conditioning;

  /** Where a block's projection lies. */
  record Part(String layer, int offset, int width) {}

  TimeProjections(UNetConfig config, List<Layer> layers) {
    this.kind = config.timeScaleShift();
    int offset = 0;
    for (Layer layer : layers) {
      if (layer instanceof Layer.Residual block) {
        int length = kind == TimeScaleShift.SCALE_SHIFT ? 2 * block.outChannels() : block.outChannels();
        parts.put(block.name(), new Part(block.name() + ".time_emb_proj", offset, length));
        offset += length;
      }
    }
    this.width = offset;
  }

  /** Entries of the vector. */
  int width() {
    return width;
  }

  /** Every part, in order. */
  Iterable<Part> parts() {
    return parts.values();
  }

  /** Sets the denoiser's input that holds the vector. */
  void bind(Tensor tensor) {
    conditioning = tensor;
  }

  Tensor beforeNorm(GraphBuilder graph, Layer.Residual block, Tensor h) {
    if (kind != TimeScaleShift.DEFAULT) {
      return h;
    }
    Part part = parts.get(block.name());
    Tensor vector = conditioning.slice(part.layer(), part.offset(), part.width());
    String name = block.name() + ".add_time";
    return graph.append(new AddConditioning(name, h, vector, Tensor.dense(name, h.shape())));
  }

  Tensor afterNorm(GraphBuilder graph, Layer.Residual block, Tensor h) {
    if (kind != TimeScaleShift.SCALE_SHIFT) {
      return h;
    }
    Part part = parts.get(block.name());
    int half = part.width() / 2;
    Tensor scale = conditioning.slice(part.layer() + ".scale", part.offset(), half);
    Tensor shift = conditioning.slice(part.layer() + ".shift", part.offset() + half, half);
    String name = block.name() + ".scale_shift";
    return graph.append(new Modulate(name, h, scale, shift, Tensor.dense(name, h.shape())));
  }
}
