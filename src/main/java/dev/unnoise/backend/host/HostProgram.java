package dev.unnoise.backend.host;

import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
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
    ImageState[] states = states(job);
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

  private ImageState[] states(SamplingJob job) {
    ImageState[] states = new ImageState[job.images()];
    Arrays.setAll(states, n -> new ImageState(sample, job.table().readsHistory()));
    return states;
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
  public List<LaunchTime> profile(SamplingJob job, Repeats repeats) {
    requireFit(job.evaluationsPerStep());
    List<Node> nodes = engine.network().denoiser().nodes();
    ConditioningTable table = new ConditioningTable(engine, job);
    table.fill(0);
    ImageState[] states = states(job);
    Clocks clocks = new Clocks(new AtomicLongArray(nodes.size()), new AtomicLong(), new ComputedBy[nodes.size()]);
    engine.forEachGroup(
        job.images(),
        job.guidance().isPresent() ? 2 : 1,
        (evaluator, first, count) -> {
          for (int n = first; n < first + count; n++) {
            states[n].start(job, n);
          }
          GroupRun group = new GroupRun(job, table, states, first, count, sample, outputElements);
          clocks.measure(evaluator, group, repeats);
          if (first == 0) {
            Arrays.setAll(clocks.by(), evaluator::computedBy);
          }
        });
    double launches = (double) engine.lanes(job.images()) * repeats.counted();
    List<LaunchTime> times = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      ComputedBy by = clocks.by()[i];
      double nanos = clocks.nodes().get(i) / launches;
      times.add(LaunchTime.of(nodes.get(i), job.evaluationsPerStep(), by.by(), by.detail(), nanos));
    }
    times.add(reverseStep(job, clocks.reversing().get() / launches));
    return times;
  }

  /**
   * What lanes measure together.
   *
   * @param nodes nanoseconds of each
   * @param reversing nanoseconds of reverse steps
   * @param by what computes each node
   */
  private record Clocks(AtomicLongArray nodes, AtomicLong reversing, ComputedBy[] by) {
    void measure(Evaluator evaluator, GroupRun group, Repeats repeats) {
      // Once at least: operands are numbers then.
      for (int i = 0; i < Math.max(repeats.warm(), 1); i++) {
        group.step(evaluator, 0);
      }
      long[] nanos = new long[nodes.length()];
      for (int i = 0; i < repeats.counted(); i++) {
        evaluator.time(group.evaluations(), nanos);
        long began = System.nanoTime();
        group.reverse(0);
        reversing.addAndGet(System.nanoTime() - began);
      }
      for (int i = 0; i < nanos.length; i++) {
        nodes.addAndGet(i, nanos[i]);
      }
    }
  }

  private LaunchTime reverseStep(SamplingJob job, double nanos) {
    Graph denoiser = engine.network().denoiser();
    Tensor x = denoiser.input(Network.SAMPLE);
    long bytes = 2 * x.bytes() * job.images() + denoiser.output().bytes() * job.evaluationsPerStep();
    String shape = LaunchTime.shape(List.of(denoiser.output()), x);
    ComputedBy by = ComputedBy.JAVA;
    return new LaunchTime("reverse_step", LaunchTime.SAMPLING, shape, by.by(), by.detail(), 0, bytes, nanos);
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
