package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** One geometry with random operands on the device, on which templates are tried. */
public final class ProductTrial implements AutoCloseable {
  /** Results that are compared with sums made on the host. */
  private static final int SAMPLES = 256;

  private static final int REPETITIONS = 5;
  private static final long WORTH_TIMING_NANOS = 2_000_000;

  private final Gpu context;
  private final Programs programs;
  private final ProductGeometry geometry;
  private final int images;
  private final float[] source;
  private final float[] weight;
  private final int[] sampled = new int[SAMPLES];
  private final double[] expected = new double[SAMPLES];
  private final GpuBuffer input;
  private final GpuBuffer output;
  private final Held held = new Held();

  /**
   * Draws operands.
   *
   * @param images at once
   */
  public ProductTrial(Gpu context, Programs programs, ProductGeometry geometry, int images) {
    this.context = context;
    this.programs = programs;
    this.geometry = geometry;
    this.images = images;
    Random random = new Random(geometry.key().hashCode());
    int taps = geometry.window().kernel() * geometry.window().kernel();
    int fanIn = geometry.channels() * taps;
    this.source = normals(random, Math.toIntExact(sourceElements(geometry) * images), 1);
    this.weight = normals(random, geometry.outputChannels() * fanIn, 1 / Math.sqrt(fanIn));
    try {
      this.input = held.own(context.allocate((long) source.length * geometry.type().bytes()));
      this.output = held.own(context.allocate(outputElements(geometry) * images * geometry.outputType().bytes()));
      context.write(input, 0, Stored.of(source, geometry.type()));
    } catch (RuntimeException | Error e) {
      Closing.after(e, held::close);
      throw e;
    }
    for (int i = 0; i < SAMPLES; i++) {
      sampled[i] = random.nextInt(Math.toIntExact(outputElements(geometry) * images));
      expected[i] = sum(sampled[i]);
    }
  }

  /** Bytes of the largest operand for so many images. */
  public static long largestBytes(ProductGeometry geometry, int images) {
    return Math.max(sourceElements(geometry), outputElements(geometry)) * images * Float.BYTES;
  }

  private static long sourceElements(ProductGeometry geometry) {
    return (long) geometry.height() * geometry.width() * geometry.channels();
  }

  private static long outputElements(ProductGeometry geometry) {
    return geometry.pixels() * geometry.outputChannels();
  }

  /** Normal numbers as they are after being stored. */
  private float[] normals(Random random, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    if (geometry.type() == DataType.F32) {
      return values;
    }
    return Stored.numbers(Stored.of(values, geometry.type()).toArray(ValueLayout.JAVA_BYTE), geometry.type());
  }

  /** The textbook's sum, in double precision. */
  private double sum(int element) {
    Window window = geometry.window();
    int out = element % geometry.outputChannels();
    int pixel = element / geometry.outputChannels();
    int x = pixel % geometry.outputWidth();
    int y = pixel / geometry.outputWidth() % geometry.outputHeight();
    int n = pixel / geometry.outputWidth() / geometry.outputHeight();
    int factor = geometry.upsampled() ? 2 : 1;
    double sum = 0;
    for (int tap = 0; tap < window.kernel() * window.kernel(); tap++) {
      int sy = y * window.stride() + tap / window.kernel() - window.padBefore();
      int sx = x * window.stride() + tap % window.kernel() - window.padBefore();
      if (sy >= 0 && sx >= 0 && sy < factor * geometry.height() && sx < factor * geometry.width()) {
        int from = ((n * geometry.height() + sy / factor) * geometry.width() + sx / factor) * geometry.channels();
        int with = out * geometry.channels() * window.kernel() * window.kernel() + tap;
        for (int c = 0; c < geometry.channels(); c++) {
          sum += (double) source[from + c] * weight[with + c * window.kernel() * window.kernel()];
        }
      }
    }
    return sum;
  }

  /**
   * Runs a template and measures it.
   *
   * @return the shortest time of a launch, in milliseconds
   * @throws BackendException if the device refuses it, or it computes something else
   */
  public double millis(ProductTemplate template) {
    float[] packed = template.packing().pack(weight, geometry.outputChannels(), geometry.channels());
    try (Held own = new Held()) {
      GpuBuffer weights = own.own(context.allocate((long) packed.length * geometry.type().bytes()));
      ProductOperands operands =
          ProductOperands.bare(
              new Located(input, 0, geometry.channels()), weights, new Located(output, 0, geometry.outputChannels()));
      List<Launch> launches = ProductLaunch.of(geometry, template, programs, operands, images);
      launches.forEach(own::own);
      if (launches.isEmpty()) {
        throw new BackendException(template.key() + " does not take " + geometry.key());
      }
      context.write(weights, 0, Stored.of(packed, geometry.type()));
      context.write(output, 0, MemorySegment.ofArray(notNumbers()));
      enqueue(launches);
      check(template);
      return shortest(launches);
    }
  }

  /** Bytes that are NaN in every type, so that what is not written is noticed. */
  private byte[] notNumbers() {
    byte[] bytes = new byte[Math.toIntExact(output.bytes())];
    Arrays.fill(bytes, (byte) -1);
    return bytes;
  }

  private void check(ProductTemplate template) {
    byte[] stored = new byte[Math.toIntExact(output.bytes())];
    context.read(output, 0, MemorySegment.ofArray(stored));
    float[] results = Stored.numbers(stored, geometry.outputType());
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) {
      worst = Math.max(worst, Math.abs(results[sampled[i]] - expected[i]));
    }
    // What is left unwritten may be a few numbers at an edge, which samples miss.
    for (float result : results) {
      worst = Float.isNaN(result) ? Double.NaN : worst;
    }
    if (!(worst <= Stored.tolerance(geometry.type(), geometry.outputType()))) {
      throw new WrongNumbersException(template.key() + " is off by " + worst + " where results are of size 1");
    }
  }

  private void enqueue(List<Launch> launches) {
    launches.forEach(launch -> launch.enqueue(images));
  }

  private double shortest(List<Launch> launches) {
    context.finish();
    int together = 1;
    long best = Long.MAX_VALUE;
    for (int i = 0; i < REPETITIONS; i++) {
      long began = System.nanoTime();
      for (int k = 0; k < together; k++) {
        enqueue(launches);
      }
      context.finish();
      long nanos = (System.nanoTime() - began) / together;
      if (i == 0) {
        // The first run also warms up; short ones are repeated so that the call itself does not count.
        together = (int) Math.clamp(WORTH_TIMING_NANOS / Math.max(1, nanos), 1, 100);
      } else {
        best = Math.min(best, nanos);
      }
    }
    return best * 1e-6;
  }

  @Override
  public void close() {
    held.close();
  }
}
