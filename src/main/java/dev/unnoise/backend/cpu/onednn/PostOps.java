package dev.unnoise.backend.cpu.onednn;

import java.util.ArrayList;
import java.util.List;

/** What a primitive does with its results before it stores them, in order. */
public final class PostOps {
  /** One such operation. */
  sealed interface Op {
    /** Adds a tensor. */
    record AddTensor(Layout layout) implements Op {}

    /** Multiplies by a number. */
    record Scale(float factor) implements Op {}
  }

  private final List<Op> ops = new ArrayList<>();

  /** Adds a tensor, bound with {@link Arguments#postOp} at the index returned. */
  public int addTensor(Layout layout) {
    ops.add(new Op.AddTensor(layout));
    return ops.size() - 1;
  }

  /** Multiplies by a number. */
  public void scale(float factor) {
    ops.add(new Op.Scale(factor));
  }

  List<Op> ops() {
    return ops;
  }
}
