package dev.unnoise.graph.plan;

import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import java.util.List;

/**
 * The least work that a computation takes: what no implementation of it can do without.
 *
 * @param flop floating-point operations of products for one image, by the textbook
 * @param bytesPerImage bytes read and written for each image, as the numbers are stored: every operand once, the result
 *     once
 * @param bytesOnce bytes read once for all images: parameters
 */
public record Cost(long flop, long bytesPerImage, long bytesOnce) {

  /** That of a node computed as one. */
  public static Cost of(Node node) {
    return moving(node.flop(), node.inputs(), node.output(), parameters(node, node.parameters()));
  }

  /** That of a product alone, its epilogue left out. */
  public static Cost bare(Product node) {
    return moving(node.flop(), List.of(node.source()), node.output(), parameters(node, List.of(node.weight())));
  }

  /** That of bytes moved, without products. */
  public static Cost ofBytes(long perImage, long once) {
    return new Cost(0, perImage, once);
  }

  private static Cost moving(long flop, List<Tensor> inputs, Tensor output, long parameters) {
    return new Cost(flop, inputs.stream().mapToLong(Cost::bytes).sum() + bytes(output), parameters);
  }

  /** Bytes of one image's elements; what lies between them is not counted. */
  public static long bytes(Tensor tensor) {
    return tensor.shape().elements() * tensor.type().bytes();
  }

  /** Weights are stored as what they multiply, all other parameters in single precision. */
  private static long parameters(Node node, List<Parameter> parameters) {
    long bytes = 0;
    for (Parameter parameter : parameters) {
      boolean weight = node instanceof Product product && parameter.equals(product.weight());
      DataType type = weight ? ((Product) node).source().type() : DataType.F32;
      bytes += parameter.elements() * type.bytes();
    }
    return bytes;
  }

  /** Floating-point operations for so many images. */
  public long flop(int images) {
    return flop * images;
  }

  /** Bytes for so many images. */
  public long bytes(int images) {
    return bytesPerImage * images + bytesOnce;
  }
}
