package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Weights;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A network's parameters on the device, each layout once. After {@link #seal} nothing more is read. */
public final class DeviceParameters implements AutoCloseable {
  private final Gpu context;
  private final Map<Object, GpuBuffer> buffers = new HashMap<>();
  private Weights source;

  /** A parameter as products read it, see the kernels' comments. */
  private record Packed(Parameter weight, Packing packing, DataType type) {}

  public DeviceParameters(Gpu context, Weights source) {
    this.context = context;
    this.source = source;
  }

  /** Places what a node needs. */
  public void prepare(Node node, Choices choices) {
    switch (node) {
      case Product product -> {
        packed(product.weight(), choices.product(product).packing(), product.source().type());
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
    return buffers.values().stream().mapToLong(GpuBuffer::bytes).sum();
  }

  /** The elements as they are, row-major. */
  GpuBuffer plain(Parameter parameter) {
    return kept(parameter, () -> load(parameter));
  }

  /** The frequencies of an embedding. */
  GpuBuffer frequencies(SinusoidalEmbedding node) {
    return kept(List.of("frequencies", node), node::frequencies);
  }

  /** The weight of a convolution or linear layer, [output channels, input channels, taps]. */
  GpuBuffer packed(Parameter weight, Packing packing, DataType type) {
    return kept(
        new Packed(weight, packing, type),
        () -> packing.pack(load(weight), weight.shape().get(0), weight.shape().get(1)),
        type);
  }

  /** A weight that lies on the device in one packing, in another: what has been read is not read again. */
  GpuBuffer repacked(Parameter weight, Packing from, Packing to, DataType type) {
    return kept(
        new Packed(weight, to, type),
        () -> {
          GpuBuffer packed = packed(weight, from, type);
          byte[] stored = new byte[Math.toIntExact(packed.bytes())];
          context.read(packed, 0, MemorySegment.ofArray(stored));
          int out = weight.shape().get(0);
          int in = weight.shape().get(1);
          return to.pack(from.unpack(Stored.numbers(stored, type), out, in), out, in);
        },
        type);
  }

  private GpuBuffer kept(Object key, Supplier<float[]> values) {
    return kept(key, values, DataType.F32);
  }

  private GpuBuffer kept(Object key, Supplier<float[]> values, DataType type) {
    GpuBuffer known = buffers.get(key);
    if (known != null) {
      return known;
    }
    float[] elements = values.get();
    GpuBuffer buffer = context.allocate((long) type.bytes() * elements.length);
    try {
      context.write(buffer, 0, Stored.of(elements, type));
    } catch (RuntimeException e) {
      Closing.after(e, buffer::close);
      throw e;
    }
    buffers.put(key, buffer);
    return buffer;
  }

  private float[] load(Parameter parameter) {
    if (source == null) {
      throw new IllegalStateException(parameter + " was not placed on the device when the network was loaded");
    }
    return source.resolve(parameter);
  }

  @Override
  public void close() {
    Closing.each(buffers.values(), GpuBuffer::close);
    buffers.clear();
  }
}
