package dev.unnoise.graph;

import java.util.List;
import java.util.Optional;

/**
 * A two-dimensional convolution (cross-correlation) with its epilogue.
 *
 * @param weight shape [output channels, input channels, kernel, kernel]
 * @param bias shape [output channels]
 * @param upsampled whether the source is read through nearest-neighbour upsampling by two
 */
public record Convolution(
    String name,
    Tensor source,
    Parameter weight,
    Optional<Parameter> bias,
    Window window,
    boolean upsampled,
    Epilogue epilogue,
    Tensor output)
    implements Product {
  public Convolution {
    Require.parameter(name, weight, output.channels(), source.channels(), window.kernel(), window.kernel());
    bias.ifPresent(parameter -> Require.parameter(name, parameter, output.channels()));
    Require.shape(name, output, infer(name, source, output.channels(), window, upsampled));
    epilogue.check(name, output);
  }

  /** The output's shape. */
  public static Shape infer(String name, Tensor source, int outputChannels, Window window, boolean upsampled) {
    int factor = upsampled ? 2 : 1;
    int height = window.outputs(source.height() * factor);
    int width = window.outputs(source.width() * factor);
    if (height < 1 || width < 1) {
      throw new ShapeException(
          name, source.shape() + " is too small for a " + window.kernel() + "×" + window.kernel() + " kernel");
    }
    return new Shape(outputChannels, height, width);
  }

  @Override
  public Convolution withEpilogue(Epilogue newEpilogue, Tensor newOutput) {
    return new Convolution(name, source, weight, bias, window, upsampled, newEpilogue, newOutput);
  }

  /** The same convolution of another source, read through upsampling or not. */
  public Convolution reading(Tensor newSource, boolean nowUpsampled) {
    return new Convolution(name, newSource, weight, bias, window, nowUpsampled, epilogue, output);
  }

  public Convolution withBias(Optional<Parameter> newBias) {
    return new Convolution(name, source, weight, newBias, window, upsampled, epilogue, output);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    Epilogue newEpilogue = epilogue.withTensors(inputs.subList(1, inputs.size()));
    return new Convolution(name, inputs.get(0), weight, bias, window, upsampled, newEpilogue, newOutput);
  }
}
