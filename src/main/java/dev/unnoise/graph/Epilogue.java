package dev.unnoise.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a product does with its sums before it stores them:
 * {@code (sum + bias + conditioning + residual) · scale}.
 *
 * @param conditioning one value per image and output channel
 * @param residual a tensor of the output's shape
 * @param scale 1, or the inverse of a block's output scale factor
 */
public record Epilogue(Optional<Tensor> conditioning, Optional<Tensor> residual, float scale) {
  /** Stores the sums (and the bias) as they are. */
  public static final Epilogue NONE = new Epilogue(Optional.empty(), Optional.empty(), 1);

  public Epilogue withConditioning(Tensor tensor) {
    return new Epilogue(Optional.of(tensor), residual, scale);
  }

  public Epilogue withResidual(Tensor tensor, float newScale) {
    return new Epilogue(conditioning, Optional.of(tensor), newScale);
  }

  void check(String layer, Tensor output) {
    conditioning.ifPresent(tensor -> Require.vector(layer, tensor, output.channels()));
    residual.ifPresent(tensor -> Require.sameShape(layer, tensor, output));
  }

  List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>(2);
    conditioning.ifPresent(tensors::add);
    residual.ifPresent(tensors::add);
    return tensors;
  }

  /** The same epilogue reading {@code tensors}, in the order of {@link #tensors()}. */
  Epilogue withTensors(List<Tensor> tensors) {
    Optional<Tensor> newConditioning = conditioning.map(old -> tensors.get(0));
    return new Epilogue(newConditioning, residual.map(old -> tensors.getLast()), scale);
  }
}
