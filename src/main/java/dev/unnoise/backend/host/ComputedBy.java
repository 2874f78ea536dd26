package dev.unnoise.backend.host;

/**
 * What computes a node.
 *
 * @param by a library, or Java
 * @param detail more about it, for example the library's name of the code it chose; may be empty
 */
public record ComputedBy(String by, String detail) {
  /** Loops of this program. */
  public static final ComputedBy JAVA = new ComputedBy("Java", "");
}
