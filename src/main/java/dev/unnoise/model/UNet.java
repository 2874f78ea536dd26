package dev.unnoise.model;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.ShapeException;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Translates a config into a network: one node per operation, as the textbook has them. */
public final class UNet {
  private final UNetConfig config;
  private final GraphBuilder graph = new GraphBuilder("denoiser");
  private final Deque<Tensor> remembered = new ArrayDeque<>();
  private final TimeProjections projections;

  private UNet(UNetConfig config, List<Layer> layers) {
    this.config = config;
    this.projections = new TimeProjections(config, layers);
  }

  /**
   * The network for images of a size; a U-Net is convolutional, so the size may differ from the one it was trained at.
   *
   * @throws ShapeException naming the layer, if the size does not go through
   */
  public static Network build(UNetConfig config, int height, int width) {
    List<Layer> layers = Blueprint.of(config);
    UNet unet = new UNet(config, layers);
    Graph denoiser = unet.denoiser(layers, height, width);
    return new Network(Conditioning.build(config, unet.projections), denoiser);
  }

  private Graph denoiser(List<Layer> layers, int height, int width) {
    Tensor sample = graph.input(Network.SAMPLE, new Shape(config.inChannels(), height, width));
    projections.bind(graph.input(Network.CONDITIONING, Shape.vector(projections.width())));
    Tensor timestep = graph.input(Network.TIMESTEP, Shape.vector(1));

    Tensor x = sample;
    if (config.centerInputSample()) {
      x = graph.append(new Affine("center_input", x, 2, -1, Tensor.dense("center_input", x.shape())));
    }
    x = convolution("conv_in", x, config.blockOutChannels().getFirst(), 3, Window.SAME_3X3);
    for (Layer layer : layers) {
      x = layer(layer, x);
    }
    x = groupNorm("conv_norm_out", x, config.normNumGroups());
    x = graph.activate("conv_act", x, Activation.SILU);
    x = convolution("conv_out", x, config.outChannels(), 3, Window.SAME_3X3);
    if (config.timeEmbedding() == TimeEmbedding.FOURIER) {
      x = graph.append(new Divide("divide_by_timestep", x, timestep, Tensor.dense("divide_by_timestep", x.shape())));
    }
    return graph.build(x);
  }

  private Tensor layer(Layer layer, Tensor x) {
    return switch (layer) {
      case Layer.Residual residual -> residual(residual, x);
      case Layer.SelfAttention attention -> SelfAttentionBlock.append(graph, config, attention, x);
      case Layer.Downsample downsample -> {
        int pad = config.downsamplePadding();
        Window window = pad == 0 ? Window.halving(0, 1) : Window.halving(pad, pad);
        yield convolution(downsample.name(), x, x.channels(), 3, window);
      }
      case Layer.Upsample upsample -> {
        String upsampled = upsample.name().replace(".conv", ".interpolate");
        yield convolution(upsample.name(), graph.upsample(upsampled, x), x.channels(), 3, Window.SAME_3X3);
      }
      case Layer.Remember remember -> {
        remembered.push(x);
        yield x;
      }
      case Layer.Recall recall -> graph.concatenate(recall.name(), x, remembered.pop());
    };
  }

  private Tensor residual(Layer.Residual block, Tensor input) {
    String name = block.name();
    Tensor x = input;
    Tensor h = groupNorm(name + ".norm1", x, config.normNumGroups());
    h = graph.activate(name + ".nonlinearity1", h, config.activation());
    switch (block.change()) {
      case NONE -> {}
      case HALVE -> {
        x = graph.averagePool(name + ".downsample_input", x);
        h = graph.averagePool(name + ".downsample_hidden", h);
      }
      case DOUBLE -> {
        x = graph.upsample(name + ".upsample_input", x);
        h = graph.upsample(name + ".upsample_hidden", h);
      }
    }
    h = convolution(name + ".conv1", h, block.outChannels(), 3, Window.SAME_3X3);
    h = projections.beforeNorm(graph, block, h);
    h = groupNorm(name + ".norm2", h, config.normNumGroups());
    h = projections.afterNorm(graph, block, h);
    h = graph.activate(name + ".nonlinearity2", h, config.activation());
    h = convolution(name + ".conv2", h, block.outChannels(), 3, Window.SAME_3X3);
    if (x.channels() != block.outChannels()) {
      x = convolution(name + ".conv_shortcut", x, block.outChannels(), 1, Window.POINT);
    }
    return graph.add(name, x, h, (float) (1 / block.scaleFactor()));
  }

  private Tensor convolution(String name, Tensor x, int outChannels, int kernel, Window window) {
    Parameter weight = new Parameter.Stored(name + ".weight", List.of(outChannels, x.channels(), kernel, kernel));
    return graph.convolution(name, x, weight, Names.bias(name, outChannels), window);
  }

  private Tensor groupNorm(String name, Tensor x, int groups) {
    return graph.groupNorm(
        name, x, Names.vector(name, x.channels()), Names.bias(name, x.channels()), groups, config.normEps());
  }
}
