package dev.unnoise.backend.cuda.cudnn;

/** The card that descriptors are made for: they are told before they are finalised. */
interface Card {

  /** Tells an execution plan. */
  void plan(Descriptor plan);

  /** Tells an operation graph. */
  default void graph(Descriptor graph) {}

  /** Tells heuristics. */
  default void heuristics(Descriptor heuristics) {}

  /** Tells an engine. */
  default void engine(Descriptor engine) {}
}
