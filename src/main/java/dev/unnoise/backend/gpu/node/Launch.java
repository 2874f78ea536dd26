package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.plan.Cost;
import java.util.Optional;

/** Something that is handed to the device as one. */
public interface Launch extends AutoCloseable {
  /** What {@link #by()} says of our own. */
  String KERNEL = "kernel";

  /** Hands it to the device for the first {@code images} images. */
  void enqueue(int images);

  /** What computes it, for people who wonder whether a library does. */
  default String by() {
    return KERNEL;
  }

  /** More about what computes it, for example a program or a library's engine; may be empty. */
  default String detail() {
    return "";
  }

  /** Its part of the work of a node that takes several launches; nothing if it does all of it, or a product alone. */
  default Optional<Cost> cost() {
    return Optional.empty();
  }

  @Override
  void close();
}
