package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;

/** Random images with a 3×3 convolution of them, to which a row for every image and a residual are added. */
final class StubConvolution {
  private static final int CHANNELS = 5;
  private static final int OUTPUTS = 4;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 7;
  private static final long X = 1;
  private static final long W = 2;

  /** The number of the result. */
  static final long Y = 3;

  private static final long ROWS = 4;
  private static final long RESIDUAL = 5;

  private final StoredNumbers type;
  private final int images;
  private final float[] x;
  private final float[] w = values(OUTPUTS * 9 * CHANNELS, 2);
  private final float[] rows;
  private final float[] residual;

  /** The first images are the same, however many there are. */
  StubConvolution(StoredNumbers type, int images) {
    this.type = type;
    this.images = images;
    x = values(images * HEIGHT * WIDTH * CHANNELS, 1);
    rows = values(images * OUTPUTS, 3);
    residual = values(images * HEIGHT * WIDTH * OUTPUTS, 4);
  }

  static float[] values(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  void describe(StubGraph graph) {
    MemorySegment y = graph.tensor(Y, type, false, images, OUTPUTS, HEIGHT, WIDTH);
    MemorySegment product = graph.tensor(10, StoredNumbers.FLOATS, true, images, OUTPUTS, HEIGHT, WIDTH);
    MemorySegment sum = graph.tensor(11, StoredNumbers.FLOATS, true, images, OUTPUTS, HEIGHT, WIDTH);
    graph.convolution(
        graph.tensor(X, type, false, images, CHANNELS, HEIGHT, WIDTH),
        graph.tensor(W, type, false, OUTPUTS, CHANNELS, 3, 3),
        product);
    MemorySegment row = graph.tensor(ROWS, StoredNumbers.FLOATS, false, images, OUTPUTS, 1, 1);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_ADD(), sum, product, row);
    MemorySegment added = graph.tensor(RESIDUAL, type, false, images, OUTPUTS, HEIGHT, WIDTH);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_ADD(), y, sum, added);
  }

  Map<Long, Long> upload(StubClient card) {
    return Map.of(
        X, type.upload(card, x),
        W, type.upload(card, w),
        ROWS, card.upload(rows),
        RESIDUAL, type.upload(card, residual),
        Y, card.allocate((long) residual.length * type.bytes()));
  }

  static void free(StubClient card, Map<Long, Long> tensors) {
    card.free(tensors.values().stream().mapToLong(Long::longValue).toArray());
  }

  float[] download(StubClient card, Map<Long, Long> tensors) {
    return type.download(card, tensors.get(Y), residual.length);
  }

  /** The convolution with what is added to it, channels innermost. */
  private double expected(int n, int h, int v, int k) {
    double sum = rows[n * OUTPUTS + k] + type.rounded(residual[((n * HEIGHT + h) * WIDTH + v) * OUTPUTS + k]);
    for (int r = 0; r < 3; r++) {
      for (int s = 0; s < 3; s++) {
        int row = h + r - 1;
        int column = v + s - 1;
        for (int c = 0; c < CHANNELS && row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH; c++) {
          double pixel = type.rounded(x[((n * HEIGHT + row) * WIDTH + column) * CHANNELS + c]);
          sum += pixel * type.rounded(w[((k * 3 + r) * 3 + s) * CHANNELS + c]);
        }
      }
    }
    return sum;
  }

  void requireExpected(float[] actual) {
    double tolerance = type == StoredNumbers.FLOATS ? 1e-5 : type == StoredNumbers.HALVES ? 2e-2 : 1.5e-1;
    int i = 0;
    for (int n = 0; n < images; n++) {
      for (int h = 0; h < HEIGHT; h++) {
        for (int v = 0; v < WIDTH; v++) {
          for (int k = 0; k < OUTPUTS; k++) {
            assertEquals(expected(n, h, v, k), actual[i++], tolerance, type.toString());
          }
        }
      }
    }
  }
}
