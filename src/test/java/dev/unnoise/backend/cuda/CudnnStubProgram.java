package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What {@link CudaStubsTest} runs in a process of its own: the stub of cuDNN, whatever engine computes. */
final class CudnnStubProgram {
  private static final int NOT_FINALISED = 2004;
  private static final int EXECUTION_FAILED = 5000;
  private static final int IMAGES = 2;

  private final StubControl control;

  private CudnnStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    CudnnStubProgram program = new CudnnStubProgram(StubControl.load(Path.of(arguments[0])));
    for (StoredNumbers type : StoredNumbers.values()) {
      program.convolutions(type);
    }
    program.graphs();
    program.violations();
    program.failures();
    System.out.println("done");
  }

  private void convolutions(StoredNumbers type) {
    StubConvolution convolution = new StubConvolution(type, IMAGES);
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = convolution.upload(card);
      try (StubGraph graph = new StubGraph(card)) {
        convolution.describe(graph);
        StubEngines engines = new StubEngines(graph);
        MemorySegment plan = engines.plainPlan();
        long workspace = card.allocate(engines.workspace(plan));
        StubClient.check(engines.execute(plan, tensors, workspace));
        convolution.requireExpected(convolution.download(card, tensors));
        card.free(workspace);
      }
      StubConvolution.free(card, tensors);
    }
    control.requireNothingLeft();
  }

  /** An execution that is captured is done when the graph is launched, and not before. */
  private void graphs() {
    StubConvolution convolution = new StubConvolution(StoredNumbers.FLOATS, IMAGES);
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = convolution.upload(card);
      try (StubGraph graph = new StubGraph(card)) {
        convolution.describe(graph);
        StubEngines engines = new StubEngines(graph);
        MemorySegment plan = engines.plainPlan();
        long workspace = card.allocate(engines.workspace(plan));
        StubClient.check(
            driver_h.cuStreamBeginCapture_v2(card.stream, driver_h.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
        StubClient.check(engines.execute(plan, tensors, workspace));
        MemorySegment captured = card.made(out -> driver_h.cuStreamEndCapture(card.stream, out));
        assertEquals(Float.NaN, convolution.download(card, tensors)[0]);
        MemorySegment ready = card.made(out -> driver_h.cuGraphInstantiateWithFlags(out, captured, 0));
        StubClient.check(driver_h.cuGraphLaunch(ready, card.stream));
        convolution.requireExpected(convolution.download(card, tensors));
        StubClient.check(driver_h.cuGraphExecDestroy(ready));
        StubClient.check(driver_h.cuGraphDestroy(captured));
        card.free(workspace);
      }
      StubConvolution.free(card, tensors);
    }
    control.requireNothingLeft();
  }

  private void violations() {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      MemorySegment raw = graph.descriptor(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR());
      MemorySegment operation = graph.descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR());
      assertEquals(NOT_FINALISED, graph.tryOthers(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), raw));
      assertNotEquals(0, cudnn_h.cudnnBackendFinalize(raw));
      assertEquals(
          List.of(
              "cudnnBackendSetAttribute: a descriptor is used before it is finalised",
              "cudnnBackendFinalize: attribute 900 is not set"),
          control.violations());
      control.reset();
    }
    StubConvolution convolution = new StubConvolution(StoredNumbers.FLOATS, IMAGES);
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = convolution.upload(card);
      try (StubGraph graph = new StubGraph(card)) {
        convolution.describe(graph);
        StubEngines engines = new StubEngines(graph);
        MemorySegment plan = engines.plainPlan();
        long small = card.allocate(engines.workspace(plan) - 1);
        assertEquals(EXECUTION_FAILED, engines.execute(plan, tensors, small));
        assertEquals(1, control.violations().size(), "a workspace that is too small");
        control.reset();
        card.free(small);
      }
      StubConvolution.free(card, tensors);
    }
    control.requireNothingLeft();
  }

  private void failures() {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      control.fail("cudnnBackendFinalize", 2, EXECUTION_FAILED);
      graph.tensor(1, StoredNumbers.FLOATS, false, 1, 1, 1, 1);
      MemorySegment pointwise = graph.descriptor(cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR());
      assertEquals(EXECUTION_FAILED, cudnn_h.cudnnBackendFinalize(pointwise));
      assertEquals(2, control.seen("cudnnBackendFinalize"));
    }
    control.requireNothingLeft();
  }
}
