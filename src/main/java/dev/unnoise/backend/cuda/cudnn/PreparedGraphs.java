package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.gpu.Closing;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Graphs with their plans, each made once for a card. The engines of a form are ranked at the nominal number of images,
 * and the first that takes a graph of the form computes all others. Where it refuses a number of images it gives way to
 * the next, which may round otherwise: that is logged as a warning.
 */
final class PreparedGraphs implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PreparedGraphs.class.getName());

  private final Card card;
  private final boolean tf32;
  private final Map<GraphForm, List<EngineChoice>> rankings = new HashMap<>();
  private final Map<GraphForm, EngineChoice> taken = new HashMap<>();
  private final Map<Numbered, Optional<PreparedGraph>> prepared = new HashMap<>();

  private record Numbered(GraphForm form, int images) {}

  /**
   * None yet.
   *
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  PreparedGraphs(Card card, boolean tf32) {
    this.card = card;
    this.tf32 = tf32;
  }

  /** Whether there is an engine for a form of one operation, tried at the nominal number of images. */
  boolean fits(GraphForm form) {
    return of(form, nominal(form)).isPresent();
  }

  private static int nominal(GraphForm form) {
    return Nominal.images(form.largestTensor());
  }

  /**
   * A graph for so many images.
   *
   * @return nothing if no engine takes it
   */
  Optional<PreparedGraph> of(GraphForm form, int images) {
    return prepared.computeIfAbsent(new Numbered(form, images), key -> prepare(form, images));
  }

  private Optional<PreparedGraph> prepare(GraphForm form, int images) {
    EngineChoice usual = taken.get(form);
    Optional<PreparedGraph> made =
        Stream.concat(Stream.ofNullable(usual), rankings.computeIfAbsent(form, this::rank).stream())
            .distinct()
            .flatMap(choice -> prepare(form, images, choice).stream())
            .findFirst();
    Optional<EngineChoice> now = made.map(PreparedGraph::choice);
    if (usual == null) {
      now.ifPresent(choice -> taken.put(form, choice));
    } else if (!now.equals(Optional.of(usual))) {
      LOG.log(
          Level.WARNING,
          () ->
              "cuDNN's " + usual + " refuses " + images + " images of a graph, " + now.map(Object::toString).orElse("none")
                  + " takes them: their bits may differ from those in other batches");
    }
    return made;
  }

  private List<EngineChoice> rank(GraphForm form) {
    try (OperationGraph graph = graph(form, nominal(form))) {
      return EngineRanking.of(card, graph, EnginePolicy.of(form.type(), tf32), !form.isFused());
    }
  }

  private Optional<PreparedGraph> prepare(GraphForm form, int images, EngineChoice choice) {
    OperationGraph graph = graph(form, images);
    try {
      Optional<ExecutionPlan> plan = ExecutionPlan.of(card, graph, choice);
      if (plan.isPresent()) {
        return Optional.of(new PreparedGraph(graph, plan.get(), choice));
      }
    } catch (RuntimeException e) {
      Closing.after(e, graph::close);
      throw e;
    }
    graph.close();
    return Optional.empty();
  }

  private OperationGraph graph(GraphForm form, int images) {
    return OperationGraph.of(card, builder -> form.describe(builder, images));
  }

  @Override
  public void close() {
    List<PreparedGraph> all = prepared.values().stream().flatMap(Optional::stream).toList();
    prepared.clear();
    Closing.each(all, PreparedGraph::close);
  }
}
