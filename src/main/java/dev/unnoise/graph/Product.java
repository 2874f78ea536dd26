package dev.unnoise.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A node that multiplies with a weight and then takes an epilogue. */
public sealed interface Product extends Node permits Convolution, Linear {

  /** The tensor multiplied. */
  Tensor source();

  /** Output channels first. */
  Parameter weight();

  /** One number per output channel. */
  Optional<Parameter> bias();

  Epilogue epilogue();

  /** The same product with another epilogue, written to another tensor. */
  Product withEpilogue(Epilogue epilogue, Tensor output);

  @Override
  default List<Tensor> inputs() {
    List<Tensor> inputs = new ArrayList<>();
    inputs.add(source());
    inputs.addAll(epilogue().tensors());
    return inputs;
  }

  @Override
  default List<Parameter> parameters() {
    return bias().map(parameter -> List.of(weight(), parameter)).orElseGet(() -> List.of(weight()));
  }

  @Override
  default long flop() {
    return 2 * weight().elements() * output().shape().pixels();
  }
}
