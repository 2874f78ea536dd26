package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.plan.Cost;
import dev.unnoise.graph.run.LaunchTime;

/**
 * One launch of a step and what is known of it before it is measured.
 *
 * @param work hands it to the device
 * @param described all but its time
 */
record StepLaunch(Runnable work, LaunchTime described) {

  /**
   * Part of a node.
   *
   * @param parts launches that the node takes
   */
  static StepLaunch of(Node node, Launch part, int parts, int images) {
    Cost cost =
        part.cost()
            .orElseGet(() -> parts > 1 && node instanceof Product product ? Cost.bare(product) : Cost.of(node));
    String shape =
        node instanceof Product product
            ? ProductGeometry.of(product).key()
            : LaunchTime.shape(node.inputs(), node.output());
    return new StepLaunch(
        () -> part.enqueue(images),
        new LaunchTime(
            node.name(),
            LaunchTime.kind(node),
            shape,
            part.by(),
            part.detail(),
            cost.flop(images),
            cost.bytes(images),
            Double.NaN));
  }

  /** A kernel of the sampler's; by its name it is both the node and a part of its program. */
  static StepLaunch sampling(String kernel, String program, String shape, long bytes, Runnable work) {
    return new StepLaunch(
        work,
        new LaunchTime(
            kernel, LaunchTime.SAMPLING, shape, Launch.KERNEL, program + " " + kernel, 0, bytes, Double.NaN));
  }

  /** The description, with a time. */
  LaunchTime took(double nanos) {
    return new LaunchTime(
        described.node(),
        described.kind(),
        described.shape(),
        described.by(),
        described.detail(),
        described.flop(),
        described.bytes(),
        nanos);
  }
}
