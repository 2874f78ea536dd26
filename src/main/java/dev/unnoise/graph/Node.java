package dev.unnoise.graph;

import java.util.List;

/**
 * One operation of a graph: immutable, with the tensors it reads, the one it writes and the parameters it needs.
 * Constructors infer the output's shape and refuse one that does not fit, naming the layer.
 */
public sealed interface Node
    permits Activate,
        Add,
        AddConditioning,
        Affine,
        Attention,
        AveragePool,
        Concatenate,
        Divide,
        FourierEmbedding,
        GroupNorm,
        Lookup,
        Modulate,
        Product,
        SinusoidalEmbedding,
        Upsample {

  /** The layer this node computes, unique in its graph. */
  String name();

  /** Tensors read, in the order the node defines. */
  List<Tensor> inputs();

  /** The tensor written. */
  Tensor output();

  /** Parameters read. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /** Floating-point operations of its products for one image: 2 per multiply-add, 0 for element-wise work. */
  default long flop() {
    return 0;
  }

  /** What kind of operation this is, for tables: the record's name. */
  default String kind() {
    return getClass().getSimpleName();
  }

  /** The same operation on other tensors: {@code inputs} in the order of {@link #inputs()}. */
  Node withTensors(List<Tensor> inputs, Tensor output);
}
