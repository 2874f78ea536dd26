package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import java.util.HashMap;
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

  private static final Network TINY = StubWork.tiny();
  private static final Network COMPACT = StubWork.compact();

  private final StubWork work;
  private final StubControl control;
  private final Map<Network, float[]> expected = new HashMap<>();

  private CudaFailuresProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaFailuresProgram program = new CudaFailuresProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "calls" -> program.calls();
      case "releases" -> {
        program.releases();
        program.releasesAfterFailures();
      }
      case "losses" -> program.losses();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  /** The least work in which a function is called. */
  private static Network suitable(String name) {
    return name.startsWith("cudnn") ? COMPACT : TINY;
  }

  /** NVRTC has nothing to do where all is compiled already. */
  private float[] live(String failing, Network network) {
    return failing.startsWith("nvrtc") ? work.withFreshCache(() -> work.live(network)) : work.live(network);
  }

  /** How often functions are called if nothing fails. */
  private Map<String, Long> count(String... names) {
    Map<String, Long> calls = new LinkedHashMap<>();
    for (String name : names) {
      calls.put(name, 0L);
    }
    for (Network network : List.of(TINY, COMPACT)) {
      // What compiles and is tried beforehand may fail without harm: see CudnnProgram.
      work.live(network);
      control.reset();
      expected.put(network, work.live(network));
      calls.replaceAll((name, count) -> suitable(name) == network ? control.seen(name) : count);
      control.reset();
      work.withFreshCache(() -> work.live(network));
      calls.replaceAll(
          (name, count) -> suitable(name) == network && name.startsWith("nvrtc") ? control.seen(name) : count);
      work.requireNothingLeft("where nothing fails");
    }
    return calls;
  }

  /** After a function has failed, a device opened in the same process gives what it should. */
  private void requireUndisturbed(String name) {
    Network network = suitable(name);
    assertArrayEquals(expected.get(network), work.liveUndisturbed(network, "after " + name), "after " + name);
  }

  /** The first, the last and a middle call of every kind fails in turn: one clear error, nothing left, and on it goes. */
  private void calls() {
    Map<String, Long> calls =
        count(
            "cuDeviceGetCount", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreate", "cuMemHostAlloc",
            "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2",
            "cuModuleLoadData", "cuModuleGetFunction", "cuLaunchKernel", "cuStreamBeginCapture_v2",
            "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphUpload", "cuGraphLaunch", "cuEventCreate",
            "cuEventRecord", "cuEventQuery", "cuStreamSynchronize", "nvrtcCreateProgram", "nvrtcCompileProgram",
            "nvrtcGetCUBIN");
    calls.forEach(
        (name, count) -> {
          for (long nth : StubWork.places(name, count)) {
            int status =
                name.equals("cuMemAlloc_v2")
                    ? OUT_OF_MEMORY
                    : name.startsWith("nvrtc") ? NVRTC_COMPILATION : StubWork.ILLEGAL_ADDRESS;
            BackendException told = fail(name, nth, status);
            boolean named =
                name.equals("cuMemAlloc_v2")
                    ? told.getMessage().startsWith("Stub card 0 has no memory for ")
                    : told.getMessage().contains(StubWork.called(name))
                        || told.getMessage().contains("does not compile");
            assertTrue(named, name + ": " + told.getMessage());
          }
          requireUndisturbed(name);
        });
  }

  private BackendException fail(String name, long nth, int status) {
    Network network = suitable(name);
    String when = name + " failing at call " + nth;
    control.reset();
    control.fail(name, nth, status);
    BackendException told = assertThrows(BackendException.class, () -> live(name, network), when);
    work.requireNothingLeft(when);
    return told;
  }

  private static int releaseStatus(String name) {
    return name.startsWith("nvrtc")
        ? NVRTC_INTERNAL_ERROR
        : name.startsWith("cudnn") ? StubWork.CUDNN_INTERNAL_ERROR : StubWork.ILLEGAL_ADDRESS;
  }

  /** What gives something back says that it failed, and everything else is given back. */
  private void releases() {
    Map<String, Long> calls =
        count(
            "cuMemFree_v2", "cuMemFreeHost", "cuModuleUnload", "cuEventDestroy_v2", "cuStreamDestroy_v2",
            "cuGraphDestroy", "cuGraphExecDestroy", "cuDevicePrimaryCtxRelease_v2", "cudnnDestroy",
            "cudnnBackendDestroyDescriptor", "nvrtcDestroyProgram");
    calls.forEach(
        (name, count) -> {
          for (long nth : StubWork.places(name, count)) {
            BackendException told = fail(name, nth, releaseStatus(name));
            String where = name + " at call " + nth + " of " + count;
            assertTrue(told.getMessage().contains("'s " + StubWork.called(name)), where + ": " + told.getMessage());
            assertEquals(List.of(), suppressed(told).toList(), where);
          }
          requireUndisturbed(name);
        });
  }

  private static Stream<String> suppressed(Throwable told) {
    return Stream.of(told.getSuppressed()).flatMap(one -> Stream.concat(Stream.of(one.getMessage()), suppressed(one)));
  }

  /** What failed first is what is told, and what failed to be given back because of it is told beside. */
  private void releasesAfterFailures() {
    long launches = count("cuLaunchKernel").get("cuLaunchKernel");
    for (String release :
        List.of(
            "cuMemFree_v2", "cuMemFreeHost", "cuModuleUnload", "cuEventDestroy_v2", "cuStreamDestroy_v2",
            "cuGraphExecDestroy", "cuDevicePrimaryCtxRelease_v2", "cudnnDestroy", "cudnnBackendDestroyDescriptor")) {
      failTwice("cuGraphLaunch", 2, release);
    }
    failTwice("cuGraphInstantiateWithFlags", 1, "cuGraphDestroy");
    failTwice("cuLaunchKernel", launches, "cuGraphDestroy");
    failTwice("nvrtcGetCUBIN", 2, "nvrtcDestroyProgram");
    failTwice("cuStreamCreate", 1, "cuDevicePrimaryCtxRelease_v2");
    failTwice("cuMemHostAlloc", 1, "cuStreamDestroy_v2");
    failTwice("cudnnCreate", 1, "cuMemFreeHost");
    failTwice("cudnnSetStream", 1, "cudnnDestroy");
    failTwice("cudnnBackendSetAttribute", 8, "cudnnBackendDestroyDescriptor");
    failTwice("cublasLtCreate", 1, "cudnnDestroy");
  }

  private void failTwice(String name, long nth, String release) {
    Network network = suitable(release);
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
    requireUndisturbed(release);
  }

  /** A card that is gone: every call fails from then on. */
  private void losses() {
    Map<String, Long> calls =
        count(
            "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuModuleLoadData", "cuLaunchKernel", "cudnnBackendExecute",
            "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphUpload",
            "cuGraphLaunch", "cuEventRecord", "cuEventQuery", "cuStreamSynchronize", "cuMemcpyDtoHAsync_v2",
            "cuGraphExecDestroy", "cuMemFree_v2");
    calls.forEach(
        (name, count) -> {
          StubWork.places(name, count).forEach(nth -> lose(name, nth, 0));
          requireUndisturbed(name);
        });
    for (String name : List.of("cuGraphLaunch", "cuEventQuery", "cuStreamSynchronize", "cuMemcpyDtoHAsync_v2")) {
      StubWork.places(name, calls.get(name)).forEach(nth -> lose(name, nth, 1));
      requireUndisturbed(name);
    }
  }

  private void lose(String name, long nth, long deferred) {
    String when = "a card that is lost at call " + nth + " of " + name + (deferred == 1 ? ", deferred" : "");
    Network network = suitable(name);
    boolean cudnn = name.startsWith("cudnn");
    control.reset();
    control.set("deferred", deferred);
    control.lose(name, nth, cudnn ? StubWork.CUDNN_INTERNAL_ERROR : StubWork.ILLEGAL_ADDRESS);
    BackendException told = assertThrows(BackendException.class, () -> work.live(network), when);
    String message = told.getMessage();
    assertTrue(message.contains("'s " + StubWork.called(name)), when + ": " + message);
    assertTrue(message.contains(cudnn ? "CUDNN_STATUS" : "CUDA_ERROR_ILLEGAL_ADDRESS"), when + ": " + message);
    assertEquals(1, message.lines().count(), when + ": " + message);
    work.requireNothingLeft(when);
  }
}
