package dev.unnoise.graph.run;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Cost;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What one launch of a step took. Backends in host memory tell nodes apart, not the calls that each is made of.
 *
 * @param node the layer's name, or the name of a kernel of the sampler's
 * @param kind the kind of node, see {@link #kind}, or {@link #SAMPLING}
 * @param shape extents and types of operands and result, in one word
 * @param by what computes it, for example {@code cuDNN}
 * @param detail more about that: an engine, a program; may be empty
 * @param flop floating-point operations of its products for all images of the step, by the textbook
 * @param bytes that it cannot avoid to read and write for all images; 0 if that is not known
 * @param nanos nanoseconds of one launch, for all images; NaN if it was not measured
 */
public record LaunchTime(
    String node, String kind, String shape, String by, String detail, long flop, long bytes, double nanos) {
  /** The kind of what the sampler computes around the network. */
  public static final String SAMPLING = "sampling";

  /** A node computed as one, for so many images. */
  public static LaunchTime of(Node node, int images, String by, String detail, double nanos) {
    Cost cost = Cost.of(node);
    return new LaunchTime(
        node.name(),
        kind(node),
        shape(node.inputs(), node.output()),
        by,
        detail,
        cost.flop(images),
        cost.bytes(images),
        nanos);
  }

  /** The kind under which a node's time is counted. */
  public static String kind(Node node) {
    return node instanceof Convolution convolution
        ? convolution.kind() + " " + convolution.window().kernel() + "×" + convolution.window().kernel()
        : node.kind();
  }

  /** Extents and types in one word, for example {@code 16x16x256+1x1x256-16x16x512-f32}. */
  public static String shape(List<Tensor> inputs, Tensor output) {
    String types =
        Stream.concat(inputs.stream(), Stream.of(output))
            .map(tensor -> tensor.type().name().toLowerCase(Locale.ROOT))
            .distinct()
            .collect(Collectors.joining("-"));
    String operands = inputs.stream().map(LaunchTime::extent).collect(Collectors.joining("+"));
    return operands + "-" + extent(output) + "-" + types;
  }

  private static String extent(Tensor tensor) {
    return tensor.height() + "x" + tensor.width() + "x" + tensor.channels();
  }
}
