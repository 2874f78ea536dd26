package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.DeviceParameters;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Launches;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.gpu.node.Site;
import dev.unnoise.backend.gpu.node.Statistics;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Place;
import dev.unnoise.graph.plan.Plan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A graph with memory on the device for a number of images, and the launches that compute it. */
final class BoundGraph implements Site, AutoCloseable {
  private final Plan plan;
  private final int images;
  private final int vectors;
  private final Held held = new Held();
  private final List<GpuBuffer> pools = new ArrayList<>();
  private final Map<Tensor, GpuBuffer> inputs = new HashMap<>();
  private final Statistics statistics;
  private final List<List<Launch>> launches = new ArrayList<>();

  /**
   * @param plan of the graph, for as many images as it should hold
   * @param vectors that a tensor of one pixel holds side by side
   */
  BoundGraph(Gpu context, Programs programs, DeviceParameters parameters, Plan plan, int images, int vectors) {
    this.plan = plan;
    this.images = images;
    this.vectors = vectors;
    Graph graph = plan.graph();
    try {
      for (long bytes : plan.pools()) {
        pools.add(held.own(context.allocate(bytes)));
      }
      for (Tensor input : graph.inputs()) {
        inputs.put(input, held.own(context.allocate(input.bytes() * images * vectors)));
      }
      statistics = held.own(Statistics.of(context, programs.traits(), graph, images));
      graph.nodes().forEach(node -> Launches.prepareAhead(node, programs, parameters, this));
      for (Node node : graph.nodes()) {
        List<Launch> ofNode = Launches.of(node, programs, parameters, this);
        ofNode.forEach(held::own);
        launches.add(ofNode);
      }
    } catch (RuntimeException | Error e) {
      Closing.after(e, this::close);
      throw e;
    }
  }

  /** Bytes of memory that such a graph takes, without what launches keep for themselves. */
  static long bytes(Programs programs, Plan plan, int images, int vectors) {
    long inputs = plan.graph().inputs().stream().mapToLong(Tensor::bytes).sum();
    return plan.bytes() + inputs * images * vectors + Statistics.bytes(programs.traits(), plan.graph(), images);
  }

  /** Enqueues every node for the first {@code images} images. */
  void enqueue(int images) {
    for (List<Launch> ofNode : launches) {
      for (Launch launch : ofNode) {
        launch.enqueue(images);
      }
    }
  }

  /** What computes one node; it stays the graph's. */
  List<Launch> launches(int node) {
    return List.copyOf(launches.get(node));
  }

  /** How many launches {@link #enqueue(int)} makes. */
  int launchCount() {
    return launches.stream().mapToInt(List::size).sum();
  }

  /** What is launched, in order, for that many images. */
  List<StepLaunch> steps(int images) {
    List<StepLaunch> steps = new ArrayList<>();
    for (int i = 0; i < launches.size(); i++) {
      List<Launch> ofNode = launches.get(i);
      for (Launch launch : ofNode) {
        steps.add(StepLaunch.of(plan.graph().nodes().get(i), launch, ofNode.size(), images));
      }
    }
    return steps;
  }

  GpuBuffer input(Tensor tensor) {
    return inputs.get(tensor);
  }

  @Override
  public Located locate(Tensor tensor) {
    GpuBuffer given = inputs.get(tensor.root());
    if (given != null) {
      return new Located(given, tensor.channelOffset(), tensor.channelStride());
    }
    Place place = plan.place(tensor);
    long offset = place.offset() / tensor.type().bytes() + tensor.channelOffset();
    return new Located(pools.get(place.pool()), offset, tensor.channelStride());
  }

  @Override
  public int images() {
    return images;
  }

  @Override
  public int vectors() {
    return vectors;
  }

  @Override
  public GpuBuffer numbers(Tensor input) {
    GpuBuffer numbers = inputs.get(input);
    if (numbers == null) {
      throw new IllegalArgumentException(input.name() + " is no input of " + plan.graph().name());
    }
    return numbers;
  }

  @Override
  public GpuBuffer conditioning() {
    return inputs.entrySet().stream()
        .filter(entry -> entry.getKey().name().equals(Network.CONDITIONING))
        .findFirst()
        .map(Map.Entry::getValue)
        .orElse(null);
  }

  @Override
  public int conditioningWidth() {
    return plan.graph().inputs().stream()
        .filter(tensor -> tensor.name().equals(Network.CONDITIONING))
        .mapToInt(Tensor::channels)
        .findFirst()
        .orElse(0);
  }

  @Override
  public int conditioningOffset(Tensor slice) {
    if (!slice.root().name().equals(Network.CONDITIONING) || !inputs.containsKey(slice.root())) {
      throw new IllegalArgumentException(slice.name() + " is not part of the conditioning");
    }
    return slice.channelOffset();
  }

  @Override
  public Statistics statistics() {
    return statistics;
  }

  @Override
  public void close() {
    held.close();
  }
}
