package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.LibraryTrial;
import dev.unnoise.graph.run.BackendException;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Graphs with their plans, each made once for a card. The engine of a form is chosen at the nominal number of images,
 * whatever number is wanted first, and computes all others: the first in the library's order that takes the form and
 * computes what our kernels compute. Where it refuses another number of images it gives way to the next, which may round
 * otherwise: that is logged as a warning.
 */
final class PreparedGraphs implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PreparedGraphs.class.getName());

  private final Card card;
  private final Settings settings;
  private final boolean tf32;
  private final Map<FormAndImages, Optional<PlanStore.Entry>> read = new HashMap<>();
  private final Map<GraphForm, Optional<EngineChoice>> chosen = new HashMap<>();
  private final Map<GraphForm, Choosing> choosing = new HashMap<>();
  private final Map<FormAndImages, PlanCompiler.Task<Optional<SavedPlan>>> compiling = new HashMap<>();
  private final Map<FormAndImages, Optional<PreparedGraph>> prepared = new HashMap<>();

  private record FormAndImages(GraphForm form, int images) {
    @Override
    public String toString() {
      return form.title() + ", " + images + " images";
    }
  }

  /** The plan of the first engine for the nominal number of images, and its plan for the number that is wanted. */
  private record FirstPlans(Optional<SavedPlan> nominal, int images, Optional<SavedPlan> wanted) {}

  /** A search whose first plans are being compiled. */
  private record Choosing(EngineSearch search, PlanCompiler.Task<FirstPlans> first) {}

  /**
   * What graphs are prepared by.
   *
   * @param nominal at how many images engines are chosen
   * @param mostWorkspace bytes; engines that want more are not taken
   */
  record Settings(PlanCompiler compiler, PlanStore store, Nominal nominal, long mostWorkspace) {}

  /** Runs a plan on scratch operands. */
  @FunctionalInterface
  interface Trial {
    LibraryTrial.Verdict of(PreparedGraph graph, int images);
  }

  /**
   * None yet.
   *
   * @param tf32 whether products in single precision may round their inputs to 10 bits
   */
  PreparedGraphs(Card card, Settings settings, boolean tf32) {
    this.card = card;
    this.settings = settings;
    this.tf32 = tf32;
  }

  private EnginePolicy policy(GraphForm form) {
    return EnginePolicy.of(form.type(), tf32);
  }

  private int nominal(GraphForm form) {
    return settings.nominal().images(form.largestTensor());
  }

  /** Begins to compile what {@link #of} will be asked for, unless it is there. */
  void prepareAhead(GraphForm form, int images) {
    FormAndImages wanted = new FormAndImages(form, images);
    if (prepared.containsKey(wanted) || choosing.containsKey(form) || compiling.containsKey(wanted)) {
      return;
    }
    Optional<EngineChoice> choice = chosen.computeIfAbsent(form, this::storedChoice);
    if (choice == null) {
      EngineSearch search = search(form, nominal(form));
      choosing.put(form, new Choosing(search, submit(wanted, handle -> first(handle, search, wanted))));
    } else if (choice.isPresent() && isToCompile(form, images)) {
      compiling.put(wanted, compile(wanted, choice.get()));
    }
  }

  private PlanCompiler.Task<Optional<SavedPlan>> compile(FormAndImages wanted, EngineChoice choice) {
    return submit(wanted, handle -> EngineSearch.compile(handle, wanted.form(), wanted.images(), choice));
  }

  private FirstPlans first(Card handle, EngineSearch search, FormAndImages wanted) {
    GraphForm form = wanted.form();
    Optional<SavedPlan> nominal = search.next(handle);
    Optional<SavedPlan> other =
        nominal(form) == wanted.images()
            ? nominal
            : nominal.flatMap(plan -> EngineSearch.compile(handle, form, wanted.images(), plan.choice()));
    return new FirstPlans(nominal, wanted.images(), other);
  }

  private <T> PlanCompiler.Task<T> submit(FormAndImages what, Function<Card, T> work) {
    return settings.compiler().submit(what.toString(), work);
  }

  private EngineSearch search(GraphForm form, int images) {
    return new EngineSearch(form, images, policy(form), settings.compiler().limitNanos());
  }

  /** The choice of an earlier process; null if there was none. */
  private Optional<EngineChoice> storedChoice(GraphForm form) {
    return stored(form, nominal(form)).map(entry -> entry.plan().map(SavedPlan::choice)).orElse(null);
  }

  /** An engine whose plans cannot be written down is known, and yet compiles. */
  private boolean isToCompile(GraphForm form, int images) {
    return stored(form, images).flatMap(PlanStore.Entry::plan).filter(plan -> !plan.text().isEmpty()).isEmpty();
  }

  /** Read once: a plan's text is long. */
  private Optional<PlanStore.Entry> stored(GraphForm form, int images) {
    return read.computeIfAbsent(
        new FormAndImages(form, images), _ -> settings.store().read(form, images, policy(form)));
  }

  /**
   * A graph for so many images.
   *
   * @return nothing if no engine takes it
   */
  Optional<PreparedGraph> of(GraphForm form, int images, Trial trial) {
    FormAndImages wanted = new FormAndImages(form, images);
    Optional<PreparedGraph> known = prepared.get(wanted);
    if (known != null) {
      return known;
    }
    prepareAhead(form, images);
    Optional<SavedPlan> compiled = Optional.empty();
    if (!chosen.containsKey(form)) {
      Choosing begun = choosing.remove(form);
      Optional<FirstPlans> first = begun.first().await();
      chosen.put(form, first.flatMap(found -> choose(form, begun.search(), found.nominal(), trial)));
      compiled = first.filter(found -> found.images() == images).flatMap(FirstPlans::wanted);
    } else if (compiling.containsKey(wanted)) {
      compiled = compiling.remove(wanted).await().flatMap(plan -> plan);
    }
    if (!prepared.containsKey(wanted)) {
      Optional<SavedPlan> there = compiled;
      prepared.put(wanted, chosen.get(form).flatMap(choice -> prepare(wanted, choice, there, trial)));
    }
    read.remove(wanted);
    return prepared.get(wanted);
  }

  /** Chooses the engine of a form: the first of a search that is right. */
  private Optional<EngineChoice> choose(
      GraphForm form, EngineSearch search, Optional<SavedPlan> first, Trial trial) {
    FormAndImages nominal = new FormAndImages(form, nominal(form));
    Optional<PreparedGraph> found = firstRight(nominal, search, first, trial);
    prepared.put(nominal, found);
    return found.map(PreparedGraph::choice);
  }

  /**
   * Takes engines until one is right.
   *
   * @param first the search's first plan
   */
  private Optional<PreparedGraph> firstRight(
      FormAndImages wanted, EngineSearch search, Optional<SavedPlan> first, Trial trial) {
    Optional<SavedPlan> plan = first;
    boolean lasting = true;
    while (plan.isPresent()) {
      Tried tried = tried(wanted, plan.get(), trial);
      if (tried.graph().isPresent()) {
        return tried.graph();
      }
      lasting &= tried.lasting();
      plan = next(wanted, search);
    }
    LOG.log(Level.DEBUG, () -> wanted + ": no engine");
    if (lasting && search.hasEnded()) {
      keep(wanted, Optional.empty());
    }
    return Optional.empty();
  }

  private void keep(FormAndImages wanted, Optional<SavedPlan> plan) {
    read.remove(wanted);
    settings.store().write(wanted.form(), wanted.images(), policy(wanted.form()), new PlanStore.Entry(plan));
  }

  private Optional<SavedPlan> next(FormAndImages wanted, EngineSearch search) {
    return submit(wanted, search::next).await().flatMap(plan -> plan);
  }

  /** A form by the engine that was chosen for it. */
  private Optional<PreparedGraph> prepare(
      FormAndImages wanted, EngineChoice choice, Optional<SavedPlan> compiled, Trial trial) {
    GraphForm form = wanted.form();
    Optional<SavedPlan> kept =
        stored(form, wanted.images()).flatMap(PlanStore.Entry::plan).filter(plan -> plan.choice().equals(choice));
    // What is kept was tried when it was made.
    Optional<PreparedGraph> made = kept.flatMap(plan -> load(wanted, plan, false));
    if (made.isPresent()) {
      return made;
    }
    Supplier<Optional<SavedPlan>> again = () -> compile(wanted, choice).await().flatMap(plan -> plan);
    // The first engine may have turned out to be wrong.
    made =
        compiled
            .filter(plan -> plan.choice().equals(choice))
            .or(again)
            .flatMap(plan -> tried(wanted, plan, trial).graph());
    if (made.isPresent()) {
      return made;
    }
    EngineSearch others = search(form, wanted.images());
    Optional<PreparedGraph> other = firstRight(wanted, others, next(wanted, others), trial);
    LOG.log(
        Level.WARNING,
        () ->
            "cuDNN's " + choice + " refuses " + wanted.images() + " images of " + form.title() + ", "
                + other.map(graph -> graph.choice().toString()).orElse("no other")
                + " takes them: their bits may differ from those in other batches");
    return other;
  }

  /**
   * What became of a plan.
   *
   * @param graph nothing if it is not used
   * @param lasting whether it never will be, rather than not now
   */
  private record Tried(Optional<PreparedGraph> graph, boolean lasting) {
    static final Tried NEVER = new Tried(Optional.empty(), true);
    static final Tried NOT_NOW = new Tried(Optional.empty(), false);
  }

  /** Tries a plan, and keeps it if it is right. */
  private Tried tried(FormAndImages wanted, SavedPlan plan, Trial trial) {
    if (plan.workspaceBytes() > settings.mostWorkspace()) {
      LOG.log(Level.DEBUG, () -> wanted + ": " + plan + ": more than is granted");
      return Tried.NEVER;
    }
    Optional<PreparedGraph> made = load(wanted, plan, true);
    if (made.isEmpty()) {
      return Tried.NOT_NOW;
    }
    PreparedGraph graph = made.get();
    try {
      switch (trial.of(graph, wanted.images())) {
        case LibraryTrial.Verdict.Right _ -> keep(wanted, Optional.of(plan));
        case LibraryTrial.Verdict.NotTried(String why) ->
            LOG.log(Level.WARNING, () -> wanted + " is used without a trial: " + why);
        case LibraryTrial.Verdict.Wrong(String what) -> {
          passOver(wanted, graph, what);
          return Tried.NEVER;
        }
      }
    } catch (BackendException e) {
      if (!card.isAlive()) {
        Closing.after(e, graph::close);
        throw e;
      }
      // A plan that cannot be run is as good as none.
      passOver(wanted, graph, e.getMessage());
      return Tried.NOT_NOW;
    } catch (RuntimeException e) {
      Closing.after(e, graph::close);
      throw e;
    }
    return new Tried(made, true);
  }

  private static void passOver(FormAndImages wanted, PreparedGraph graph, String why) {
    LOG.log(Level.WARNING, () -> "cuDNN's " + graph.choice() + " is not used for " + wanted + ": " + why);
    graph.close();
  }

  /**
   * Makes a plan.
   *
   * @param compile whether it may be compiled again if its text is not taken
   */
  private Optional<PreparedGraph> load(FormAndImages wanted, SavedPlan plan, boolean compile) {
    OperationGraph graph = wanted.form().graph(card, wanted.images());
    try {
      Optional<ExecutionPlan> made =
          plan.text().isEmpty() ? Optional.empty() : ExecutionPlan.ofText(card, plan.text());
      if (made.isEmpty() && compile) {
        made = ExecutionPlan.of(card, graph, plan.choice());
      }
      if (made.isPresent()) {
        LOG.log(
            Level.DEBUG,
            () -> wanted + ": " + plan + (compile ? "" : " by an earlier run"));
        return Optional.of(new PreparedGraph(graph, made.get(), plan.choice()));
      }
    } catch (RuntimeException e) {
      Closing.after(e, graph::close);
      throw e;
    }
    graph.close();
    return Optional.empty();
  }

  @Override
  public void close() {
    List<PreparedGraph> all = prepared.values().stream().flatMap(Optional::stream).toList();
    prepared.clear();
    Closing.each(all, PreparedGraph::close);
  }
}
