package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.cli.CommandLines;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.sampling.Fleet;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What {@link CudaBackendTest} runs in a process of its own: two cards, and loops that are stopped. */
final class CudaCardsProgram {
  private static final String MODEL = "src/test/resources/cases/ddim-config";
  private static final int COUNT = 5;

  private final StubWork work;
  private final StubControl control;
  private final Path folder;

  private CudaCardsProgram(StubWork work, Path folder) {
    this.work = work;
    this.control = work.control;
    this.folder = folder;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) throws Exception {
    CudaCardsProgram program = new CudaCardsProgram(new StubWork(arguments), Path.of(arguments[1]));
    switch (arguments[2]) {
      case "two cards" -> {
        program.commandLine();
        program.openingAndClosing();
        program.fleet();
        program.turns(StubWork.tiny());
        program.turns(StubWork.compact());
      }
      case "stopping" -> program.stopping();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private void twoCards() {
    control.reset();
    control.set("devices", 2);
  }

  private void commandLine() throws IOException {
    twoCards();
    byte[] one = sampleByCommand("0");
    byte[] two = sampleByCommand("0,1");
    assertTrue(control.seen("cuDevicePrimaryCtxRetain") == 3, "both cards are opened");
    assertArrayEquals(one, two);
    assertArrayEquals(one, sampleByCommand("1"));
  }

  private byte[] sampleByCommand(String cards) throws IOException {
    Path out = folder.resolve("out.npy");
    String[] line = {
      "sample", "--model", MODEL, "--steps", "3", "--count", "5", "--batch", "1", "--backend", "cuda", "--device", cards,
      "--out", out.toString()
    };
    assertEquals(0, CommandLines.run(line));
    work.requireNothingLeft("sampling on " + cards);
    return Files.readAllBytes(out);
  }

  private static SampleRequest request(Network network) {
    return StubWork.request(network, StubWork.STEPS, COUNT).inBatchesOf(1);
  }

  private static byte[] sample(List<Pipeline> pipelines, Network network, SampleRequest request) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    new Fleet(pipelines, network)
        .sample(request, (images, count) -> all.writeBytes(images.toArray(ValueLayout.JAVA_BYTE)));
    return all.toByteArray();
  }

  /** What is opened first is closed first, or by a thread that has done nothing else. */
  private void openingAndClosing() throws InterruptedException {
    twoCards();
    Device first = StubWork.open(0);
    Device second = StubWork.open(1);
    first.close();
    Thread closing = Thread.ofPlatform().start(second::close);
    closing.join();
    work.requireNothingLeft("cards that did nothing");
  }

  /** Cards that are driven by threads other than those that opened them; one may fail. */
  private void fleet() {
    twoCards();
    Network network = StubWork.compact();
    try (Device first = StubWork.open(0);
        Device second = StubWork.open(1);
        Pipeline one = work.pipeline(first, network);
        Pipeline other = work.pipeline(second, network)) {
      byte[] expected = sample(List.of(one), network, request(network));
      assertArrayEquals(expected, sample(List.of(one, other), network, request(network)));
      assertEquals(2, control.alive().get("retained contexts"));
      assertEquals(2, control.alive().get("streams"));
      control.fail("cuGraphLaunch", 3, StubWork.ILLEGAL_ADDRESS);
      BackendException told =
          assertThrows(
              BackendException.class, () -> sample(List.of(one, other), network, request(network)));
      assertTrue(told.getMessage().contains("cuGraphLaunch"), told.getMessage());
      assertThrows(
          CancellationException.class,
          () -> sample(List.of(one, other), network, request(network).followedBy((done, total) -> done < 6)));
      assertArrayEquals(expected, sample(List.of(other, one), network, request(network)));
    }
    work.requireNothingLeft("two cards by threads");
  }

  /** One thread that turns to the other card whenever it is called, even between two steps of the first. */
  private void turns(Network network) {
    twoCards();
    float[] expected = work.live(network);
    try (Device first = StubWork.open(0);
        Device second = StubWork.open(1);
        Pipeline other = work.pipeline(second, network);
        Pipeline one = work.pipeline(first, network)) {
      SampleRequest request = StubWork.request(network, StubWork.STEPS);
      SampleRequest turning =
          request.followedBy(
              (done, total) -> {
                assertArrayEquals(expected, StubWork.sample(other, request).images());
                return true;
              });
      assertArrayEquals(expected, StubWork.sample(one, turning).images());
    }
    work.requireNothingLeft("two cards by turns");
  }

  /** By the monitor and by an interruption, where steps are done at once and where they take their time. */
  private void stopping() {
    Network network = StubWork.tiny();
    try (Device device = StubWork.open();
        Pipeline pipeline = work.pipeline(device, network)) {
      SampleRequest request = StubWork.request(network, 20);
      float[] expected = StubWork.sample(pipeline, request).images();
      for (long deferred = 0; deferred < 2; deferred++) {
        control.reset();
        control.set("deferred", deferred);
        stop(pipeline, request.followedBy((done, total) -> done < total / 2));
        stop(
            pipeline,
            request.followedBy(
                (done, total) -> {
                  if (done >= total / 2) {
                    Thread.currentThread().interrupt();
                  }
                  return true;
                }));
        assertTrue(Thread.interrupted(), "who interrupted may see that it was");
        assertArrayEquals(expected, StubWork.sample(pipeline, request).images());
        assertEquals(List.of(), control.violations());
      }
    }
    work.requireNothingLeft("after stopping");
    stopForGood(StubWork.compact());
  }

  /** The device is closed on the way out. */
  private void stopForGood(Network network) {
    assertThrows(
        CancellationException.class,
        () -> {
          try (Device device = StubWork.open();
              Pipeline pipeline = work.pipeline(device, network)) {
            StubWork.sample(pipeline, StubWork.request(network, 3).followedBy((done, total) -> false));
          }
        });
    work.requireNothingLeft("after stopping for good");
  }

  private void stop(Pipeline pipeline, SampleRequest request) {
    long alive = control.alive().values().stream().mapToLong(Long::longValue).sum();
    long before = control.seen("cuGraphLaunch");
    assertThrows(CancellationException.class, () -> StubWork.sample(pipeline, request));
    long launched = control.seen("cuGraphLaunch") - before;
    assertTrue(launched <= 13, launched + " of 20 steps were begun though 10 were wanted");
    long after = control.alive().values().stream().mapToLong(Long::longValue).sum();
    assertEquals(alive, after, "what a stopped loop leaves");
  }
}
