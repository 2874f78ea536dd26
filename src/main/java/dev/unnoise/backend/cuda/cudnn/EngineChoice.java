package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Held;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An engine of cuDNN's with its settings. The heuristics' own configuration belongs to the graph that they were asked
 * about; this can be made again for a graph of another number of images, and then computes every image alike.
 *
 * @param engine the library's number of it
 */
record EngineChoice(long engine, List<Knob> knobs) {
  /** Numbers of parts that a sum is shared among, unless they are 0 or 1: which part is added first is not said. */
  private static final Set<Integer> PARTS =
      Set.of(
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_K(),
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_K_SLC(),
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_H(),
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_RS(),
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_COLS(),
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_P_SLC());

  /** Ways of sharing sums, of which 0 is none. */
  private static final Set<Integer> MODES =
      Set.of(
          cudnn_h.CUDNN_KNOB_TYPE_SPLIT_K_BUF(),
          cudnn_h.CUDNN_KNOB_TYPE_CTA_SPLIT_K_MODE(),
          cudnn_h.CUDNN_KNOB_TYPE_STREAM_K());

  /** More than engines have. */
  private static final int MOST_KNOBS = 64;

  EngineChoice {
    knobs = List.copyOf(knobs);
  }

  /**
   * A setting.
   *
   * @param type one of {@code CUDNN_KNOB_TYPE_…}
   */
  record Knob(int type, long value) {
    @Override
    public String toString() {
      return type + "=" + value;
    }
  }

  /** For example {@code engine 62 with 2=0 13=1}: knobs by the library's numbers of their types. */
  @Override
  public String toString() {
    String values = knobs.stream().map(Knob::toString).collect(Collectors.joining(" "));
    return "engine " + engine + (values.isEmpty() ? "" : " with " + values);
  }

  /** Whether sums are split in a way that may depend on how many images there are. */
  boolean splitsSums() {
    return knobs.stream()
        .anyMatch(
            knob ->
                knob.value() != 0
                    && (MODES.contains(knob.type()) || PARTS.contains(knob.type()) && knob.value() != 1));
  }

  /** What a configuration of the heuristics' says. */
  static EngineChoice of(Descriptor configuration, Descriptor engine) {
    try (Held held = new Held()) {
      List<Descriptor> slots = new ArrayList<>();
      for (int i = 0; i < MOST_KNOBS; i++) {
        slots.add(held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR(), "knob choice")));
      }
      int filled = configuration.fill(cudnn_h.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES(), slots);
      List<Knob> knobs =
          slots.subList(0, filled).stream()
              .map(
                  slot ->
                      new Knob(
                          slot.choices(
                              cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE(), cudnn_h.CUDNN_TYPE_KNOB_TYPE(), 1)[0],
                          slot.integer(cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE())))
              .toList();
      return new EngineChoice(engine.integer(cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX()), knobs);
    }
  }

  /**
   * The configuration of this engine for a graph; what it is made of is given to {@code held}.
   *
   * @return nothing if the engine does not take such a graph
   */
  Optional<Descriptor> configuration(Card card, OperationGraph graph, Held held) {
    Descriptor made =
        held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR(), "engine " + engine))
            .descriptor(cudnn_h.CUDNN_ATTR_ENGINE_OPERATION_GRAPH(), graph.descriptor())
            .longs(cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX(), engine);
    card.engine(made);
    if (!made.finishIfSupported(card)) {
      return Optional.empty();
    }
    List<Descriptor> settings = new ArrayList<>();
    for (Knob knob : knobs) {
      settings.add(
          held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR(), "knob choice"))
              .choice(cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE(), cudnn_h.CUDNN_TYPE_KNOB_TYPE(), knob.type())
              .longs(cudnn_h.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE(), knob.value())
              .finish());
    }
    Descriptor configuration =
        held.own(new Descriptor(cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), "configuration of engine " + engine))
            .descriptor(cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), made);
    if (!settings.isEmpty()) {
      configuration.descriptors(cudnn_h.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES(), settings);
    }
    return configuration.finishIfSupported(card) ? Optional.of(configuration) : Optional.empty();
  }
}
