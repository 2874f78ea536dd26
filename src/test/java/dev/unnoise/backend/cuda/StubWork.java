package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.cuda.cublaslt.CublasLt;
import dev.unnoise.backend.cuda.cudnn.Cudnn;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.graph.run.UserCache;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What programs that run the backend on stub libraries have in common: small work, and what has to be true after it. */
final class StubWork {
  static final int ILLEGAL_ADDRESS = 700;
  static final int CUDNN_INTERNAL_ERROR = 4000;
  static final int STEPS = 3;

  final StubControl control;

  /** Drawn once: the same few networks are loaded very often. */
  final Weights weights = new Drawn(new NormalWeights(1), new HashMap<>());

  private final Path cache;
  private int caches;

  private record Drawn(Weights source, Map<Parameter.Stored, float[]> known) implements Weights {
    @Override
    public float[] load(Parameter.Stored parameter) {
      return known.computeIfAbsent(parameter, source::load).clone();
    }
  }

  /** Takes the folder of the stubs and one for caches. */
  StubWork(String[] arguments) {
    System.setProperty("unnoise.cuda.path", arguments[0]);
    System.setProperty(UserCache.PROPERTY, arguments[1]);
    control = new StubControl(Path.of(arguments[0]));
    cache = Path.of(arguments[1]);
  }

  /** The least work there is: with classes, and too narrow for the vendor's libraries. */
  static Network tiny() {
    return LongStream.range(0, 200)
        .mapToObj(RandomNetworks::config)
        .filter(one -> one.labelled() && one.outChannels() == one.inChannels())
        .map(RandomNetworks::network)
        .min(Comparator.comparingLong(Network::flop))
        .orElseThrow();
  }

  /** A network whose convolutions are the vendor's, as small as that goes. */
  static Network compact() {
    return RandomNetworks.network(RandomNetworks.compact());
  }

  static Device open() {
    return open(0);
  }

  static Device open(int card) {
    return Backends.open("cuda", card).device();
  }

  Pipeline pipeline(Device device, Network network) {
    return new Pipeline(device, network, weights, Precision.FP32);
  }

  static StepTable table(int steps) {
    return table("ddim", steps, new SamplerOptions(OptionalDouble.of(1)));
  }

  static StepTable table(String sampler, int steps) {
    return table(sampler, steps, SamplerOptions.DEFAULT);
  }

  private static StepTable table(String sampler, int steps, SamplerOptions options) {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    return Samplers.named(sampler).orElseThrow().table(scheduler, steps, options);
  }

  static SampleRequest request(Network network, int steps) {
    return request(network, steps, 2);
  }

  static SampleRequest request(Network network, int steps, int images) {
    return request(network, table(steps), images);
  }

  static SampleRequest request(Network network, StepTable table, int images) {
    SampleRequest request = SampleRequest.of(table, images).as(Output.Form.FLOAT32_CHW);
    return network.labelled() ? request.labelled(new Labels(List.of(0, 1)), Optional.empty()) : request;
  }

  /** Images one after another, and how it went. */
  record Sampled(float[] images, SampleReport report) {}

  static Sampled sample(Pipeline pipeline, SampleRequest request) {
    float[][] images = new float[1][];
    SampleReport report =
        pipeline.sample(request, (segment, count) -> images[0] = segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
    return new Sampled(images[0], report);
  }

  float[] sampleOn(Device device, Network network) {
    try (Pipeline pipeline = pipeline(device, network)) {
      return sample(pipeline, request(network, STEPS)).images();
    }
  }

  /** From opening a card to closing it again. */
  float[] live(Network network) {
    try (Device device = open()) {
      return sampleOn(device, network);
    }
  }

  /** As {@link #live}, with everything working and nothing left over from before. */
  float[] liveUndisturbed(Network network, String when) {
    control.reset();
    float[] images = live(network);
    requireNothingLeft(when);
    return images;
  }

  /** Works with a cache in which nothing is compiled. */
  <T> T withFreshCache(Supplier<T> work) {
    Path fresh = cache.resolve("fresh" + caches++);
    System.setProperty(UserCache.PROPERTY, fresh.toString());
    try {
      return work.get();
    } finally {
      System.setProperty(UserCache.PROPERTY, cache.toString());
      delete(fresh);
    }
  }

  /** The files of plans that earlier work has left, which it would not compile again. */
  List<Path> plans() {
    Path folder = cache.resolve("cuda");
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.getFileName().toString().startsWith("plan-")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets engines be looked for again. */
  void forgetPlans() {
    plans().forEach(StubWork::delete);
  }

  private static void delete(Path folder) {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(one);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Nobody holds anything, as the stubs and the backend itself count, and nothing was done that must not be. */
  void requireNothingLeft(String when) {
    assertEquals(Map.of(), control.alive(), when);
    assertEquals(List.of(), control.violations(), when);
    assertEquals(0, Driver.held(), when);
    assertEquals(0, Cudnn.held(), when);
    assertEquals(0, CublasLt.held(), when);
  }

  /** The first, a middle and the last of so many calls. */
  static TreeSet<Long> places(String name, long calls) {
    assertTrue(calls > 0, name + " is never called");
    return new TreeSet<>(Arrays.asList(1L, (calls + 1) / 2, calls));
  }

  /** How messages call a function. */
  static String called(String function) {
    return function.replaceFirst("_v2$", "").replaceFirst("WithFlags$", "");
  }
}
