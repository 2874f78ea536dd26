package dev.unnoise.testing;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.sampling.Backends;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Evaluates networks on backends and compares what they say. */
public final class Evaluate {
  private Evaluate() {}

  /** Every backend but {@code reference}, or the one that was asked for. */
  public static List<String> backendsUnderTest() {
    return Target.asked().map(List::of).orElse(List.of("cpu", "opencl"));
  }

  /** Every backend, or the one that was asked for. */
  public static List<String> allBackends() {
    return Target.asked().map(List::of).orElse(List.of("reference", "cpu", "opencl"));
  }

  /** Opens a backend's first device; see {@link #requireDevice} of one that has none here. */
  public static Device open(String backend) {
    requireDevice(backend);
    return Backends.open(backend, 0).device();
  }

  /**
   * Skips the running test if a backend has no device here, and says why. Backends that need no hardware always have
   * one, and one that was asked for has to.
   */
  public static void requireDevice(String name) {
    Backend backend =
        Backends.all().stream().filter(candidate -> candidate.name().equals(name)).findFirst().orElseThrow();
    if (backend.availability() instanceof Availability.Missing missing) {
      String problem = "backend " + name + ": " + missing.what() + "; " + missing.remedy();
      if (Target.asked().equals(Optional.of(name))) {
        Assertions.fail(problem);
      } else if (name.equals("opencl")) {
        Assumptions.abort(problem);
      }
    }
  }

  /** Float32 numbers as memory. */
  public static MemorySegment segment(float[] values) {
    return MemorySegment.ofArray(values);
  }

  /** The prediction for a batch, N,C,H,W. */
  public static float[] predict(
      Device device, Network network, Weights weights, float[] input, int images, double timestep, int... labels) {
    return predict(device, Precision.FP32, network, weights, input, images, timestep, labels);
  }

  /** The prediction in a precision, N,C,H,W. */
  public static float[] predict(
      Device device,
      Precision precision,
      Network network,
      Weights weights,
      float[] input,
      int images,
      double timestep,
      int... labels) {
    float[] output = new float[Math.toIntExact(images * network.outputShape().elements())];
    try (LoadedNetwork loaded = device.load(network, weights, precision);
        Program program = loaded.compile(images)) {
      program.predict(new PredictionJob(images, segment(input), timestep, labels, segment(output)));
    }
    return output;
  }

  public static float[] normals(long seed, long count) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Mean squared error as a share of the mean square of what is expected. */
  public static double normalizedError(float[] expected, float[] actual) {
    double error = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) expected[i] - actual[i];
      error += difference * difference;
      size += (double) expected[i] * expected[i];
    }
    return error / Math.max(size, 1e-30);
  }

  public static double largestDifference(float[] expected, float[] actual) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      if (!(difference <= largest)) {
        largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      }
    }
    return largest;
  }

  /** The floats of a segment. */
  public static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }
}
