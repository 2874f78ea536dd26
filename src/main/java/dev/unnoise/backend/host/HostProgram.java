package dev.unnoise.backend.host;

import dev.unnoise.graph.Node;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.NodeTime;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The sampling loop of backends in host memory. Images do not depend on each other, so each group of them runs through
 * all its steps on one evaluator and waits for no other. That also makes an image independent of the batch it is in.
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
    int images = job.images();
    int perImage = job.guidance().isPresent() ? 2 : 1;
    int steps = job.table().rows().size();
    long[] launches = new long[1];
    engine.forEachGroup(images, perImage, (evaluator, first, count) -> launches[0] = evaluator.launches());
    long allocations = 0;
    long began = System.nanoTime();
    ImageState[] states = new ImageState[images];
    for (int n = 0; n < images; n++) {
      states[n] = new ImageState(sample, job.table().readsHistory());
    }
    ConditioningTable table = new ConditioningTable(engine, job);
    Progress progress = new Progress(job);
    for (int from = 0; from < steps; from += table.stepsAtOnce()) {
      table.fill(from);
      int firstStep = from;
      int afterStep = Math.min(from + table.stepsAtOnce(), steps);
      long allocationsBefore = engine.allocations();
      engine.forEachGroup(
          images,
          perImage,
          (evaluator, first, count) -> {
            if (firstStep == 0) {
              for (int n = first; n < first + count; n++) {
                states[n].start(job, n);
              }
            }
            GroupRun group = new GroupRun(job, table, states, first, count, sample, outputElements);
            for (int step = firstStep; step < afterStep; step++) {
              group.step(evaluator, step);
              progress.advance(count);
            }
            if (afterStep == steps) {
              for (int n = first; n < first + count; n++) {
                states[n].finish(job, n);
              }
            }
          });
      allocations += engine.allocations() - allocationsBefore;
    }
    return new RunReport(
        (long) images * steps, System.nanoTime() - began, launches[0] * job.evaluationsPerStep(), 0, allocations);
  }

  /** Counts image-steps of all evaluators and stops them together. */
  private static final class Progress {
    private final SamplingJob job;
    private final long total;
    private long done;
    private boolean stopped;

    Progress(SamplingJob job) {
      this.job = job;
      this.total = job.imageSteps();
    }

    synchronized void advance(int imageSteps) {
      done += imageSteps;
      stopped = stopped || !job.monitor().advanced(done, total);
      if (stopped) {
        throw job.stopped(done);
      }
    }
  }

  @Override
  public void predict(PredictionJob job) {
    requireFit(job.images());
    float[] timesteps = new float[job.images()];
    float[] labels = new float[job.images()];
    for (int n = 0; n < job.images(); n++) {
      timesteps[n] = (float) job.timestep();
      labels[n] = job.labels().length == 0 ? 0 : job.labels()[n];
    }
    int width = engine.network().conditioningWidth();
    float[] table = new float[job.images() * width];
    engine.condition(timesteps, labels, table);
    engine.forEachGroup(
        job.images(),
        1,
        (evaluator, first, count) -> {
          Evaluation[] evaluations = new Evaluation[count];
          for (int i = 0; i < count; i++) {
            float[] x = new float[sampleElements];
            long at = (long) (first + i) * sampleElements * Float.BYTES;
            MemorySegment.copy(job.input(), ValueLayout.JAVA_FLOAT_UNALIGNED, at, x, 0, sampleElements);
            evaluations[i] = new Evaluation(x, new float[outputElements]);
            evaluations[i].set(timesteps[first + i], table, (first + i) * width);
          }
          evaluator.evaluate(evaluations, count);
          for (int i = 0; i < count; i++) {
            long at = (long) (first + i) * outputElements * Float.BYTES;
            MemorySegment.copy(
                evaluations[i].output(), 0, job.output(), ValueLayout.JAVA_FLOAT_UNALIGNED, at, outputElements);
          }
        });
  }

  @Override
  public List<NodeTime> profile() {
    List<Node> nodes = engine.network().denoiser().nodes();
    AtomicLongArray total = new AtomicLongArray(nodes.size());
    engine.forEachGroup(
        batch,
        1,
        (evaluator, first, count) -> {
          long[] nanos = new long[nodes.size()];
          evaluator.time(count, nanos);
          for (int i = 0; i < nanos.length; i++) {
            total.addAndGet(i, nanos[i]);
          }
        });
    List<NodeTime> times = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      times.add(new NodeTime(nodes.get(i), total.get(i) / engine.lanes(batch)));
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
