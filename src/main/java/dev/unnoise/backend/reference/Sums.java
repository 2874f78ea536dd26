package dev.unnoise.backend.reference;

import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Tensor;
import java.util.Optional;
import java.util.function.Function;

/** An epilogue bound to its operands: turns a product's sum into what is stored. */
final class Sums {
  private final Optional<float[]> bias;
  private final Optional<View> conditioning;
  private final Optional<View> residual;
  private final float scale;

  Sums(Epilogue epilogue, Optional<float[]> bias, Function<Tensor, View> views) {
    this.bias = bias;
    this.conditioning = epilogue.conditioning().map(views);
    this.residual = epilogue.residual().map(views);
    this.scale = epilogue.scale();
  }

  double finish(double sum, int pixel, int channel) {
    double value = sum;
    if (bias.isPresent()) {
      value += bias.get()[channel];
    }
    if (conditioning.isPresent()) {
      value += conditioning.get().get(0, channel);
    }
    if (residual.isPresent()) {
      value += residual.get().get(pixel, channel);
    }
    return value * scale;
  }
}
