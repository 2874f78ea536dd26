package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.graph.DataType;
import java.util.Arrays;
import java.util.Set;

/** Which of cuDNN's engines may be used, by the notes that it gives about them. */
enum EnginePolicy {
  /** Single precision throughout, be it by way of Winograd's or Fourier's transform. */
  SINGLE,
  /** Products on tensor cores with inputs of 10 bits. */
  TF32,
  /** Tensors of 16 bits, sums in single precision. */
  HALVES;

  private static final int MOST_NOTES = 16;

  /** Sums in an order that changes, or in fewer bits. */
  private static final Set<Integer> NEVER =
      Set.of(
          cudnn_h.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC(),
          cudnn_h.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION());

  private static final Set<Integer> FEWER_BITS =
      Set.of(cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE(), cudnn_h.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS());

  /** Rounded to few bits, transformed numbers lose more than those that they were made of. */
  private static final Set<Integer> TRANSFORMS =
      Set.of(
          cudnn_h.CUDNN_NUMERICAL_NOTE_FFT(),
          cudnn_h.CUDNN_NUMERICAL_NOTE_WINOGRAD(),
          cudnn_h.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4(),
          cudnn_h.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6(),
          cudnn_h.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13());

  /** The policy for a type. */
  static EnginePolicy of(DataType type, boolean tf32) {
    return type != DataType.F32 ? HALVES : tf32 ? TF32 : SINGLE;
  }

  /** Whether an engine may be used. */
  boolean allows(Descriptor engine) {
    int[] notes =
        engine.choices(
            cudnn_h.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE(), cudnn_h.CUDNN_TYPE_NUMERICAL_NOTE(), MOST_NOTES);
    return Arrays.stream(notes).allMatch(this::allows);
  }

  private boolean allows(int note) {
    return !NEVER.contains(note) && !(this == SINGLE ? FEWER_BITS : TRANSFORMS).contains(note);
  }
}
