package dev.unnoise.backend.gpu.tune;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.node.Candidates;
import dev.unnoise.backend.gpu.node.ProductTemplate;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the tuner found on a device: a line per geometry, {@code geometry template}. The file's name says for which
 * device, driver, shape and kernels, so that another driver or build begins anew. Lines that name no template are passed
 * over, and files are only ever replaced as a whole, so neither garbage nor another process does harm.
 */
public final class TuningFile {
  private static final List<String> FILES =
      List.of("convolution_amd", "convolution_staged", "convolution_tiled", "convolution_winograd");
  private static final int DIGEST_DIGITS = 16;

  /** Characters of the device's name in the file's. */
  private static final int READABLE = 40;

  /** A lock on a file holds against other processes, not against other threads of this one. */
  private static final Object WITHIN_PROCESS = new Object();

  private final Path file;
  private final Map<String, ProductTemplate> known;

  /**
   * A file.
   *
   * @param candidates templates that may stand in it
   */
  TuningFile(Path file, List<ProductTemplate> candidates) {
    this.file = file;
    this.known = candidates.stream().collect(Collectors.toMap(ProductTemplate::key, template -> template));
  }

  /**
   * The file for a device.
   *
   * @param backend names the folder
   */
  public static TuningFile of(String backend, Gpu gpu, Traits traits) {
    GpuInfo info = gpu.info();
    String identity =
        Stream.concat(
                // AMD's drivers call every card of a generation alike; units tell them apart.
                Stream.of(info.name(), info.driver(), Integer.toString(info.computeUnits()), traits.toString()),
                FILES.stream().map(name -> new KernelSource(name, Map.of()).text(gpu.dialect())))
            .collect(Collectors.joining("\n"));
    String readable = info.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    String name = readable.substring(0, Math.min(READABLE, readable.length())) + "-" + digest(identity) + ".txt";
    return new TuningFile(UserCache.folder().resolve(backend).resolve(name), Candidates.all(traits));
  }

  /** Where it is, or would be. */
  public Path path() {
    return file;
  }

  /** Every choice in it, by geometry; none where there is no such file or it cannot be read. */
  public Map<String, ProductTemplate> read() {
    Map<String, ProductTemplate> choices = new TreeMap<>();
    for (String line : lines()) {
      String[] words = line.strip().split("\\s+");
      ProductTemplate template = words.length == 2 ? known.get(words[1]) : null;
      if (template != null) {
        choices.put(words[0], template);
      }
    }
    return choices;
  }

  private List<String> lines() {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      // A cache that cannot be read is one that has not been filled: the usual choices are good without it.
      return List.of();
    }
  }

  /**
   * Adds a choice to what is there by now.
   *
   * @throws BackendException if the file cannot be written
   */
  public void put(String geometry, ProductTemplate template) {
    synchronized (WITHIN_PROCESS) {
      write(geometry, template);
    }
  }

  private void write(String geometry, ProductTemplate template) {
    try {
      Files.createDirectories(file.getParent());
      Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
      try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        Map<String, ProductTemplate> choices = read();
        choices.put(geometry, template);
        String text =
            choices.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue().key() + "\n")
                .collect(Collectors.joining());
        Path beside = Files.createTempFile(file.getParent(), "tuning", ".part");
        try {
          Files.writeString(beside, text);
          Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
          Files.deleteIfExists(beside);
        }
      }
    } catch (IOException e) {
      throw new BackendException(
          "what was found cannot be kept in " + file + ": " + e.getMessage() + "; name another folder by -D"
              + UserCache.PROPERTY + "=…",
          e);
    }
  }

  private static String digest(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, DIGEST_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
