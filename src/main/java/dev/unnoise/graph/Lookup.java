package dev.unnoise.graph;

import java.util.List;

/**
 * A row of a table: class embeddings, learned timestep embeddings.
 *
 * @param source a vector of one entry, a whole number in [0, rows)
 * @param table shape [rows, output channels]
 */
public record Lookup(String name, Tensor source, Parameter table, Tensor output) implements Node {
  public Lookup {
    Require.vector(name, source, 1);
    Require.parameter(name, table, table.shape().getFirst(), output.channels());
    Require.vector(name, output, output.channels());
  }

  /** Number of rows of the table. */
  public int rows() {
    return table.shape().getFirst();
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(table);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Lookup(name, inputs.get(0), table, newOutput);
  }
}
