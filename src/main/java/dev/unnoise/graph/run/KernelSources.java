package dev.unnoise.graph.run;

import dev.unnoise.graph.Network;
import java.util.List;

/** A backend's kernels as text, for people and compilers; found by {@link java.util.ServiceLoader}. Needs no device. */
public interface KernelSources {

  /** Languages that {@link #of} can write, by the names users know. */
  List<String> dialects();

  /**
   * Every program that a network takes.
   *
   * @param dialect one of {@link #dialects()}
   */
  List<KernelText> of(Network network, String dialect, Precision precision);

  /**
   * A program as it is compiled.
   *
   * @param name tells it from the others; a file's name without ending
   * @param ending of files in its language, with the dot
   * @param source the whole text
   * @param options what the compiler is told besides, one line
   */
  record KernelText(String name, String ending, String source, String options) {}
}
