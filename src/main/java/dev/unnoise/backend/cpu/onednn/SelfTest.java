package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A convolution, a matrix product and a softmax of a few numbers: says at once whether the library works on this
 * processor, and leaves the calls that a network needs linked.
 */
final class SelfTest {
  private static final int SIDE = 4;

  private SelfTest() {}

  static void run(OneDnn oneDnn) {
    try (Scope scope = new Scope()) {
      // A 1×1 kernel of 3, bias 1, plus a residual of 2s, halved: 3x/2 + 3/2.
      Layout image = oneDnn.dense(scope, 1, 1, SIDE, SIDE);
      Layout bias = oneDnn.dense(scope, 1);
      PostOps postOps = new PostOps();
      int residual = postOps.addTensor(image);
      postOps.scale(0.5f);
      Primitive convolution =
          oneDnn.convolution(scope, image, oneDnn.any(scope, 1, 1, 1, 1), bias, image, 1, 0, 0, postOps);
      MemorySegment kernel = scope.allocate(convolution.weights().bytes());
      Layout plain = oneDnn.dense(scope, 1, 1, 1, 1);
      oneDnn.reorder(plain, filled(scope, 1, 3), convolution.weights(), kernel);
      MemorySegment numbers = scope.allocate(image.bytes());
      for (int i = 0; i < SIDE * SIDE; i++) {
        numbers.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
      }
      MemorySegment result = scope.allocate(image.bytes());
      Stream stream = oneDnn.stream(scope);
      new Invocation(
              "self-test",
              convolution,
              new Arguments()
                  .source(oneDnn.memory(scope, image, numbers))
                  .weights(oneDnn.memory(scope, convolution.weights(), kernel))
                  .bias(oneDnn.memory(scope, bias, filled(scope, 1, 1)))
                  .destination(oneDnn.memory(scope, image, result))
                  .scratchpad(oneDnn.memory(scope, convolution.scratchpad()))
                  .postOp(residual, oneDnn.memory(scope, image, filled(scope, SIDE * SIDE, 2))),
              scope)
          .run(stream);
      for (int i = 0; i < SIDE * SIDE; i++) {
        expect(1.5 * i + 1.5, result.getAtIndex(ValueLayout.JAVA_FLOAT, i));
      }
      rows(oneDnn, scope, stream, numbers);
    }
  }

  /** The numbers as rows of a matrix times a matrix of ones, then the softmax of the equal entries of each row. */
  private static void rows(OneDnn oneDnn, Scope scope, Stream stream, MemorySegment numbers) {
    Layout matrix = oneDnn.dense(scope, SIDE, SIDE);
    Primitive product = oneDnn.matmul(scope, matrix, matrix, null, matrix, new PostOps());
    Memory sums = oneDnn.memory(scope, matrix, scope.allocate(matrix.bytes()));
    new Invocation(
            "self-test",
            product,
            new Arguments()
                .source(oneDnn.memory(scope, matrix, numbers))
                .weights(oneDnn.memory(scope, matrix, filled(scope, SIDE * SIDE, 1)))
                .destination(sums)
                .scratchpad(oneDnn.memory(scope, product.scratchpad())),
            scope)
        .run(stream);
    Primitive softmax = oneDnn.softmax(scope, matrix, 1);
    MemorySegment result = scope.allocate(matrix.bytes());
    new Invocation(
            "self-test",
            softmax,
            new Arguments()
                .source(sums)
                .destination(oneDnn.memory(scope, matrix, result))
                .scratchpad(oneDnn.memory(scope, softmax.scratchpad())),
            scope)
        .run(stream);
    for (int i = 0; i < SIDE * SIDE; i++) {
      expect(1.0 / SIDE, result.getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
  }

  private static MemorySegment filled(Scope scope, int count, float value) {
    MemorySegment memory = scope.allocate(4L * count);
    for (int i = 0; i < count; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    return memory;
  }

  private static void expect(double expected, float actual) {
    if (!(Math.abs(expected - actual) < 1e-4)) {
      throw new BackendException(
          "oneDNN " + OneDnn.version() + " computes wrongly on this processor: " + actual + " instead of " + expected);
    }
  }
}
