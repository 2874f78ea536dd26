package dev.unnoise.testing;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Upsample;
import dev.unnoise.graph.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A network around one node of a kind, with shapes, strides and options chosen by a seed: operands are cut from the
 * sample as slices, or copied to tensors of their own; the result goes to a tensor of its own or to a slice.
 */
public final class NodeCase {
  /** Every kind of node. */
  public static final List<Class<? extends Node>> KINDS =
      List.of(
          Activate.class,
          Add.class,
          AddConditioning.class,
          Affine.class,
          Attention.class,
          AveragePool.class,
          Concatenate.class,
          Convolution.class,
          Divide.class,
          FourierEmbedding.class,
          GroupNorm.class,
          Linear.class,
          Lookup.class,
          Modulate.class,
          SinusoidalEmbedding.class,
          Upsample.class);

  /** Kinds that backends leave to libraries where there is much to do. */
  public static final List<Class<? extends Node>> PRODUCTS = List.of(Attention.class, Convolution.class, Linear.class);

  private static final Width NARROW = new Width(120, 96, 1, 1, 20, 1, 8);

  /** Enough for the libraries of vendors. */
  private static final Width WIDE = new Width(1000, 160, 4, 16, 40, 8, 12);

  /**
   * How many channels there are.
   *
   * @param sample of the sample, from which operands are cut
   * @param conditioning of the conditioning
   * @param step that channels are multiples of
   * @param least steps of a tensor
   * @param most steps of a tensor
   * @param headStep that a head's entries are multiples of
   * @param mostHeadSteps of a head
   */
  private record Width(
      int sample, int conditioning, int step, int least, int most, int headStep, int mostHeadSteps) {}

  private final Random random;
  private final Width extent;
  private final Class<? extends Node> kind;
  private final GraphBuilder graph = new GraphBuilder("denoiser");
  private final int height;
  private final int width;
  private Tensor sample;
  private Tensor conditioning;
  private int used;
  private int conditioningUsed;
  private int copies;

  private NodeCase(Class<? extends Node> kind, Width extent, long seed) {
    this.kind = kind;
    this.extent = extent;
    this.random = new Random(seed * 1000 + KINDS.indexOf(kind));
    this.height = 2 + random.nextInt(9);
    this.width = 2 + random.nextInt(9);
  }

  public static Network network(Class<? extends Node> kind, long seed) {
    return new NodeCase(kind, NARROW, seed).build();
  }

  /** The same with as many channels as networks in use have: one of {@link #PRODUCTS}. */
  public static Network wide(Class<? extends Node> kind, long seed) {
    return new NodeCase(kind, WIDE, seed).build();
  }

  private Network build() {
    sample = graph.input(Network.SAMPLE, new Shape(extent.sample(), height, width));
    conditioning = graph.input(Network.CONDITIONING, Shape.vector(extent.conditioning()));
    Tensor timestep = graph.input(Network.TIMESTEP, Shape.vector(1));
    Tensor result = graph.append(node(timestep));
    return new Network(conditioningGraph(), graph.build(result));
  }

  private Node node(Tensor timestep) {
    int channels = channels();
    Shape shape = new Shape(channels, height, width);
    return switch (kind.getSimpleName()) {
      case "Activate" -> new Activate("node", operand(channels), pick(Activation.values()), output(shape));
      case "Add" -> new Add("node", operand(channels), operand(channels), random.nextFloat() + 0.5f, output(shape));
      case "AddConditioning" -> new AddConditioning("node", operand(channels), vector(channels), output(shape));
      case "Affine" -> new Affine("node", operand(channels), 2, -1, output(shape));
      case "Attention" -> attention();
      case "AveragePool" -> {
        Tensor source = operand(channels);
        yield new AveragePool("node", source, output(AveragePool.infer("node", source)));
      }
      case "Concatenate" -> {
        List<Tensor> sources = operands();
        yield new Concatenate("node", sources, output(Concatenate.infer("node", sources)));
      }
      case "Convolution" -> convolution();
      case "Divide" -> new Divide("node", operand(channels), timestep, output(shape));
      case "GroupNorm" -> groupNorm();
      case "Linear" -> linear();
      case "Modulate" ->
          new Modulate("node", operand(channels), vector(channels), vector(channels), output(shape));
      case "Upsample" -> {
        Tensor source = operand(channels);
        yield new Upsample("node", source, output(Upsample.infer(source)));
      }
      default -> new AddConditioning("node", operand(channels), vector(channels), output(shape));
    };
  }

  private Node convolution() {
    int in = channels();
    int out = channels();
    Window window =
        pick(Window.SAME_3X3, Window.POINT, Window.halving(0, 1), Window.halving(1, 1), new Window(3, 1, 0, 0));
    boolean upsampled = random.nextInt(4) == 0;
    Tensor source = operand(in);
    Window fitting = height < 3 || width < 3 ? Window.SAME_3X3 : window;
    Shape shape = Convolution.infer("node", source, out, fitting, upsampled);
    return new Convolution(
        "node",
        source,
        parameter("weight", out, in, fitting.kernel(), fitting.kernel()),
        bias(out),
        fitting,
        upsampled,
        epilogue(shape),
        output(shape));
  }

  private Node linear() {
    int in = channels();
    int out = channels();
    Shape shape = new Shape(out, height, width);
    return new Linear("node", operand(in), parameter("weight", out, in), bias(out), epilogue(shape), output(shape));
  }

  private Node groupNorm() {
    List<Tensor> sources = operands();
    Shape shape = Concatenate.infer("node", sources);
    int channels = shape.channels();
    List<Integer> divisors = new ArrayList<>();
    for (int i = 1; i <= channels; i++) {
      if (channels % i == 0) {
        divisors.add(i);
      }
    }
    Optional<GroupNorm.Modulation> modulation =
        channels * 2 <= extent.conditioning() && random.nextBoolean()
            ? Optional.of(new GroupNorm.Modulation(vector(channels), vector(channels)))
            : Optional.empty();
    return new GroupNorm(
        "node",
        sources,
        parameter("norm.weight", channels),
        parameter("norm.bias", channels),
        divisors.get(random.nextInt(divisors.size())),
        1e-5,
        modulation,
        pick(Activation.values()),
        output(shape));
  }

  private Node attention() {
    int heads = 1 + random.nextInt(3);
    int channels = heads * extent.headStep() * (1 + random.nextInt(extent.mostHeadSteps()));
    Tensor query = operand(channels);
    return new Attention(
        "node", query, operand(channels), operand(channels), heads, output(query.shape()));
  }

  private Epilogue epilogue(Shape shape) {
    Epilogue epilogue = Epilogue.NONE;
    if (random.nextBoolean()) {
      epilogue = epilogue.withConditioning(vector(shape.channels()));
    }
    if (random.nextBoolean() && shape.height() == height && shape.width() == width) {
      epilogue = epilogue.withResidual(operand(shape.channels()), random.nextBoolean() ? 1 : 0.75f);
    }
    return epilogue;
  }

  private Optional<Parameter> bias(int channels) {
    return random.nextInt(4) == 0 ? Optional.empty() : Optional.of(parameter("bias", channels));
  }

  private List<Tensor> operands() {
    List<Tensor> operands = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      operands.add(operand(channels()));
    }
    return operands;
  }

  /** Some channels of the sample: a slice of it, or a copy. */
  private Tensor operand(int channels) {
    Tensor slice = sample.slice("part" + used, used, channels);
    used += channels;
    if (random.nextBoolean()) {
      return slice;
    }
    String name = "copy" + copies++;
    return graph.append(new Affine(name, slice, 1, 0, Tensor.dense(name, slice.shape())));
  }

  private Tensor vector(int channels) {
    Tensor slice = conditioning.slice("vector" + conditioningUsed, conditioningUsed, channels);
    conditioningUsed += channels;
    return slice;
  }

  private Tensor output(Shape shape) {
    if (random.nextBoolean()) {
      return Tensor.dense("node", shape);
    }
    int before = random.nextInt(4);
    Tensor whole = Tensor.dense("whole", shape.withChannels(before + shape.channels() + random.nextInt(4)));
    return whole.slice("node", before, shape.channels());
  }

  private Graph conditioningGraph() {
    GraphBuilder builder = new GraphBuilder("conditioning");
    Tensor timestep = builder.input(Network.TIMESTEP, Shape.vector(1));
    Tensor output = Tensor.dense(Network.CONDITIONING, Shape.vector(extent.conditioning()));
    if (kind == Lookup.class) {
      Tensor label = builder.input(Network.LABEL, Shape.vector(1));
      builder.append(new Lookup("embedding", label, parameter("table", 7, extent.conditioning()), output));
    } else if (kind == FourierEmbedding.class) {
      builder.append(new FourierEmbedding("embedding", timestep, parameter("frequencies", extent.conditioning() / 2), output));
    } else {
      builder.append(
          new SinusoidalEmbedding("embedding", timestep, random.nextBoolean(), random.nextInt(2), output));
    }
    return builder.build(output);
  }

  private int channels() {
    return extent.step() * (extent.least() + random.nextInt(extent.most() - extent.least() + 1));
  }

  private static Parameter parameter(String name, Integer... shape) {
    return new Parameter.Stored(name, List.of(shape));
  }

  @SafeVarargs
  private <T> T pick(T... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
