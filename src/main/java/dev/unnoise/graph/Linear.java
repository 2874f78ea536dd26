package dev.unnoise.graph;

import java.util.List;
import java.util.Optional;

/**
 * The same matrix applied to the channels of every pixel, with an epilogue.
 *
 * @param weight shape [output channels, input channels]
 * @param bias shape [output channels]
 */
public record Linear(
    String name, Tensor source, Parameter weight, Optional<Parameter> bias, Epilogue epilogue, Tensor output)
    implements Product {
  public Linear {
    Require.parameter(name, weight, output.channels(), source.channels());
    bias.ifPresent(parameter -> Require.parameter(name, parameter, output.channels()));
    Require.shape(name, output, source.shape().withChannels(output.channels()));
    epilogue.check(name, output);
  }

  @Override
  public Linear withEpilogue(Epilogue newEpilogue, Tensor newOutput) {
    return new Linear(name, source, weight, bias, newEpilogue, newOutput);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    Epilogue newEpilogue = epilogue.withTensors(inputs.subList(1, inputs.size()));
    return new Linear(name, inputs.get(0), weight, bias, newEpilogue, newOutput);
  }
}
