package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Upsample;
import dev.unnoise.graph.plan.Cost;
import java.util.ArrayList;
import java.util.List;

/** Turns nodes into launches of kernels on a site. */
public final class Launches {
  /** Pixels that a work-item takes: depends on the tensor alone, so that sums are made alike in every batch. */
  static final int PIXEL_CHUNK = 64;

  private final Programs programs;
  private final DeviceParameters parameters;
  private final Site site;
  private final List<Launch> list = new ArrayList<>();

  private Launches(Programs programs, DeviceParameters parameters, Site site) {
    this.programs = programs;
    this.parameters = parameters;
    this.site = site;
  }

  /** The launches that compute a node, in order; the caller closes them. */
  public static List<Launch> of(Node node, Programs programs, DeviceParameters parameters, Site site) {
    Launches launches = new Launches(programs, parameters, site);
    try {
      launches.add(node);
    } catch (RuntimeException | Error e) {
      Closing.after(e, () -> Closing.each(launches.list, Launch::close));
      throw e;
    }
    return launches.list;
  }

  /** Has libraries begin with what takes them long, before {@link #of} is called for the first node. */
  public static void prepareAhead(Node node, Programs programs, DeviceParameters parameters, Site site) {
    if (node instanceof Product product) {
      ProductLaunch.prepareAhead(product, programs, parameters, site);
    } else if (node instanceof Attention attention) {
      AttentionGeometry geometry = AttentionGeometry.of(attention);
      AttentionOperands operands = operands(attention, site);
      programs.traits().attentionLibraries().forEach(one -> one.prepareAhead(geometry, operands, site.images()));
    }
  }

  private void add(Node node) {
    switch (node) {
      case Product n -> list.addAll(ProductLaunch.of(n, programs, parameters, site));
      case GroupNorm n ->
          GroupRun.of(n, programs.traits())
              .ifPresentOrElse(
                  run -> list.add(run.launch(n, programs, parameters, site)),
                  () -> GroupNormLaunches.add(n, programs, parameters, site, list));
      case Attention n -> attention(n);
      case AveragePool n -> averagePool(n);
      case Activate n -> pointwise(n, Pointwise.of(n.source(), n.output()).activated(n.activation()));
      case Affine n -> pointwise(n, Pointwise.of(n.source(), n.output()).affine(n.factor(), n.offset()));
      case Add n -> pointwise(n, Pointwise.of(n.left(), n.output()).plus(n.right(), n.scale()));
      case AddConditioning n -> pointwise(n, Pointwise.of(n.source(), n.output()).shifted(n.conditioning()));
      case Modulate n -> pointwise(n, Pointwise.of(n.source(), n.output()).shifted(n.shift()).scaled(n.scale()));
      case Divide n -> pointwise(n, Pointwise.of(n.source(), n.output()).over(n.divisor()));
      case Upsample n -> pointwise(n, Pointwise.of(n.source(), n.output()).upsampling());
      case Concatenate n -> {
        int channel = 0;
        for (Tensor source : n.sources()) {
          long copied = source.shape().elements() * n.output().type().bytes();
          pointwise(n, Pointwise.of(source, n.output()).into(channel))
              .costing(Cost.ofBytes(Cost.bytes(source) + copied, 0));
          channel += source.channels();
        }
      }
      case SinusoidalEmbedding n -> {
        GpuBuffer frequencies = parameters.frequencies(n);
        GpuKernel kernel = embedding(n, "sinusoidal", n.source(), frequencies);
        kernel.integer(n.output().channels()).integer(n.cosineFirst() ? 1 : 0);
      }
      case FourierEmbedding n ->
          embedding(n, "fourier", n.source(), parameters.plain(n.weight())).integer(n.output().channels() / 2);
      case Lookup n ->
          embedding(n, "lookup", n.source(), parameters.plain(n.table())).integer(n.output().channels());
    }
  }

  private KernelLaunch pointwise(Node node, Pointwise operation) {
    return listed(operation.launch(KernelChoice.of(node, programs.choices()), programs, site));
  }

  private KernelLaunch listed(KernelLaunch launch) {
    list.add(launch);
    return launch;
  }

  /** A launch of the node's own program. */
  private KernelLaunch launch(Node node, String name, int itemsPerGroup, long... items) {
    return listed(programs.launch(KernelChoice.of(node, programs.choices()), name, itemsPerGroup, items));
  }

  /** Rows are what images are to other kernels, and conditioning graphs have their vectors for rows. */
  private GpuKernel embedding(Node node, String name, Tensor number, GpuBuffer operand) {
    Tensor output = node.output();
    GpuKernel kernel =
        launch(node, name, programs.traits().itemsPerGroup(), output.channels(), site.vectors()).kernel();
    kernel.buffer(site.numbers(number)).buffer(operand);
    return site.locate(output).to(kernel);
  }

  private void averagePool(AveragePool node) {
    Tensor source = node.source();
    Tensor output = node.output();
    int items = Math.ceilDiv(output.channels(), programs.traits().vectorWidth());
    long chunks = Math.ceilDiv(output.shape().pixels(), PIXEL_CHUNK);
    GpuKernel kernel = launch(node, "average_pool", programs.traits().itemsPerGroup(), items, chunks).kernel();
    site.locate(source).to(kernel).integer(source.height()).integer(source.width()).integer(source.channels());
    site.locate(output).to(kernel).integer(output.height()).integer(output.width()).integer(PIXEL_CHUNK);
  }

  private void attention(Attention node) {
    AttentionGeometry geometry = AttentionGeometry.of(node);
    AttentionOperands operands = operands(node, site);
    list.add(
        programs.traits().attentionLibraries().stream()
            .flatMap(library -> library.launch(geometry, operands, site.images(), programs).stream())
            .findFirst()
            .orElseGet(() -> attention(geometry, operands, programs)));
  }

  private static AttentionOperands operands(Attention node, Site site) {
    return new AttentionOperands(
        site.locate(node.query()), site.locate(node.key()), site.locate(node.value()), site.locate(node.output()));
  }

  /** An attention by our kernel. */
  static Launch attention(AttentionGeometry geometry, AttentionOperands operands, Programs programs) {
    AttentionTemplate template = programs.traits().attention();
    long items = template.items(geometry.tokens());
    KernelLaunch launch =
        programs.launch(
            KernelChoice.attention(geometry, programs.traits()),
            "attention",
            template.itemsPerGroup(),
            items,
            geometry.heads());
    GpuKernel kernel = launch.kernel();
    operands.query().to(kernel);
    operands.key().to(kernel);
    operands.value().to(kernel);
    operands
        .output()
        .to(kernel)
        .integer(geometry.tokens())
        .integer(geometry.headDim())
        .number(geometry.scale());
    return launch;
  }
}
