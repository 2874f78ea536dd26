package dev.unnoise.backend.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A program to be compiled on a device: one file of {@code kernels/}, specialised by options.
 *
 * @param file without its ending, for example {@code attention}
 * @param options values of the macros that the file's head comment names; kept in order of their names
 */
public record KernelSource(String file, Map<String, Integer> options) {
  private static final String FOLDER = "/dev/unnoise/kernels/";
  private static final List<String> COMMON = List.of("vector.h", "activation.h", "random.h");

  public KernelSource {
    options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
  }

  /** The whole text, prelude included. */
  public String text(Dialect dialect) {
    StringBuilder text = new StringBuilder(read(dialect.prelude()));
    COMMON.forEach(common -> text.append(read(common)));
    return text.append(read(file + ".kernel")).toString();
  }

  /** The options as a compiler takes them. */
  public String definitions() {
    return options
        .entrySet().stream().map(entry -> "-D" + entry.getKey() + "=" + entry.getValue()).collect(Collectors.joining(" "));
  }

  /** File and options in one word. */
  public String name() {
    return file
        + options
            .entrySet().stream()
                .map(entry -> "-" + entry.getKey().toLowerCase(Locale.ROOT).replace("_", "") + entry.getValue())
                .collect(Collectors.joining());
  }

  private static String read(String name) {
    try (InputStream in = KernelSource.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the kernel file " + name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the kernel file " + name + " cannot be read", e);
    }
  }
}
