package dev.unnoise.backend.host;

import dev.unnoise.graph.Node;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.NodeTime;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The sampling loop of backends in host memory. Images do not depend on each other, so each runs through all its steps
 * on one evaluator while its data is in that core's cache; nothing waits for another image. That also makes every
 * image independent of the batch it is in.
 */
public final class HostProgram implements Program {
  private final Engine engine;
  private final int batch;
  private final Shape sample;
  private final int sampleElements;
  private final int outputElements;

  public HostProgram(Engine engine, int batch) {
    this.engine = engine;
    this.batch = batch;
    this.sample = engine.network().sampleShape();
    this.sampleElements = Math.toIntExact(sample.elements());
    this.outputElements = Math.toIntExact(engine.network().outputShape().elements());
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public RunReport sample(SamplingJob job) {
    requireFit(job.evaluationsPerStep());
    ImageState[] states = new ImageState[job.images()];
    ConditioningTable table = new ConditioningTable(engine, job);
    Progress progress = new Progress(job);
    int steps = job.table().rows().size();
    long[] launches = new long[1];
    long began = System.nanoTime();
    long allocated = -1;
    for (int first = 0; first < steps; first += table.stepsAtOnce()) {
      int from = first;
      int to = Math.min(first + table.stepsAtOnce(), steps);
      table.fill(first);
      if (allocated < 0) {
        engine.forEachImage(Math.min(engine.lanes(), job.images()), (evaluator, n) -> launches[0] = evaluator.launches());
        allocated = engine.allocations();
      }
      engine.forEachImage(job.images(), (evaluator, n) -> advance(job, table, states, evaluator, n, from, to, progress));
    }
    long perStep = launches[0] * job.evaluationsPerStep();
    return new RunReport(
        (long) job.images() * steps, System.nanoTime() - began, perStep, 0, engine.allocations() - allocated);
  }

  private void advance(
      SamplingJob job,
      ConditioningTable table,
      ImageState[] states,
      Evaluator evaluator,
      int n,
      int from,
      int to,
      Progress progress) {
    if (from == 0) {
      states[n] = new ImageState(sample, job.table().readsHistory());
      states[n].start(job, n);
    }
    ImageState state = states[n];
    ReverseStep reverseStep = new ReverseStep(job, sampleElements);
    float[] labelled = new float[outputElements];
    Optional<float[]> unlabelled = job.guidance().map(guidance -> new float[outputElements]);
    int label = job.labels().length == 0 ? 0 : job.labels()[n];
    for (int step = from; step < to; step++) {
      StepRow row = job.table().rows().get(step);
      float timestep = (float) row.timestep();
      evaluator.evaluate(state.x(), timestep, table.rows(), table.offset(step, label), labelled);
      if (unlabelled.isPresent()) {
        int offset = table.offset(step, job.guidance().get().nullLabel());
        evaluator.evaluate(state.x(), timestep, table.rows(), offset, unlabelled.get());
      }
      reverseStep.apply(row, state, job.indices()[n], labelled, unlabelled.orElse(null));
      progress.advance();
    }
    if (to == job.table().rows().size()) {
      state.finish(job.output(), n);
    }
  }

  /** Counts image-steps of all evaluators and stops them together. */
  private static final class Progress {
    private final SamplingJob job;
    private final long total;
    private long done;
    private boolean stopped;

    Progress(SamplingJob job) {
      this.job = job;
      this.total = (long) job.images() * job.table().rows().size();
    }

    synchronized void advance() {
      done++;
      if (!stopped && !job.monitor().advanced(done, total)) {
        stopped = true;
      }
      if (stopped) {
        throw new CancellationException("sampling was stopped after " + done + " of " + total + " image-steps");
      }
    }
  }

  @Override
  public void predict(PredictionJob job) {
    requireFit(job.images());
    int labelled = job.labels().length;
    float[] timesteps = new float[job.images()];
    float[] labels = new float[job.images()];
    for (int n = 0; n < job.images(); n++) {
      timesteps[n] = (float) job.timestep();
      labels[n] = labelled == 0 ? 0 : job.labels()[n];
    }
    int width = engine.network().conditioningWidth();
    float[] table = new float[job.images() * width];
    engine.condition(timesteps, labels, table);
    engine.forEachImage(
        job.images(),
        (evaluator, n) -> {
          float[] x = new float[sampleElements];
          float[] output = new float[outputElements];
          MemorySegment.copy(
              job.input(), ValueLayout.JAVA_FLOAT_UNALIGNED, (long) n * x.length * Float.BYTES, x, 0, x.length);
          evaluator.evaluate(x, timesteps[n], table, n * width, output);
          long at = (long) n * output.length * Float.BYTES;
          MemorySegment.copy(output, 0, job.output(), ValueLayout.JAVA_FLOAT_UNALIGNED, at, output.length);
        });
  }

  @Override
  public List<NodeTime> profile() {
    List<Node> nodes = engine.network().denoiser().nodes();
    AtomicLongArray total = new AtomicLongArray(nodes.size());
    engine.forEachImage(
        batch,
        (evaluator, n) -> {
          long[] nanos = new long[nodes.size()];
          evaluator.time(nanos);
          for (int i = 0; i < nanos.length; i++) {
            total.addAndGet(i, nanos[i]);
          }
        });
    int lanes = Math.min(engine.lanes(), batch);
    List<NodeTime> times = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      times.add(new NodeTime(nodes.get(i), total.get(i) / lanes));
    }
    return times;
  }

  private void requireFit(int evaluations) {
    if (evaluations > batch) {
      throw new IllegalArgumentException(
          evaluations + " evaluations at once do not fit a program compiled for " + batch);
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
