package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Weights;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A network's parameters on the device, each layout once. After {@link #seal} nothing more is read. */
public final class DeviceParameters implements AutoCloseable {
  private final ClContext context;
  private final Map<Object, ClBuffer> buffers = new HashMap<>();
  private Weights source;

  /** A parameter as products read it, see the kernels' comments. */
  private record Packed(Parameter weight, int block) {}

  public DeviceParameters(ClContext context, Weights source) {
    this.context = context;
    this.source = source;
  }

  /** Places what a node needs. */
  public void prepare(Node node, Traits traits) {
    switch (node) {
      case Product product -> {
        packed(product.weight(), traits.products().block());
        product.bias().ifPresent(this::plain);
      }
      case SinusoidalEmbedding embedding -> frequencies(embedding);
      default -> node.parameters().forEach(this::plain);
    }
  }

  /** Forgets where the parameters came from. */
  public void seal() {
    source = null;
  }

  /** Bytes on the device. */
  public long bytes() {
    return buffers.values().stream().mapToLong(ClBuffer::bytes).sum();
  }

  /** The elements as they are, row-major. */
  ClBuffer plain(Parameter parameter) {
    return kept(parameter, () -> load(parameter));
  }

  /** The frequencies of an embedding. */
  ClBuffer frequencies(SinusoidalEmbedding node) {
    return kept(List.of("frequencies", node), node::frequencies);
  }

  /**
   * The weight of a convolution or linear layer, [output channels, input channels, taps], in blocks of output channels.
   */
  ClBuffer packed(Parameter weight, int block) {
    return kept(new Packed(weight, block), () -> pack(load(weight), weight, block));
  }

  private ClBuffer kept(Object key, Supplier<float[]> values) {
    ClBuffer known = buffers.get(key);
    if (known != null) {
      return known;
    }
    float[] elements = values.get();
    ClBuffer buffer = context.allocate((long) Float.BYTES * elements.length);
    buffers.put(key, buffer);
    context.write(buffer, elements);
    return buffer;
  }

  private float[] load(Parameter parameter) {
    if (source == null) {
      throw new IllegalStateException(parameter + " was not placed on the device when the network was loaded");
    }
    return source.resolve(parameter);
  }

  private static float[] pack(float[] weight, Parameter parameter, int block) {
    int out = parameter.shape().get(0);
    int in = parameter.shape().get(1);
    int taps = Math.toIntExact(parameter.elements() / out / in);
    float[] packed = new float[Math.ceilDiv(out, block) * block * in * taps];
    int at = 0;
    for (int first = 0; first < out; first += block) {
      for (int chunk = 0; chunk < in; chunk += ProductTemplate.CHUNK) {
        int end = Math.min(in, chunk + ProductTemplate.CHUNK);
        for (int tap = 0; tap < taps; tap++) {
          for (int c = chunk; c < end; c++) {
            for (int o = first; o < first + block; o++) {
              packed[at++] = o < out ? weight[(o * in + c) * taps + tap] : 0;
            }
          }
        }
      }
    }
    return packed;
  }

  @Override
  public void close() {
    buffers.values().forEach(ClBuffer::close);
    buffers.clear();
  }
}
