package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@link CudaBackendTest} runs in a process of its own: calls of the driver and of NVRTC that fail. */
final class CudaFailuresProgram {
  private static final int OUT_OF_MEMORY = 2;
  private static final int NVRTC_COMPILATION = 6;

  /** Any status but that of a kernel that does not compile. */
  private static final int NVRTC_INTERNAL_ERROR = 11;

  private final StubWork work;
  private final StubControl control;

  private CudaFailuresProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaFailuresProgram program = new CudaFailuresProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "calls" -> program.calls();
      case "releases" -> program.releases();
      case "releases after failures" -> program.releasesAfterFailures();
      case "losses" -> program.losses();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  /** NVRTC has nothing to do where all is compiled already. */
  private float[] live(String failing, Network network) {
    return failing.startsWith("nvrtc") ? work.withFreshCache(() -> work.live(network)) : work.live(network);
  }

  private Map<String, Long> count(Network network, List<String> names) {
    control.reset();
    work.withFreshCache(() -> work.live(network));
    Map<String, Long> calls = new LinkedHashMap<>();
    names.forEach(name -> calls.put(name, control.seen(name)));
    return calls;
  }

  /** The first, the last and a middle call of every kind fails in turn: one clear error, nothing left, and on it goes. */
  private void calls() {
    Network network = StubWork.tiny();
    float[] expected = work.liveUndisturbed(network, "clean");
    Map<String, Long> calls =
        count(
            network,
            List.of(
                "cuDeviceGetCount", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreate", "cuMemHostAlloc",
                "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2",
                "cuModuleLoadData", "cuModuleGetFunction", "cuLaunchKernel", "cuStreamBeginCapture_v2",
                "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphUpload", "cuGraphLaunch",
                "cuEventCreate", "cuEventRecord", "cuEventQuery", "cuStreamSynchronize", "nvrtcCreateProgram",
                "nvrtcCompileProgram", "nvrtcGetCUBIN"));
    calls.forEach(
        (name, count) -> {
          for (long nth : StubWork.places(name, count)) {
            int status =
                name.equals("cuMemAlloc_v2")
                    ? OUT_OF_MEMORY
                    : name.startsWith("nvrtc") ? NVRTC_COMPILATION : StubWork.ILLEGAL_ADDRESS;
            BackendException told = fail(network, name, nth, status, expected);
            boolean named =
                name.equals("cuMemAlloc_v2")
                    ? told.getMessage().startsWith("Stub card 0 has no memory for ")
                    : told.getMessage().contains(StubWork.called(name))
                        || told.getMessage().contains("does not compile");
            assertTrue(named, name + ": " + told.getMessage());
          }
        });
  }

  private BackendException fail(Network network, String name, long nth, int status, float[] expected) {
    String when = name + " failing at call " + nth;
    control.reset();
    control.fail(name, nth, status);
    BackendException told = assertThrows(BackendException.class, () -> live(name, network), when);
    work.requireNothingLeft(when);
    assertArrayEquals(expected, work.liveUndisturbed(network, "after " + when), when);
    return told;
  }

  private static int releaseStatus(String name) {
    return name.startsWith("nvrtc")
        ? NVRTC_INTERNAL_ERROR
        : name.startsWith("cudnn") ? StubWork.CUDNN_INTERNAL_ERROR : StubWork.ILLEGAL_ADDRESS;
  }

  /** What gives something back says that it failed, and everything else is given back. */
  private void releases() {
    Network network = StubWork.compact();
    float[] expected = work.liveUndisturbed(network, "clean");
    Map<String, Long> calls =
        count(
            network,
            List.of(
                "cuMemFree_v2", "cuMemFreeHost", "cuModuleUnload", "cuEventDestroy_v2", "cuStreamDestroy_v2",
                "cuGraphDestroy", "cuGraphExecDestroy", "cuDevicePrimaryCtxRelease_v2", "cudnnDestroy",
                "cudnnBackendDestroyDescriptor", "nvrtcDestroyProgram"));
    calls.forEach(
        (name, count) -> {
          for (long nth : StubWork.places(name, count)) {
            BackendException told = fail(network, name, nth, releaseStatus(name), expected);
            String where = name + " at call " + nth + " of " + count;
            assertTrue(told.getMessage().contains("'s " + StubWork.called(name)), where + ": " + told.getMessage());
            assertEquals(List.of(), suppressed(told).toList(), where);
          }
        });
  }

  private static Stream<String> suppressed(Throwable told) {
    return Stream.of(told.getSuppressed()).flatMap(one -> Stream.concat(Stream.of(one.getMessage()), suppressed(one)));
  }

  /** What failed first is what is told, and what failed to be given back because of it is told beside. */
  private void releasesAfterFailures() {
    Network network = StubWork.compact();
    float[] expected = work.liveUndisturbed(network, "clean");
    for (String release :
        List.of(
            "cuMemFree_v2", "cuMemFreeHost", "cuModuleUnload", "cuEventDestroy_v2", "cuStreamDestroy_v2",
            "cuGraphExecDestroy", "cuDevicePrimaryCtxRelease_v2", "cudnnDestroy", "cudnnBackendDestroyDescriptor")) {
      failTwice(network, "cuGraphLaunch", 2, release, expected);
    }
    failTwice(network, "cuGraphInstantiateWithFlags", 1, "cuGraphDestroy", expected);
    long launches = count(network, List.of("cuLaunchKernel")).get("cuLaunchKernel");
    failTwice(network, "cuLaunchKernel", launches, "cuGraphDestroy", expected);
    failTwice(network, "nvrtcGetCUBIN", 2, "nvrtcDestroyProgram", expected);
    failTwice(network, "cuStreamCreate", 1, "cuDevicePrimaryCtxRelease_v2", expected);
    failTwice(network, "cuMemHostAlloc", 1, "cuStreamDestroy_v2", expected);
    failTwice(network, "cudnnCreate", 1, "cuMemFreeHost", expected);
  }

  private void failTwice(Network network, String name, long nth, String release, float[] expected) {
    String when = name + " failing at call " + nth + ", then " + release;
    control.reset();
    control.fail(name, nth, releaseStatus(name));
    assertThrows(BackendException.class, () -> live(name, network), when);
    long last = control.seen(release);
    assertTrue(last > 0, when + ": " + release + " is never called");
    control.reset();
    control.fail(name, nth, releaseStatus(name));
    control.fail(release, last, releaseStatus(release));
    BackendException told = assertThrows(BackendException.class, () -> live(name, network), when);
    assertTrue(told.getMessage().contains("'s " + StubWork.called(name)), when + ": " + told.getMessage());
    List<String> beside = suppressed(told).toList();
    assertTrue(beside.size() == 1 && beside.getFirst().contains("'s " + StubWork.called(release)), when + ": " + beside);
    work.requireNothingLeft(when);
    assertArrayEquals(expected, work.liveUndisturbed(network, "after " + when), when);
  }

  /** A card that is gone: every call fails from then on. */
  private void losses() {
    Network network = StubWork.compact();
    float[] expected = work.liveUndisturbed(network, "clean");
    Map<String, Long> calls =
        count(
            network,
            List.of(
                "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuModuleLoadData", "cuLaunchKernel", "cudnnBackendExecute",
                "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphUpload",
                "cuGraphLaunch", "cuEventRecord", "cuEventQuery", "cuStreamSynchronize", "cuMemcpyDtoHAsync_v2",
                "cuGraphExecDestroy", "cuMemFree_v2"));
    for (long deferred = 0; deferred < 2; deferred++) {
      for (Map.Entry<String, Long> call : calls.entrySet()) {
        for (long nth : StubWork.places(call.getKey(), call.getValue())) {
          lose(network, call.getKey(), nth, deferred);
          String when = "after losing the card at " + call.getKey() + " " + nth;
          assertArrayEquals(expected, work.liveUndisturbed(network, when), when);
        }
      }
    }
  }

  private void lose(Network network, String name, long nth, long deferred) {
    String when = "a card that is lost at call " + nth + " of " + name + (deferred == 1 ? ", deferred" : "");
    control.reset();
    control.set("deferred", deferred);
    control.lose(name, nth, name.startsWith("cudnn") ? StubWork.CUDNN_INTERNAL_ERROR : StubWork.ILLEGAL_ADDRESS);
    BackendException told = assertThrows(BackendException.class, () -> work.live(network), when);
    String message = told.getMessage();
    assertTrue(message.contains("'s " + StubWork.called(name)), when + ": " + message);
    boolean saysWhy = name.startsWith("cudnn") || message.contains("CUDA_ERROR_ILLEGAL_ADDRESS");
    assertTrue(saysWhy, when + ": " + message);
    assertEquals(1, message.lines().count(), when + ": " + message);
    work.requireNothingLeft(when);
  }
}
