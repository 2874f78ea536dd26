package dev.unnoise.graph;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A static graph: nodes in an order in which they can run. Every tensor is written once, by a node or as an input,
 * or is made of slices that are; names are unique.
 *
 * @param name for messages and tables
 * @param inputs tensors given from outside
 * @param nodes in execution order
 * @param outputs tensors that outlive the run
 */
public record Graph(String name, List<Tensor> inputs, List<Node> nodes, List<Tensor> outputs) {
  public Graph {
    inputs = List.copyOf(inputs);
    nodes = List.copyOf(nodes);
    outputs = List.copyOf(outputs);
    validate(name, inputs, nodes, outputs);
  }

  /** The input of this name. */
  public Tensor input(String inputName) {
    return inputs.stream()
        .filter(tensor -> tensor.name().equals(inputName))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("graph " + name + " has no input " + inputName));
  }

  /** The only output. */
  public Tensor output() {
    if (outputs.size() != 1) {
      throw new IllegalStateException("graph " + name + " has " + outputs.size() + " outputs");
    }
    return outputs.getFirst();
  }

  /** The same inputs and outputs with other nodes between them. */
  public Graph withNodes(List<Node> newNodes) {
    return new Graph(name, inputs, newNodes, outputs);
  }

  /** The node that writes each tensor. */
  public Map<Tensor, Node> producers() {
    Map<Tensor, Node> producers = new HashMap<>();
    nodes.forEach(node -> producers.put(node.output(), node));
    return producers;
  }

  /** Every parameter, in order of first use. */
  public Set<Parameter> parameters() {
    Set<Parameter> parameters = new LinkedHashSet<>();
    nodes.forEach(node -> parameters.addAll(node.parameters()));
    return parameters;
  }

  /** Floating-point operations for one image. */
  public long flop() {
    return nodes.stream().mapToLong(Node::flop).sum();
  }

  private static void validate(
      String name, Collection<Tensor> inputs, List<Node> nodes, Collection<Tensor> outputs) {
    Set<String> nodeNames = new HashSet<>();
    Map<String, Tensor> written = new HashMap<>();
    Map<Tensor, Integer> channelsWritten = new HashMap<>();
    for (Tensor input : inputs) {
      write(name, written, channelsWritten, input);
    }
    for (Node node : nodes) {
      if (!nodeNames.add(node.name())) {
        throw new IllegalArgumentException("graph " + name + " has two nodes named " + node.name());
      }
      for (Tensor input : node.inputs()) {
        requireWritten(node.name(), channelsWritten, input);
      }
      write(name, written, channelsWritten, node.output());
    }
    for (Tensor output : outputs) {
      requireWritten(name, channelsWritten, output);
    }
  }

  private static void write(
      String graph, Map<String, Tensor> written, Map<Tensor, Integer> channelsWritten, Tensor tensor) {
    if (written.put(tensor.name(), tensor) != null) {
      throw new IllegalArgumentException("graph " + graph + " writes " + tensor.name() + " twice");
    }
    channelsWritten.put(tensor, tensor.channels());
    Tensor at = tensor;
    while (at.layout() instanceof Layout.Slice slice) {
      at = slice.of();
      channelsWritten.merge(at, tensor.channels(), Integer::sum);
    }
  }

  private static void requireWritten(String reader, Map<Tensor, Integer> channelsWritten, Tensor tensor) {
    Tensor at = tensor;
    while (true) {
      if (channelsWritten.getOrDefault(at, 0) >= at.channels()) {
        return;
      }
      if (!(at.layout() instanceof Layout.Slice slice)) {
        throw new IllegalArgumentException(reader + " reads " + tensor.name() + " before it is written");
      }
      at = slice.of();
    }
  }
}
