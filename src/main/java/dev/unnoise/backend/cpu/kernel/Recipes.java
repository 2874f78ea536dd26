package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Upsample;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The recipes of a graph's nodes, in order. They are made by, and for, threads with one number of OpenMP threads, which
 * primitives take note of.
 */
public final class Recipes implements AutoCloseable {
  private final Scope scope = new Scope();
  private final OneDnn oneDnn;
  private final PreparedWeights parameters;
  private final int rows;
  private final Graph graph;
  private final List<Recipe> recipes;

  /** Runs task 0 … tasks - 1, perhaps side by side, on threads of one kind. */
  @FunctionalInterface
  public interface Runner {
    void run(int tasks, IntConsumer task);
  }

  /**
   * @param rows how many vectors a tensor of one pixel holds side by side: more than 1 for conditioning graphs
   * @param runner on whose threads primitives are made: each is compiled, which takes milliseconds
   */
  public Recipes(OneDnn oneDnn, PreparedWeights parameters, Graph graph, int rows, Runner runner) {
    this.oneDnn = oneDnn;
    this.parameters = parameters;
    this.rows = rows;
    this.graph = graph;
    Recipe[] made = new Recipe[graph.nodes().size()];
    try {
      runner.run(made.length, i -> made[i] = recipe(graph.nodes().get(i)));
      this.recipes = List.of(made);
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  private Recipes(Recipes alone, int threads) {
    this.oneDnn = alone.oneDnn;
    this.parameters = alone.parameters;
    this.rows = alone.rows;
    this.graph = alone.graph;
    SameBits sameBits = new SameBits(oneDnn, threads);
    List<Recipe> chosen = new ArrayList<>();
    try {
      for (int i = 0; i < graph.nodes().size(); i++) {
        Node node = graph.nodes().get(i);
        Recipe one = alone.recipes.get(i);
        // Everything else runs in Java, on the calling thread.
        boolean multithreaded = node instanceof Product || node instanceof Attention;
        chosen.add(multithreaded ? sameBits.choose(node, one, recipe(node)) : one);
      }
      this.recipes = List.copyOf(chosen);
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  /**
   * Recipes that compute the same bits with several threads; to be called on a thread that uses so many.
   *
   * @param alone made for one thread each; stays open as long as the result is
   */
  public static Recipes together(Recipes alone, int threads) {
    return new Recipes(alone, threads);
  }

  public Graph graph() {
    return graph;
  }

  /** How many vectors a tensor of one pixel holds side by side. */
  public int rows() {
    return rows;
  }

  /** One recipe per node. */
  public List<Recipe> recipes() {
    return recipes;
  }

  private Recipe recipe(Node node) {
    return switch (node) {
      case Convolution n when WinogradRecipe.pays(n) -> new WinogradRecipe(oneDnn, scope, parameters, n);
      case Convolution n -> ProductRecipe.of(oneDnn, scope, parameters, n);
      case Linear n -> ProductRecipe.of(oneDnn, scope, parameters, n, rows);
      case Attention n -> new AttentionRecipe(oneDnn, scope, n);
      case GroupNorm n -> new GroupNormRecipe(parameters, n);
      case Activate n -> ElementwiseRecipe.of(n);
      case Affine n -> ElementwiseRecipe.of(n);
      case Add n -> ElementwiseRecipe.of(n);
      case AddConditioning n -> ElementwiseRecipe.of(n);
      case Modulate n -> ElementwiseRecipe.of(n);
      case Divide n -> ElementwiseRecipe.of(n);
      case Concatenate n -> ResamplingRecipe.of(n);
      case Upsample n -> ResamplingRecipe.of(n);
      case AveragePool n -> ResamplingRecipe.of(n);
      case SinusoidalEmbedding n -> EmbeddingRecipe.of(n);
      case FourierEmbedding n -> EmbeddingRecipe.of(parameters, n);
      case Lookup n -> EmbeddingRecipe.of(parameters, n);
    };
  }

  @Override
  public void close() {
    scope.close();
  }
}
