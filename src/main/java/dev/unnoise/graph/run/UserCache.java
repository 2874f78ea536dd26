package dev.unnoise.graph.run;

import java.nio.file.Path;
import java.util.Optional;

/** Where backends keep what they need not make again: unpacked libraries, compiled kernels, measured choices. */
public final class UserCache {
  /** A folder in place of the user's cache folder. */
  public static final String PROPERTY = "unnoise.cache";

  private UserCache() {}

  /** The folder, which need not exist: {@code unnoise} in the user's cache folder (XDG) unless another was named. */
  public static Path folder() {
    String chosen = System.getProperty(PROPERTY);
    if (chosen != null) {
      return Path.of(chosen);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    String home = Optional.ofNullable(System.getenv("HOME")).orElse(System.getProperty("user.home"));
    Path base = xdg == null || xdg.isBlank() ? Path.of(home, ".cache") : Path.of(xdg);
    return base.resolve("unnoise");
  }

  /** Whether somebody named the folder, who should then hear if it cannot be used. */
  public static boolean isNamed() {
    return System.getProperty(PROPERTY) != null;
  }
}
