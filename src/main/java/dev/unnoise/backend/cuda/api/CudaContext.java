package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.GpuMark;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.gpu.GpuReplay;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** A card, opened: its primary context and one stream. */
public final class CudaContext implements Gpu {
  private static final AtomicLong ALLOCATIONS = new AtomicLong();

  /** Bytes of page-locked memory through which host and card exchange. */
  private static final long STAGE = 16L << 20;

  /** What the driver aligns allocations to. */
  private static final int ALIGNMENT = 256;

  /** Local memory of a block that every card since compute capability 3 grants without asking. */
  private static final int SHARED_BYTES = 48 << 10;

  private static final int MOST_THREADS = 1024;

  /** Floats that a thread moves at once. */
  private static final int VECTOR_FLOATS = 4;

  private final CudaDeviceInfo device;
  private final GpuInfo info;
  private final int handle;
  private final MemorySegment context;
  private final MemorySegment stream;
  private final MemorySegment stage;
  private final CubinCache cubins;
  private final Deque<MemorySegment> events = new ArrayDeque<>();
  private int replays;
  private boolean closed;

  /**
   * Opens a card.
   *
   * @throws BackendException if the driver refuses
   */
  public CudaContext(CudaDeviceInfo device) {
    this.device = device;
    this.info =
        new GpuInfo(
            device.name(),
            "CUDA driver " + device.driver() + ", " + device.target(),
            true,
            device.multiprocessors(),
            device.memoryBytes(),
            device.memoryBytes(),
            ALIGNMENT,
            SHARED_BYTES,
            MOST_THREADS,
            VECTOR_FLOATS);
    this.cubins = CubinCache.of(device);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      Driver.check(driver_h.cuDeviceGet(made, device.ordinal()), "cuDeviceGet");
      this.handle = made.get(ValueLayout.JAVA_INT, 0);
      Driver.check(driver_h.cuDevicePrimaryCtxRetain(made, handle), "cuDevicePrimaryCtxRetain");
      Driver.HELD.incrementAndGet();
      this.context = made.get(ValueLayout.ADDRESS, 0);
      MemorySegment madeStream = MemorySegment.NULL;
      try {
        Driver.check(driver_h.cuCtxSetCurrent(context), "cuCtxSetCurrent");
        Driver.check(driver_h.cuStreamCreate(made, driver_h.CU_STREAM_NON_BLOCKING()), "cuStreamCreate");
        Driver.HELD.incrementAndGet();
        madeStream = made.get(ValueLayout.ADDRESS, 0);
        Driver.check(driver_h.cuMemHostAlloc(made, STAGE, 0), "cuMemHostAlloc");
        Driver.HELD.incrementAndGet();
      } catch (RuntimeException e) {
        MemorySegment abandoned = madeStream;
        if (!abandoned.equals(MemorySegment.NULL)) {
          Closing.after(e, () -> destroy(abandoned));
        }
        Closing.after(e, this::release);
        throw e;
      }
      this.stream = madeStream;
      this.stage = made.get(ValueLayout.ADDRESS, 0).reinterpret(STAGE);
    }
  }

  @Override
  public GpuInfo info() {
    return info;
  }

  /** The card. */
  public CudaDeviceInfo device() {
    return device;
  }

  @Override
  public Dialect dialect() {
    return Dialect.CUDA;
  }

  /** The stream that everything is enqueued on. */
  public MemorySegment stream() {
    if (closed) {
      throw new IllegalStateException("a card is used after it was closed");
    }
    return stream;
  }

  /** The driver keeps a current context for every thread: calls of it and of libraries go to this card now. */
  public void makeCurrent() {
    Driver.check(driver_h.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /** Where memory lies, for libraries of the vendor's. */
  public static long address(GpuBuffer buffer) {
    return buffer == null ? 0 : ((CudaBuffer) buffer).address();
  }

  @Override
  public GpuBuffer allocate(long bytes) {
    makeCurrent();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ValueLayout.JAVA_LONG);
      int status = driver_h.cuMemAlloc_v2(address, Math.max(bytes, Long.BYTES));
      if (status == driver_h.CUDA_ERROR_OUT_OF_MEMORY()) {
        throw new BackendException(
            info.name() + " has no memory for " + mebibytes(bytes) + " more" + free() + "; sample fewer images at once");
      }
      Driver.check(status, "cuMemAlloc");
      ALLOCATIONS.incrementAndGet();
      return new CudaBuffer(this, address.get(ValueLayout.JAVA_LONG, 0), bytes);
    }
  }

  private static String free() {
    return memory()
        .map(memory -> ", " + mebibytes(memory.free()) + " of " + mebibytes(memory.total()) + " are free")
        .orElse("");
  }

  /** Bytes of the card's memory. */
  private record FreeMemory(long free, long total) {}

  /** Nothing if the card does not say. */
  private static Optional<FreeMemory> memory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
      return driver_h.cuMemGetInfo_v2(free, total) == driver_h.CUDA_SUCCESS()
          ? Optional.of(new FreeMemory(free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0)))
          : Optional.empty();
    }
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f MiB", bytes / (double) (1 << 20));
  }

  /** Whether the card still answers, asked without waiting for it: after some failures no call succeeds any more. */
  public boolean isAlive() {
    return driver_h.cuCtxSetCurrent(context) == driver_h.CUDA_SUCCESS() && memory().isPresent();
  }

  @Override
  public int mostGroupsAside() {
    return CudaKernel.MOST_BLOCKS_ASIDE;
  }

  @Override
  public long allocations() {
    return ALLOCATIONS.get();
  }

  @Override
  public void write(GpuBuffer to, long offset, MemorySegment from) {
    makeCurrent();
    long address = ((CudaBuffer) to).address() + offset;
    for (long at = 0; at < from.byteSize(); at += STAGE) {
      long count = Math.min(STAGE, from.byteSize() - at);
      MemorySegment.copy(from, at, stage, 0, count);
      Driver.check(driver_h.cuMemcpyHtoDAsync_v2(address + at, stage, count, stream()), "cuMemcpyHtoDAsync");
      finish();
    }
  }

  @Override
  public void read(GpuBuffer from, long offset, MemorySegment to) {
    makeCurrent();
    long address = ((CudaBuffer) from).address() + offset;
    for (long at = 0; at < to.byteSize(); at += STAGE) {
      long count = Math.min(STAGE, to.byteSize() - at);
      Driver.check(driver_h.cuMemcpyDtoHAsync_v2(stage, address + at, count, stream()), "cuMemcpyDtoHAsync");
      finish();
      MemorySegment.copy(stage, 0, to, at, count);
    }
  }

  @Override
  public void copy(GpuBuffer from, long fromOffset, GpuBuffer to, long toOffset, long bytes) {
    makeCurrent();
    long source = ((CudaBuffer) from).address() + fromOffset;
    long target = ((CudaBuffer) to).address() + toOffset;
    Driver.check(driver_h.cuMemcpyDtoDAsync_v2(target, source, bytes, stream()), "cuMemcpyDtoDAsync");
  }

  @Override
  public GpuMark mark() {
    makeCurrent();
    MemorySegment event = events.isEmpty() ? createEvent(driver_h.CU_EVENT_DISABLE_TIMING()) : events.pop();
    int status = driver_h.cuEventRecord(event, stream());
    if (status != driver_h.CUDA_SUCCESS()) {
      events.push(event);
      throw Driver.failure(status, "cuEventRecord");
    }
    return new CudaMark(this, event);
  }

  private static MemorySegment createEvent(int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      Driver.check(driver_h.cuEventCreate(made, flags), "cuEventCreate");
      Driver.HELD.incrementAndGet();
      return made.get(ValueLayout.ADDRESS, 0);
    }
  }

  /** Takes an event back, to mark another place with it. */
  void reuse(MemorySegment event) {
    events.push(event);
  }

  private static void destroyEvent(MemorySegment event) {
    Driver.HELD.decrementAndGet();
    Driver.check(driver_h.cuEventDestroy_v2(event), "cuEventDestroy");
  }

  /** A place in the stream whose time is taken. */
  private record TimedEvent(MemorySegment event) implements AutoCloseable {
    @Override
    public void close() {
      destroyEvent(event);
    }
  }

  private TimedEvent timed() {
    return new TimedEvent(createEvent(driver_h.CU_EVENT_DEFAULT()));
  }

  @Override
  public double nanosOf(Runnable work) {
    makeCurrent();
    try (TimedEvent began = timed();
        TimedEvent ended = timed();
        Arena arena = Arena.ofConfined()) {
      Driver.check(driver_h.cuEventRecord(began.event(), stream()), "cuEventRecord");
      work.run();
      Driver.check(driver_h.cuEventRecord(ended.event(), stream()), "cuEventRecord");
      finish();
      MemorySegment millis = arena.allocate(ValueLayout.JAVA_FLOAT);
      Driver.check(driver_h.cuEventElapsedTime(millis, began.event(), ended.event()), "cuEventElapsedTime");
      return 1e6 * millis.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  @Override
  public boolean recordsLaunches() {
    return true;
  }

  @Override
  public GpuReplay record(Runnable work) {
    makeCurrent();
    return CudaGraph.capture(this, work);
  }

  /** Whether anything that was recorded may be launched again: it keeps the addresses of what it works on. */
  boolean hasReplays() {
    return replays > 0;
  }

  /** Counts what was recorded, 1 more or 1 less. */
  void countReplays(int change) {
    replays += change;
  }

  @Override
  public void finish() {
    makeCurrent();
    Driver.check(driver_h.cuStreamSynchronize(stream()), "cuStreamSynchronize");
  }

  @Override
  public GpuModule compile(KernelSource source) {
    makeCurrent();
    return cubins.load(source, device.target(), cubin -> CudaModule.load(this, cubin, source.file()));
  }

  private static void destroy(MemorySegment stream) {
    Driver.HELD.decrementAndGet();
    Driver.check(driver_h.cuStreamDestroy_v2(stream), "cuStreamDestroy");
  }

  private void release() {
    Driver.HELD.decrementAndGet();
    Driver.check(driver_h.cuDevicePrimaryCtxRelease_v2(handle), "cuDevicePrimaryCtxRelease");
  }

  private void freeStage() {
    Driver.HELD.decrementAndGet();
    Driver.check(driver_h.cuMemFreeHost(stage), "cuMemFreeHost");
  }

  @Override
  public void close() {
    if (!closed) {
      Closing.inOrder(
          this::finish,
          () -> closed = true,
          () -> Closing.each(events, CudaContext::destroyEvent),
          this::freeStage,
          () -> destroy(stream),
          this::release);
    }
  }
}
