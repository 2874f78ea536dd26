package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.onednn.OneDnnLibrary;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The backend {@code cpu}: what {@code auto} takes where there is no GPU. */
public final class CpuBackend implements Backend {
  private static final int PREFERENCE = 100;
  private static final int PREFERRED_BATCH_PER_THREAD = 8;
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Path CONTAINER = Path.of("/sys/fs/cgroup/memory.max");
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Availability availability() {
    return OneDnnLibrary.missing()
        .<Availability>map(what -> new Availability.Missing(what, OneDnnLibrary.remedy()))
        .orElseGet(() -> new Availability.Ready(List.of(info())));
  }

  @Override
  public Device open(int index) {
    if (index != 0) {
      throw new BackendException("backend cpu has only device 0, not " + index);
    }
    return new CpuDevice(info(), CpuThreads.count());
  }

  private static DeviceInfo info() {
    int threads = CpuThreads.count();
    return new DeviceInfo(
        field(PROCESSORS, "model name", System.getProperty("os.arch")),
        "oneDNN, " + threads + (threads == 1 ? " thread" : " threads"),
        memoryBytes(),
        List.of(Precision.FP32),
        PREFERRED_BATCH_PER_THREAD * threads,
        PREFERENCE);
  }

  /** Memory that is free or can be freed, as far as a container may have it; 0 where the system does not tell. */
  private static long memoryBytes() {
    String kilobytes = field(MEMORY, "MemAvailable", "0 kB").replace(" kB", "");
    long available = Long.parseLong(kilobytes) << 10;
    return Math.min(available, containerLimit());
  }

  private static long containerLimit() {
    try {
      String limit = Files.isReadable(CONTAINER) ? Files.readString(CONTAINER).strip() : "max";
      return limit.equals("max") ? Long.MAX_VALUE : Long.parseLong(limit);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  /** The value of a line {@code name : value} of a system file. */
  private static String field(Path file, String name, String byDefault) {
    if (!Files.isReadable(file)) {
      return byDefault;
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(byDefault);
    } catch (IOException e) {
      return byDefault;
    }
  }
}
