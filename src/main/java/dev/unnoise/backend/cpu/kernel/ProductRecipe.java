package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Arguments;
import dev.unnoise.backend.cpu.onednn.Invocation;
import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.Memory;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.PostOps;
import dev.unnoise.backend.cpu.onednn.Primitive;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import java.util.Optional;

/**
 * A convolution or a linear layer as one primitive of oneDNN, made for one image: its bias and conditioning as the
 * primitive's bias, its residual and scale as post-operations.
 */
final class ProductRecipe implements Recipe {
  private final OneDnn oneDnn;
  private final Product node;
  private final BiasVector bias;
  private final Layout sourceLayout;
  private final Layout outputLayout;
  private final Layout biasLayout;
  private final Optional<Layout> residualLayout;
  private final int residualIndex;
  private final Primitive primitive;
  private final Memory weights;

  /** What convolutions and linear layers do differently. */
  private interface Shapes {
    Layout of(Tensor tensor);

    Layout storedWeights();

    Layout bias();

    Primitive primitive(Layout source, Layout bias, Layout output, PostOps postOps);
  }

  private ProductRecipe(OneDnn oneDnn, PreparedWeights parameters, Product node, Shapes shapes) {
    this.oneDnn = oneDnn;
    this.node = node;
    Epilogue epilogue = node.epilogue();
    this.bias = new BiasVector(node.bias().map(parameters::array), epilogue.conditioning());
    this.sourceLayout = shapes.of(node.source());
    this.outputLayout = shapes.of(node.output());
    this.biasLayout = this.bias.isPresent() ? shapes.bias() : null;
    PostOps postOps = new PostOps();
    this.residualLayout = epilogue.residual().map(shapes::of);
    this.residualIndex = residualLayout.map(postOps::addTensor).orElse(-1);
    if (epilogue.scale() != 1) {
      postOps.scale(epilogue.scale());
    }
    this.primitive = shapes.primitive(sourceLayout, biasLayout, outputLayout, postOps);
    this.weights = parameters.in(node.weight(), shapes.storedWeights(), primitive.weights());
  }

  static Recipe of(OneDnn oneDnn, Scope scope, PreparedWeights parameters, Convolution node) {
    int outChannels = node.output().channels();
    int kernel = node.window().kernel();
    Layout weights = oneDnn.any(scope, outChannels, node.source().channels(), kernel, kernel);
    Shapes shapes =
        new Shapes() {
          @Override
          public Layout of(Tensor tensor) {
            return Layouts.image(oneDnn, scope, tensor);
          }

          @Override
          public Layout storedWeights() {
            return oneDnn.dense(scope, outChannels, node.source().channels(), kernel, kernel);
          }

          @Override
          public Layout bias() {
            return oneDnn.dense(scope, outChannels);
          }

          @Override
          public Primitive primitive(Layout source, Layout bias, Layout output, PostOps postOps) {
            return oneDnn.convolution(
                scope,
                source,
                weights,
                bias,
                output,
                node.window().stride(),
                node.window().padBefore(),
                node.window().padAfter(),
                postOps);
          }
        };
    return new ProductRecipe(oneDnn, parameters, node, shapes);
  }

  /** Weights of linear layers are stored [out, in]; matrix products read them [in, out]. */
  static Recipe of(OneDnn oneDnn, Scope scope, PreparedWeights parameters, Linear node, int rows) {
    long pixels = node.source().shape().pixels() * rows;
    int in = node.source().channels();
    int out = node.output().channels();
    Layout weights = oneDnn.any(scope, in, out);
    Shapes shapes =
        new Shapes() {
          @Override
          public Layout of(Tensor tensor) {
            return Layouts.rows(oneDnn, scope, tensor, pixels);
          }

          @Override
          public Layout storedWeights() {
            return oneDnn.strided(scope, new long[] {in, out}, new long[] {1, in});
          }

          @Override
          public Layout bias() {
            return oneDnn.dense(scope, 1, out);
          }

          @Override
          public Primitive primitive(Layout source, Layout bias, Layout output, PostOps postOps) {
            return oneDnn.matmul(scope, source, weights, bias, output, postOps);
          }
        };
    return new ProductRecipe(oneDnn, parameters, node, shapes);
  }

  @Override
  public long scratchpadBytes() {
    return primitive.scratchpad().bytes();
  }

  @Override
  public Optional<String> implementation() {
    return Optional.of(primitive.implementation());
  }

  @Override
  public Kernel bind(Site site) {
    Invocation[] invocations = new Invocation[site.slots()];
    Runnable[] refreshes = new Runnable[site.slots()];
    Scope scope = site.scope();
    for (int slot = 0; slot < invocations.length; slot++) {
      Arguments arguments =
          new Arguments()
              .source(oneDnn.memory(scope, sourceLayout, site.region(slot, node.source()).memory()))
              .weights(weights)
              .destination(oneDnn.memory(scope, outputLayout, site.region(slot, node.output()).memory()))
              .scratchpad(oneDnn.memory(scope, primitive.scratchpad(), site.scratchpad()));
      refreshes[slot] = () -> {};
      if (bias.isPresent()) {
        BiasVector.Bound bound = bias.bind(site, slot);
        arguments.bias(oneDnn.memory(scope, biasLayout, bound.vector()));
        refreshes[slot] = bound.refresh();
      }
      if (residualIndex >= 0) {
        Region residual = site.region(slot, node.epilogue().residual().orElseThrow());
        arguments.postOp(residualIndex, oneDnn.memory(scope, residualLayout.orElseThrow(), residual.memory()));
      }
      invocations[slot] = new Invocation(node.name(), primitive, arguments, scope);
    }
    return new ProductKernel(invocations, refreshes, site.stream());
  }
}
