package dev.unnoise.backend.cuda.library;

/** The first two numbers of a version. */
public record Version(int major, int minor) {
  @Override
  public String toString() {
    return major + "." + minor;
  }
}
