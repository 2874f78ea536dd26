package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.testing.Evaluate;
import java.util.Arrays;
import java.util.List;

/** What {@link CudaBackendTest} runs in a process of its own: who computes attention, and that it is right. */
final class CudaAttentionProgram {
  private static final int ENTRIES = 8;
  private static final int CUBLAS_EXECUTION_FAILED = 13;

  private final StubWork work;
  private final StubControl control;
  private final Device reference = Evaluate.open("reference");
  private Device device = StubWork.open();

  /** Whose attention it is. */
  private enum By {
    CUDNN,
    CUBLASLT,
    OUR_KERNEL
  }

  private CudaAttentionProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaAttentionProgram program = new CudaAttentionProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "attention" -> program.attention();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private void attention() {
    Network wide = network(6, 7, 1, 64);
    Network twoHeads = network(5, 8, 2, 32);
    Network narrow = network(6, 7, 2, 16);
    Network uneven = network(6, 7, 1, 44);
    compute(By.CUBLASLT, wide, Precision.FP32, 3);
    compute(By.CUBLASLT, twoHeads, Precision.FP32, 2);
    compute(By.CUBLASLT, uneven, Precision.FP32, 2);
    compute(By.OUR_KERNEL, narrow, Precision.FP32, 2);
    compute(By.CUBLASLT, wide, Precision.TF32, 2);
    compute(By.CUDNN, wide, Precision.BF16, 3);
    compute(By.CUDNN, twoHeads, Precision.FP16, 2);
    compute(By.CUDNN, narrow, Precision.BF16, 2);
    compute(By.OUR_KERNEL, uneven, Precision.BF16, 2);
    reopen();
    control.set("cudnnAttentionEngines", 0);
    compute(By.CUBLASLT, wide, Precision.BF16, 3);
    compute(By.CUBLASLT, twoHeads, Precision.FP16, 2);
    reopen();
    // Scores of four images fill a chunk, and one is left.
    compute(By.CUBLASLT, network(36, 36, 1, 32), Precision.FP32, 5);
    batches(wide, twoHeads);
    failures(twoHeads);
    reference.close();
    device.close();
    work.requireNothingLeft("after closing");
  }

  /** A device remembers the engines that it has found, and files do. */
  private void reopen() {
    device.close();
    work.forgetPlans();
    control.reset();
    device = StubWork.open();
  }

  private void compute(By by, Network network, Precision precision, int images) {
    float[] x = Evaluate.normals(7, images * network.sampleShape().elements());
    float[] expected = Evaluate.predict(reference, network, work.weights, x, images, 250);
    long products = control.seen("cublasLtMatmul");
    long plans = control.seen("cudnnBackendExecute");
    float[] actual = Evaluate.predict(device, precision, network, work.weights, x, images, 250);
    products = control.seen("cublasLtMatmul") - products;
    plans = control.seen("cudnnBackendExecute") - plans;
    String what = network.denoiser().nodes().getLast() + " in " + precision;
    assertEquals(by == By.CUDNN, plans > 0, what + ": plans of cuDNN");
    assertEquals(by == By.CUBLASLT, products > 0, what + ": products of cuBLASLt");
    double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
    // Knobs of the stub's engines change products by some units in the last place.
    double limit =
        switch (precision) {
          case FP32 -> 1e-5;
          case TF32 -> 2e-3;
          case FP16 -> 1e-2;
          case BF16 -> 4e-2;
        };
    assertTrue(error < limit, what + ": error " + error);
    assertEquals(List.of(), control.violations(), what);
  }

  /** An image has the same bits alone and beside others. */
  private void batches(Network... networks) {
    for (Network network : networks) {
      for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
        int images = 40;
        float[] x = Evaluate.normals(8, images * network.sampleShape().elements());
        float[] together = Evaluate.predict(device, precision, network, work.weights, x, images, 250);
        for (int count : new int[] {1, 5}) {
          float[] few = Arrays.copyOf(x, Math.toIntExact(count * network.sampleShape().elements()));
          float[] alone = Evaluate.predict(device, precision, network, work.weights, few, count, 250);
          assertArrayEquals(Arrays.copyOf(together, alone.length), alone, precision + ": " + count + " of " + images);
        }
      }
    }
  }

  /** Whatever fails in cuBLASLt is told with the call's name, and the next attention is right. */
  private void failures(Network network) {
    for (String call :
        List.of(
            "cublasLtMatmulDescCreate",
            "cublasLtMatmulDescSetAttribute",
            "cublasLtMatrixLayoutCreate",
            "cublasLtMatrixLayoutSetAttribute",
            "cublasLtMatmulAlgoCheck",
            "cublasLtMatmul",
            "cublasLtMatrixLayoutDestroy",
            "cublasLtMatmulDescDestroy")) {
      control.reset();
      compute(By.CUBLASLT, network, Precision.FP32, 2);
      for (long nth : StubWork.places(call, control.seen(call))) {
        control.reset();
        control.fail(call, nth, CUBLAS_EXECUTION_FAILED);
        BackendException told =
            assertThrows(BackendException.class, () -> compute(By.CUBLASLT, network, Precision.FP32, 2), call);
        assertTrue(told.getMessage().startsWith("cuBLASLt's " + call), told.getMessage());
      }
    }
    opening(network);
    control.reset();
    compute(By.CUBLASLT, network, Precision.FP32, 2);
  }

  /** What is asked once for a device. */
  private void opening(Network network) {
    for (String call :
        List.of(
            "cublasLtCreate",
            "cublasLtMatmulPreferenceCreate",
            "cublasLtMatmulPreferenceSetAttribute",
            "cublasLtMatmulAlgoGetHeuristic",
            "cublasLtMatmulAlgoConfigGetAttribute",
            "cublasLtMatmulPreferenceDestroy",
            "cublasLtDestroy")) {
      control.reset();
      control.fail(call, 1, CUBLAS_EXECUTION_FAILED);
      BackendException told = assertThrows(BackendException.class, () -> onAnotherDevice(network), call);
      assertTrue(told.getMessage().startsWith("cuBLASLt's " + call), told.getMessage());
    }
  }

  private void onAnotherDevice(Network network) {
    try (Device other = StubWork.open()) {
      float[] x = Evaluate.normals(7, network.sampleShape().elements());
      Evaluate.predict(other, network, work.weights, x, 1, 250);
    }
  }

  /** Attention over slices of the sample. */
  private static Network network(int height, int width, int heads, int headDim) {
    int channels = heads * headDim;
    GraphBuilder denoiser = new GraphBuilder("denoiser");
    Tensor sample = denoiser.input(Network.SAMPLE, new Shape(3 * channels, height, width));
    denoiser.input(Network.CONDITIONING, Shape.vector(ENTRIES));
    denoiser.input(Network.TIMESTEP, Shape.vector(1));
    Tensor result =
        denoiser.append(
            new Attention(
                "attention",
                sample.slice("query", 0, channels),
                sample.slice("key", channels, channels),
                sample.slice("value", 2 * channels, channels),
                heads,
                Tensor.dense("attention", new Shape(channels, height, width))));
    GraphBuilder conditioning = new GraphBuilder("conditioning");
    Tensor timestep = conditioning.input(Network.TIMESTEP, Shape.vector(1));
    Tensor output = Tensor.dense(Network.CONDITIONING, Shape.vector(ENTRIES));
    conditioning.append(new SinusoidalEmbedding("embedding", timestep, true, 0, output));
    Graph table = conditioning.build(output);
    return new Network(table, denoiser.build(result));
  }
}
