package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.KeptFiles;
import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.Switch;
import dev.unnoise.graph.run.BackendException;
import java.util.concurrent.TimeUnit;

/** What plans of a card are made by in every precision: a handle, threads that compile, and files. */
public final class PlanMaker implements AutoCloseable {
  /**
   * {@code false} gives every graph of cuDNN's one operation: a kernel of ours adds biases and residuals, and cuDNN
   * computes no attention. To tell faults apart, and for comparisons.
   */
  public static final String FUSED_PROPERTY = "unnoise.cudnn.fused";

  /** Seconds after which compiling a plan is given up. */
  public static final String SECONDS_PROPERTY = "unnoise.cudnn.seconds";

  private static final int DEFAULT_SECONDS = 10;
  private static final int MOST_SECONDS = 3600;

  /** Engines may take one part of so many of the card's memory for a workspace. */
  private static final long WORKSPACE_PARTS = 16;

  private final CudaContext context;
  private final boolean fuses;
  private final Held held = new Held();
  private final Cudnn cudnn;
  private final PreparedGraphs.Settings settings;

  /**
   * Opens the library on a card.
   *
   * @param nominal at how many images engines are chosen
   * @param machine card, driver and libraries, by their names and versions: plans of others do not count
   * @throws BackendException if the library refuses, or a property has no such value
   */
  public PlanMaker(CudaContext context, Nominal nominal, String machine) {
    this.context = context;
    this.fuses = Switch.isOn(FUSED_PROPERTY);
    long limit = TimeUnit.SECONDS.toNanos(seconds());
    try {
      // The first handle is made alone: several at once may wait for one another.
      this.cudnn = held.own(new Cudnn(context));
      PlanCompiler compiler = held.own(new PlanCompiler(() -> new Cudnn(context), limit));
      PlanStore store = new PlanStore(KeptFiles.ofUser(), machine);
      this.settings =
          new PreparedGraphs.Settings(compiler, store, nominal, context.info().memoryBytes() / WORKSPACE_PARTS);
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
  }

  private static int seconds() {
    String text = System.getProperty(SECONDS_PROPERTY, Integer.toString(DEFAULT_SECONDS));
    try {
      int seconds = Integer.parseInt(text);
      if (seconds >= 1 && seconds <= MOST_SECONDS) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // What is wrong with it is said below, as of other wrong values.
    }
    throw new BackendException(
        SECONDS_PROPERTY + " is " + text + ", expected a whole number within [1, " + MOST_SECONDS + "]");
  }

  CudaContext context() {
    return context;
  }

  boolean fuses() {
    return fuses;
  }

  Cudnn cudnn() {
    return cudnn;
  }

  PreparedGraphs.Settings settings() {
    return settings;
  }

  @Override
  public void close() {
    held.close();
  }
}
