package dev.unnoise.backend.cuda.cudnn;

/** The card that descriptors are made for: they are told before they are finalised. Used by one thread at a time. */
interface Card extends AutoCloseable {

  /** Tells an execution plan. */
  void plan(Descriptor plan);

  /** Tells an operation graph. */
  default void graph(Descriptor graph) {}

  /** Tells heuristics. */
  default void heuristics(Descriptor heuristics) {}

  /** Tells an engine. */
  default void engine(Descriptor engine) {}

  /** Whether it still answers: after some failures none of its kernels runs any more. */
  default boolean isAlive() {
    return true;
  }

  @Override
  default void close() {}
}
