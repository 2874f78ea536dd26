package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Tries once what a library has prepared, before it is used: on scratch operands that lie as the real ones do. The
 * results of a few images are compared with what our kernels compute from the same operands.
 */
public final class LibraryTrial implements AutoCloseable {
  /** Images that are compared: the first, the last and some between. */
  private static final int COMPARED = 4;

  /** Random numbers repeat after so many: no two images are the same, for no image is a multiple of this. */
  private static final int PERIOD = 8 * 65_537;

  /** A factor in single precision that is rounded to 10 bits is off by so much more than a sum in another order. */
  private static final double ROUNDED_FACTORS = 40;

  /** Likewise an attention for which one side rounds its probabilities. */
  private static final double ROUNDED_PROBABILITIES = 2;

  /** Likewise sums of what Winograd's transform makes of factors, where there are many channels. */
  private static final double TRANSFORMED_FACTORS = 5;

  /** What a trial came to. */
  public sealed interface Verdict {

    /** The results are right. */
    record Right() implements Verdict {}

    /**
     * The results are wrong.
     *
     * @param what is wrong with them, one line
     */
    record Wrong(String what) implements Verdict {}

    /**
     * It could not be tried.
     *
     * @param why one line
     */
    record NotTried(String why) implements Verdict {}
  }

  private final Programs programs;
  private final Gpu gpu;
  private final int images;
  private final boolean tf32;
  private final SplittableRandom random = new SplittableRandom(1);
  private final Held held = new Held();

  /**
   * A trial.
   *
   * @param programs our kernels
   * @param images that the library computes
   * @param tf32 whether it may round factors in single precision to 10 bits
   */
  public LibraryTrial(Programs programs, int images, boolean tf32) {
    this.programs = programs;
    this.gpu = programs.gpu();
    this.images = images;
    this.tf32 = tf32;
  }

  /**
   * Tries a product.
   *
   * @param like operands that lie as the scratch operands shall
   * @param library makes launches for the scratch operands
   * @throws BackendException if the library or the device fails
   */
  public Verdict product(
      ProductGeometry geometry, ProductOperands like, Function<ProductOperands, List<Launch>> library) {
    ProductOperands scratch;
    GpuBuffer weights;
    Located expected;
    List<Launch> launches;
    long sourcePixels = (long) geometry.height() * geometry.width();
    KernelTemplate kernel = programs.traits().products();
    try {
      float[] weight = weight(geometry);
      scratch = scratch(geometry, like, weight);
      weights = weights(weight, kernel.packing(), geometry);
      expected = dense(geometry.pixels(), geometry.outputChannels(), geometry.outputType());
      launches = library.apply(scratch);
    } catch (BackendException e) {
      return new Verdict.NotTried(e.getMessage());
    }
    run(launches);
    return compare(
        new Results(
            scratch.output(), expected, geometry.pixels(), geometry.outputChannels(), geometry.outputType()),
        Stored.tolerance(geometry.type(), geometry.outputType()) * roughness(geometry.type()),
        image ->
            ProductLaunch.byKernel(
                geometry,
                kernel,
                programs,
                new ProductOperands(
                    scratch.source().from(image * sourcePixels),
                    weights,
                    expected,
                    scratch.bias(),
                    scratch.conditioning(),
                    scratch.conditioningWidth(),
                    scratch.conditioningAt() + image * scratch.conditioningWidth(),
                    scratch.residual().from(image * geometry.pixels()),
                    scratch.scale())));
  }

  private double roughness(DataType type) {
    return type != DataType.F32 ? 1 : tf32 ? ROUNDED_FACTORS : TRANSFORMED_FACTORS;
  }

  private float[] weight(ProductGeometry geometry) {
    int fanIn = geometry.channels() * geometry.window().kernel() * geometry.window().kernel();
    return numbers(geometry.outputChannels() * fanIn, 1 / Math.sqrt(fanIn));
  }

  private ProductOperands scratch(ProductGeometry geometry, ProductOperands like, float[] weight) {
    return new ProductOperands(
        drawn(like.source(), (long) geometry.height() * geometry.width(), geometry.type()),
        weights(weight, LibraryProduct.PACKING, geometry),
        unwritten(like.output(), geometry.pixels(), geometry.outputType()),
        like.bias() == null ? null : drawn(geometry.outputChannels(), DataType.F32),
        like.conditioning() == null ? null : drawn((long) images * like.conditioningWidth(), DataType.F32),
        like.conditioningWidth(),
        like.conditioningAt(),
        like.residual().buffer() == null
            ? Located.NOWHERE
            : drawn(like.residual(), geometry.pixels(), geometry.type()),
        like.scale());
  }

  /**
   * Tries an attention.
   *
   * @param like operands that lie as the scratch operands shall
   * @param library makes a launch for the scratch operands
   * @throws BackendException if the library or the device fails
   */
  public Verdict attention(
      AttentionGeometry geometry, AttentionOperands like, Function<AttentionOperands, Launch> library) {
    int tokens = geometry.tokens();
    int width = geometry.heads() * geometry.headDim();
    DataType type = geometry.type();
    AttentionOperands scratch;
    Located expected;
    Launch launch;
    try {
      scratch =
          new AttentionOperands(
              drawn(like.query(), tokens, type),
              drawn(like.key(), tokens, type),
              drawn(like.value(), tokens, type),
              unwritten(like.output(), tokens, type));
      expected = dense(tokens, width, type);
      launch = library.apply(scratch);
    } catch (BackendException e) {
      return new Verdict.NotTried(e.getMessage());
    }
    run(List.of(launch));
    return compare(
        new Results(scratch.output(), expected, tokens, width, type),
        ROUNDED_PROBABILITIES * Stored.tolerance(type, type),
        image -> {
          long first = (long) image * tokens;
          return Launches.attention(
              geometry,
              new AttentionOperands(
                  scratch.query().from(first), scratch.key().from(first), scratch.value().from(first), expected),
              programs);
        });
  }

  private void run(List<Launch> launches) {
    try {
      launches.forEach(launch -> launch.enqueue(images));
      gpu.finish();
    } catch (RuntimeException e) {
      Closing.after(e, () -> Closing.each(launches, Launch::close));
      throw e;
    }
    Closing.each(launches, Launch::close);
  }

  /**
   * What is compared.
   *
   * @param all of the library, image after image
   * @param one of our kernels, an image at a time
   */
  private record Results(Located all, Located one, long pixels, int channels, DataType type) {
    Located image(int image) {
      return all.from(image * pixels);
    }
  }

  private Verdict compare(Results results, double tolerance, IntFunction<Launch> kernel) {
    TreeSet<Integer> compared = new TreeSet<>();
    IntStream.range(0, COMPARED).forEach(i -> compared.add((int) ((images - 1L) * i / (COMPARED - 1))));
    for (int image : compared) {
      float[] expected;
      try (Launch launch = kernel.apply(image)) {
        launch.enqueue(1);
        expected = read(results.one(), results);
      } catch (BackendException e) {
        // What the library computed may still be right.
        return new Verdict.NotTried(e.getMessage());
      }
      Optional<String> wrong = difference(expected, read(results.image(image), results), tolerance);
      if (wrong.isPresent()) {
        return new Verdict.Wrong("image " + image + " of " + images + " is off by " + wrong.get());
      }
    }
    return new Verdict.Right();
  }

  private static Optional<String> difference(float[] expected, float[] actual, double tolerance) {
    double worst = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      // What was not written is NaN, and is not to be lost among larger differences.
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
      squares += (double) expected[i] * expected[i];
    }
    double size = Math.sqrt(squares / expected.length);
    return worst <= tolerance * size
        ? Optional.empty()
        : Optional.of(String.format(Locale.ROOT, "%.3g where results are of size %.3g", worst, size));
  }

  /** The channels alone, pixel after pixel. */
  private float[] read(Located from, Results results) {
    long elements = (results.pixels() - 1) * from.stride() + results.channels();
    byte[] stored = new byte[Math.toIntExact(elements * results.type().bytes())];
    gpu.read(from.buffer(), from.byteOffset(results.type()), MemorySegment.ofArray(stored));
    float[] numbers = Stored.numbers(stored, results.type());
    if (from.stride() == results.channels()) {
      return numbers;
    }
    float[] dense = new float[Math.toIntExact(results.pixels() * results.channels())];
    for (int pixel = 0; pixel < results.pixels(); pixel++) {
      System.arraycopy(numbers, pixel * from.stride(), dense, pixel * results.channels(), results.channels());
    }
    return dense;
  }

  /** Random numbers of size 1 where a tensor lies like another. */
  private Located drawn(Located like, long pixels, DataType type) {
    Located place = place(like, pixels, type);
    fill(place.buffer(), Stored.of(numbers(chunk(place.buffer(), type), 1), type));
    return place;
  }

  private GpuBuffer drawn(long elements, DataType type) {
    GpuBuffer buffer = own(elements, type);
    fill(buffer, Stored.of(numbers(chunk(buffer, type), 1), type));
    return buffer;
  }

  /** Bytes that are NaN in every type, so that what is not written is noticed. */
  private Located unwritten(Located like, long pixels, DataType type) {
    Located place = place(like, pixels, type);
    byte[] bytes = new byte[chunk(place.buffer(), type) * type.bytes()];
    Arrays.fill(bytes, (byte) -1);
    fill(place.buffer(), MemorySegment.ofArray(bytes));
    return place;
  }

  /** Memory with the alignment and the stride of a tensor. */
  private Located place(Located like, long pixels, DataType type) {
    int alignment = like.alignment(type);
    long offset = alignment < Located.WIDEST_LOAD ? alignment / type.bytes() : 0;
    return new Located(own(offset + images * pixels * like.stride(), type), offset, like.stride());
  }

  private GpuBuffer weights(float[] weight, Packing packing, ProductGeometry geometry) {
    float[] packed = packing.pack(weight, geometry.outputChannels(), geometry.channels());
    GpuBuffer buffer = own(packed.length, geometry.type());
    gpu.write(buffer, 0, Stored.of(packed, geometry.type()));
    return buffer;
  }

  private Located dense(long pixels, int channels, DataType type) {
    return new Located(own(pixels * channels, type), 0, channels);
  }

  private GpuBuffer own(long elements, DataType type) {
    return held.own(gpu.allocate(elements * type.bytes()));
  }

  private static int chunk(GpuBuffer buffer, DataType type) {
    return (int) Math.min(PERIOD, buffer.bytes() / type.bytes());
  }

  /** Writes a part and copies it over all the rest. */
  private void fill(GpuBuffer buffer, MemorySegment part) {
    gpu.write(buffer, 0, part);
    long filled = part.byteSize();
    while (filled < buffer.bytes()) {
      long more = Math.min(filled, buffer.bytes() - filled);
      gpu.copy(buffer, 0, buffer, filled, more);
      filled += more;
    }
  }

  /** Evenly distributed numbers. */
  private float[] numbers(int count, double deviation) {
    float[] values = new float[count];
    double half = Math.sqrt(3) * deviation;
    for (int i = 0; i < count; i++) {
      values[i] = (float) (half * (random.nextInt() * 0x1p-31));
    }
    return values;
  }

  @Override
  public void close() {
    held.close();
  }
}
