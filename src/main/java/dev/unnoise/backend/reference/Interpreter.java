package dev.unnoise.backend.reference;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Upsample;
import dev.unnoise.graph.plan.Place;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.plan.PoolLimits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Runs a graph for one image, node by node, in memory laid out by the planner. */
public final class Interpreter {
  /** Arrays need no alignment; one of them holds up to 2³¹ - 1 floats. */
  static final PoolLimits LIMITS = new PoolLimits(Float.BYTES, (long) Float.BYTES * (Integer.MAX_VALUE - 8), true);

  private final Plan plan;
  private final Function<Parameter, float[]> parameters;
  private final float[][] pools;
  private final Map<Tensor, float[]> inputs = new HashMap<>();

  /**
   * @param parameters gives the elements of every parameter of the graph
   */
  public Interpreter(Graph graph, Function<Parameter, float[]> parameters) {
    this.plan = Planner.plan(graph, 1, LIMITS);
    this.parameters = parameters;
    this.pools = new float[plan.pools().size()][];
    for (int i = 0; i < pools.length; i++) {
      pools[i] = new float[Math.toIntExact(plan.pools().get(i) / Float.BYTES)];
    }
    for (Tensor input : graph.inputs()) {
      inputs.put(input, new float[Math.toIntExact(input.shape().pixels() * input.channelStride())]);
    }
  }

  /** The elements of an input, pixel by pixel with its channel stride; write them before {@link #run}. */
  public float[] input(Tensor input) {
    return inputs.get(input);
  }

  /** Computes every node. */
  public void run() {
    plan.graph().nodes().forEach(this::run);
  }

  /** Computes every node, adding each one's time to {@code nanos}. */
  void run(long[] nanos) {
    List<Node> nodes = plan.graph().nodes();
    for (int i = 0; i < nanos.length; i++) {
      long began = System.nanoTime();
      run(nodes.get(i));
      nanos[i] += System.nanoTime() - began;
    }
  }

  /** Copies a tensor's elements in C,H,W order. */
  public void read(Tensor tensor, float[] target) {
    View view = view(tensor);
    for (int c = 0; c < view.channels(); c++) {
      for (int pixel = 0; pixel < view.pixels(); pixel++) {
        target[c * view.pixels() + pixel] = view.get(pixel, c);
      }
    }
  }

  private View view(Tensor tensor) {
    float[] input = inputs.get(tensor.root());
    if (input != null) {
      return new View(input, 0, tensor);
    }
    Place place = plan.place(tensor);
    return new View(pools[place.pool()], place.offset() / Float.BYTES, tensor);
  }

  private List<View> views(List<Tensor> tensors) {
    return tensors.stream().map(this::view).toList();
  }

  private void run(Node node) {
    View output = view(node.output());
    switch (node) {
      case Convolution n ->
          Products.convolution(
              n,
              view(n.source()),
              parameters.apply(n.weight()),
              new Sums(n.epilogue(), n.bias().map(parameters), this::view),
              output);
      case Linear n ->
          Products.linear(
              view(n.source()),
              parameters.apply(n.weight()),
              new Sums(n.epilogue(), n.bias().map(parameters), this::view),
              output);
      case Attention n ->
          SelfAttention.run(view(n.query()), view(n.key()), view(n.value()), n.heads(), n.scale(), output);
      case GroupNorm n ->
          Normalization.run(
              n,
              views(n.sources()),
              parameters.apply(n.weight()),
              parameters.apply(n.bias()),
              n.modulation().map(m -> view(m.scale())),
              n.modulation().map(m -> view(m.shift())),
              output);
      case Activate n -> Elementwise.map(view(n.source()), n.activation()::apply, output);
      case Affine n -> Elementwise.map(view(n.source()), v -> v * n.factor() + n.offset(), output);
      case Add n -> Elementwise.add(view(n.left()), view(n.right()), n.scale(), output);
      case AddConditioning n -> Elementwise.addPerChannel(view(n.source()), view(n.conditioning()), output);
      case Modulate n -> Elementwise.modulate(view(n.source()), view(n.scale()), view(n.shift()), output);
      case Divide n -> {
        float divisor = view(n.divisor()).get(0, 0);
        Elementwise.map(view(n.source()), v -> v / divisor, output);
      }
      case Concatenate n -> Resampling.concatenate(views(n.sources()), output);
      case Upsample n -> Resampling.upsample(view(n.source()), output);
      case AveragePool n -> Resampling.averagePool(view(n.source()), output);
      case SinusoidalEmbedding n -> Embeddings.sinusoidal(n, view(n.source()).get(0, 0), output);
      case FourierEmbedding n ->
          Embeddings.fourier(view(n.source()).get(0, 0), parameters.apply(n.weight()), output);
      case Lookup n -> Embeddings.lookup(n, view(n.source()).get(0, 0), parameters.apply(n.table()), output);
    }
  }
}
