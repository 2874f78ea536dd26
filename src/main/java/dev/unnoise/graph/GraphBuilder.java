package dev.unnoise.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects nodes in execution order and infers the shapes of what they write. */
public final class GraphBuilder {
  private final String name;
  private final List<Tensor> inputs = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();

  public GraphBuilder(String name) {
    this.name = name;
  }

  /** Declares an input. */
  public Tensor input(String inputName, Shape shape) {
    Tensor tensor = Tensor.dense(inputName, shape);
    inputs.add(tensor);
    return tensor;
  }

  /** Appends a node and returns what it writes. */
  public Tensor append(Node node) {
    nodes.add(node);
    return node.output();
  }

  public Tensor convolution(String layer, Tensor source, Parameter weight, Parameter bias, Window window) {
    Shape shape = Convolution.infer(layer, source, weight.shape().getFirst(), window, false);
    return append(
        new Convolution(
            layer, source, weight, Optional.of(bias), window, false, Epilogue.NONE, Tensor.dense(layer, shape)));
  }

  public Tensor linear(String layer, Tensor source, Parameter weight, Parameter bias) {
    Shape shape = source.shape().withChannels(weight.shape().getFirst());
    return linear(layer, source, weight, bias, Tensor.dense(layer, shape));
  }

  /** A linear layer that writes into a tensor made elsewhere, for example a slice. */
  public Tensor linear(String layer, Tensor source, Parameter weight, Parameter bias, Tensor output) {
    return append(new Linear(layer, source, weight, Optional.of(bias), Epilogue.NONE, output));
  }

  public Tensor groupNorm(
      String layer, Tensor source, Parameter weight, Parameter bias, int groups, double epsilon) {
    return append(
        new GroupNorm(
            layer,
            List.of(source),
            weight,
            bias,
            groups,
            epsilon,
            Optional.empty(),
            Activation.IDENTITY,
            Tensor.dense(layer, source.shape())));
  }

  public Tensor activate(String layer, Tensor source, Activation activation) {
    return append(new Activate(layer, source, activation, Tensor.dense(layer, source.shape())));
  }

  public Tensor add(String layer, Tensor left, Tensor right, float scale) {
    return append(new Add(layer, left, right, scale, Tensor.dense(layer, left.shape())));
  }

  public Tensor concatenate(String layer, Tensor left, Tensor right) {
    List<Tensor> sources = List.of(left, right);
    Shape shape = Concatenate.infer(layer, sources);
    return append(new Concatenate(layer, sources, Tensor.dense(layer, shape)));
  }

  public Tensor upsample(String layer, Tensor source) {
    return append(new Upsample(layer, source, Tensor.dense(layer, Upsample.infer(source))));
  }

  public Tensor averagePool(String layer, Tensor source) {
    return append(new AveragePool(layer, source, Tensor.dense(layer, AveragePool.infer(layer, source))));
  }

  /** The graph of everything appended. */
  public Graph build(Tensor... outputs) {
    return new Graph(name, inputs, nodes, List.of(outputs));
  }
}
