package dev.unnoise.sampling;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A network on a device, ready to sample. Weights are placed once; the program of the last batch size is kept. One
 * caller at a time.
 */
public final class Pipeline implements AutoCloseable {
  private final Device device;
  private final Network network;
  private final LoadedNetwork loaded;
  private Program program;

  /**
   * Loads a network.
   *
   * @param device stays the caller's, and open as long as the pipeline is
   * @param network see {@link dev.unnoise.model.UNet}
   */
  public Pipeline(Device device, Network network, Weights weights, Precision precision) {
    this.device = device;
    this.network = network;
    this.loaded = device.load(network, weights, precision);
  }

  /** The network as it lies on the device. */
  public LoadedNetwork loaded() {
    return loaded;
  }

  /** A program for at least this many evaluations at once. */
  public Program program(int evaluations) {
    if (program == null || program.batch() != evaluations) {
      closeProgram();
      program = loaded.compile(evaluations);
    }
    return program;
  }

  /**
   * Images at once that suit the device: as many as are wanted and as raise its throughput, if memory does.
   *
   * @param evaluationsPerImage 2 under guidance, else 1
   */
  public int suitableBatch(long count, int evaluationsPerImage) {
    long wanted = Math.min(count, Math.max(1, device.info().preferredBatch() / evaluationsPerImage));
    long memory = device.info().memoryBytes();
    int batch = Math.toIntExact(wanted);
    while (batch > 1 && memory > 0 && !fits(batch * evaluationsPerImage, memory)) {
      batch = (batch + 1) / 2;
    }
    return batch;
  }

  private boolean fits(int evaluations, long memory) {
    return loaded.parameterBytes() + loaded.programBytes(evaluations) <= memory / 10 * 8;
  }

  /**
   * Samples images and hands them over batch by batch.
   *
   * @throws java.util.concurrent.CancellationException if the request's monitor asked for it
   */
  public SampleReport sample(SampleRequest request, ImageConsumer consumer) {
    Program sampler = sampler(request);
    Shape shape = network.sampleShape();
    int batch = batch(request);
    Totals totals = new Totals(request);
    long bytesPerImage = request.form().bytes(shape);
    SampleReport report = SampleReport.NOTHING;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment images = arena.allocate(batch * bytesPerImage, Float.BYTES);
      for (long done = 0; done < request.count(); done += batch) {
        int now = Math.toIntExact(Math.min(batch, request.count() - done));
        RunReport run = sampler.sample(job(request, shape, done, now, images, totals));
        totals.finish(run.imageSteps());
        report = report.plus(now, run);
        consumer.accept(images.asSlice(0, now * bytesPerImage), now);
      }
    }
    return report;
  }

  /** Measures every launch of the first step of a request's first batch, in order; see {@link Program#profile}. */
  public List<LaunchTime> profile(SampleRequest request, Repeats repeats) {
    Program sampler = sampler(request);
    Shape shape = network.sampleShape();
    int batch = batch(request);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment images = arena.allocate(batch * request.form().bytes(shape), Float.BYTES);
      return sampler.profile(job(request, shape, 0, batch, images, new Totals(request)), repeats);
    }
  }

  private static int batch(SampleRequest request) {
    return Math.toIntExact(Math.min(request.batch(), request.count()));
  }

  /** The program for a request that the network can fulfil. */
  private Program sampler(SampleRequest request) {
    Shape shape = network.sampleShape();
    int outputChannels = network.outputShape().channels();
    if (outputChannels != shape.channels() && outputChannels != 2 * shape.channels()) {
      throw new UnnoiseException(
          "the network predicts " + outputChannels + " channels for images of " + shape.channels()
              + ", expected as many or twice as many");
    }
    if (request.table().learnedVariance() && outputChannels != 2 * shape.channels()) {
      throw new UnnoiseException(
          "variance_type asks for a learned variance, but the network predicts " + outputChannels
              + " channels for images of " + shape.channels() + ", expected twice as many");
    }
    request.table().rows().forEach(row -> network.requireTimestep(row.timestep()));
    int evaluationsPerImage = request.guidance().isPresent() ? 2 : 1;
    return program(batch(request) * evaluationsPerImage);
  }

  private static SamplingJob job(
      SampleRequest request, Shape shape, long done, int images, MemorySegment destination, Totals totals) {
    long first = request.firstIndex() + done;
    long[] indices = new long[images];
    for (int n = 0; n < images; n++) {
      indices[n] = first + n;
    }
    long noiseBytes = shape.elements() * Float.BYTES;
    Optional<MemorySegment> noise =
        request.initialNoise().map(all -> all.asSlice(done * noiseBytes, images * noiseBytes));
    return new SamplingJob(
        request.table(),
        request.seed(),
        indices,
        request.labels().of(first, images),
        request.guidance(),
        noise,
        new Output(request.form(), destination),
        totals);
  }

  /** Tells the request's monitor of image-steps over all batches. */
  private static final class Totals implements RunMonitor {
    private final RunMonitor monitor;
    private final long total;
    private long before;

    Totals(SampleRequest request) {
      this.monitor = request.monitor();
      this.total = request.count() * request.table().rows().size();
    }

    void finish(long imageSteps) {
      before += imageSteps;
    }

    @Override
    public boolean advanced(long done, long ofBatch) {
      return monitor.advanced(before + done, total);
    }
  }

  /** Evaluates the network once on a batch; see {@link PredictionJob}. */
  public void predict(PredictionJob job) {
    network.requireTimestep(job.timestep());
    program(job.images()).predict(job);
  }

  private void closeProgram() {
    if (program != null) {
      // Forgotten first: closing fails on a lost device, and a closed program must not be taken for the one wanted.
      Program closing = program;
      program = null;
      closing.close();
    }
  }

  @Override
  public void close() {
    try (loaded) {
      closeProgram();
    }
  }
}
