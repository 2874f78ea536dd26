package dev.unnoise.sampling;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.RunMonitor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * One network on several devices, which share the batches of a request. An image depends on its index alone, so the
 * images are those of one device of the kind, in the same order.
 */
public final class Fleet {
  private final List<Pipeline> pipelines;
  private final Shape shape;

  /**
   * Takes pipelines of one network on a device each; they stay the caller's.
   *
   * @param pipelines at least one
   */
  public Fleet(List<Pipeline> pipelines, Network network) {
    if (pipelines.isEmpty()) {
      throw new IllegalArgumentException("sampling takes at least one pipeline");
    }
    this.pipelines = List.copyOf(pipelines);
    this.shape = network.sampleShape();
  }

  /**
   * Samples images and hands them over batch by batch, in the order of their indices and one at a time.
   *
   * @throws CancellationException if the request's monitor asked for it
   */
  public SampleReport sample(SampleRequest request, ImageConsumer consumer) {
    if (pipelines.size() == 1) {
      return pipelines.getFirst().sample(request, consumer);
    }
    return new Run(request, consumer).run();
  }

  private final class Run {
    private final SampleRequest request;
    private final ImageConsumer consumer;
    private final long parts;
    private final long[] stepsDone;
    private final List<SampleReport> reports = new ArrayList<>();
    private long nextPart;
    private long partToHandOver;
    private Throwable failure;

    Run(SampleRequest request, ImageConsumer consumer) {
      this.request = request;
      this.consumer = consumer;
      this.parts = Math.ceilDiv(request.count(), request.batch());
      this.stepsDone = new long[pipelines.size()];
    }

    SampleReport run() {
      List<Thread> threads = new ArrayList<>();
      for (int device = 0; device < pipelines.size(); device++) {
        int own = device;
        threads.add(Thread.ofPlatform().name("unnoise-device-" + own).start(() -> work(own)));
      }
      boolean interrupted = false;
      for (Thread thread : threads) {
        while (true) {
          try {
            thread.join();
            break;
          } catch (InterruptedException e) {
            interrupted = true;
            fail(new CancellationException("interrupted"));
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      switch (failure) {
        case null -> {
          return reports.stream().reduce(SampleReport.NOTHING, SampleReport::besides);
        }
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(failure);
      }
    }

    private void work(int device) {
      SampleReport report = SampleReport.NOTHING;
      try {
        for (long part = takePart(); part >= 0; part = takePart()) {
          report = report.then(sample(device, part));
        }
      } catch (RuntimeException | Error e) {
        fail(e);
      }
      synchronized (this) {
        reports.add(report);
      }
    }

    private synchronized long takePart() {
      return failure == null && nextPart < parts ? nextPart++ : -1;
    }

    private synchronized void fail(Throwable cause) {
      if (failure == null) {
        failure = cause;
      }
      notifyAll();
    }

    private SampleReport sample(int device, long part) {
      long offset = part * request.batch();
      long count = Math.min(request.batch(), request.count() - offset);
      long noiseBytes = shape.elements() * Float.BYTES;
      SampleRequest own =
          new SampleRequest(
              request.table(),
              count,
              Math.toIntExact(count),
              request.seed(),
              request.firstIndex() + offset,
              request.labels(),
              request.guidance(),
              request.initialNoise().map(all -> all.asSlice(offset * noiseBytes, count * noiseBytes)),
              request.form(),
              monitor(device));
      return pipelines.get(device).sample(own, (images, number) -> handOver(part, images, number));
    }

    /** What a device has done is what its earlier parts and the one at hand come to. */
    private RunMonitor monitor(int device) {
      long before = stepsDone[device];
      return (done, total) -> advanced(device, before + done);
    }

    private synchronized boolean advanced(int device, long done) {
      stepsDone[device] = done;
      long sum = 0;
      for (long one : stepsDone) {
        sum += one;
      }
      return failure == null && request.monitor().advanced(sum, request.count() * request.table().rows().size());
    }

    private synchronized void handOver(long part, MemorySegment images, int number) {
      while (part != partToHandOver && failure == null) {
        try {
          wait();
        } catch (InterruptedException e) {
          throw new CancellationException("interrupted");
        }
      }
      if (failure != null) {
        throw new CancellationException("another device failed");
      }
      consumer.accept(images, number);
      partToHandOver++;
      notifyAll();
    }
  }
}
