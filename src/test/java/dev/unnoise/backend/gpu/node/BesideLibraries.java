package dev.unnoise.backend.gpu.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import dev.unnoise.testing.Evaluate;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/** Kernels that stand before and after what libraries compute, on few numbers, compared with the same on the host. */
public final class BesideLibraries {
  private static final int IMAGES = 2;
  private static final int OFFSET = 3;

  private BesideLibraries() {}

  /** Each for a context of its own. */
  public static List<Consumer<Gpu>> all() {
    return List.of(
        context -> softmax(context, DataType.F32, 37),
        context -> softmax(context, DataType.BF16, 131),
        context -> softmax(context, DataType.F16, 3),
        context -> epilogue(context, DataType.F32, 5),
        context -> epilogue(context, DataType.BF16, 67));
  }

  private static void softmax(Gpu context, DataType type, int tokens) {
    int rows = 5;
    AttentionGeometry geometry = new AttentionGeometry(type, tokens, 1, 64, 0.125f);
    float[] scores = Evaluate.normals(1, OFFSET + (long) rows * tokens);
    try (Programs programs = new Programs(context, Choices.untuned(Traits.CARD));
        Held held = new Held();
        SoftmaxLaunch launch = SoftmaxLaunch.of(geometry, programs)) {
      GpuBuffer from = operand(context, held, scores, DataType.F32);
      boolean inPlace = type == DataType.F32;
      GpuBuffer to = inPlace ? from : held.own(context.allocate((long) scores.length * type.bytes()));
      launch.enqueue(from, OFFSET, to, OFFSET, rows);
      float[] actual = numbers(context, to, OFFSET, rows * tokens, type);
      for (int row = 0; row < rows; row++) {
        double total = 0;
        for (int k = 0; k < tokens; k++) {
          total += Math.exp(scores[OFFSET + row * tokens + k]);
        }
        for (int k = 0; k < tokens; k++) {
          double expected = Math.exp(scores[OFFSET + row * tokens + k]) / total;
          assertEquals(expected, actual[row * tokens + k], expected * tolerance(type), type + " " + row + " " + k);
        }
      }
    }
  }

  private static void epilogue(Gpu context, DataType type, int channels) {
    ProductGeometry geometry = new ProductGeometry(Window.POINT, false, 3, 27, 8, 3, 27, channels, type, DataType.F32);
    int stride = channels + 2;
    int pixels = Math.toIntExact(geometry.pixels());
    float[] sums = Evaluate.normals(2, OFFSET + (long) IMAGES * pixels * stride);
    float[] bias = Evaluate.normals(3, channels);
    float[] conditioning = Evaluate.normals(4, IMAGES * (OFFSET + channels));
    float[] residual = Evaluate.normals(5, (long) IMAGES * pixels * channels);
    try (Programs programs = new Programs(context, Choices.untuned(Traits.CARD));
        Held held = new Held()) {
      GpuBuffer output = operand(context, held, sums, DataType.F32);
      ProductOperands operands =
          new ProductOperands(
              Located.NOWHERE,
              null,
              new Located(output, OFFSET, stride),
              operand(context, held, bias, DataType.F32),
              operand(context, held, conditioning, DataType.F32),
              OFFSET + channels,
              OFFSET,
              new Located(operand(context, held, residual, type), 0, channels),
              0.5f);
      held.own(EpilogueLaunch.of(geometry, operands, programs)).enqueue(IMAGES);
      float[] actual = numbers(context, output, 0, sums.length, DataType.F32);
      for (int n = 0; n < IMAGES; n++) {
        for (int p = 0; p < pixels; p++) {
          for (int c = 0; c < channels; c++) {
            int at = OFFSET + (n * pixels + p) * stride + c;
            double expected =
                0.5 * (sums[at] + bias[c] + conditioning[n * (OFFSET + channels) + OFFSET + c]
                    + residual[(n * pixels + p) * channels + c]);
            assertEquals(expected, actual[at], 4 * tolerance(type), type + " " + n + " " + p + " " + c);
          }
        }
      }
    }
  }

  private static double tolerance(DataType type) {
    return switch (type) {
      case F32 -> 2e-6;
      case F16 -> 1e-3;
      case BF16 -> 8e-3;
    };
  }

  private static GpuBuffer operand(Gpu context, Held held, float[] values, DataType type) {
    GpuBuffer buffer = held.own(context.allocate((long) values.length * type.bytes()));
    context.write(buffer, 0, Stored.of(values, type));
    return buffer;
  }

  private static float[] numbers(Gpu context, GpuBuffer from, int offset, int count, DataType type) {
    byte[] stored = new byte[count * type.bytes()];
    context.read(from, (long) offset * type.bytes(), MemorySegment.ofArray(stored));
    return Stored.numbers(stored, type);
  }
}
