package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.graph.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A product, a matrix or a preference as cuBLASLt wants it described. */
final class LtDescriptor implements AutoCloseable {
  private final Kind kind;
  private final MemorySegment object;
  private boolean closed;

  private enum Kind {
    PRODUCT("cublasLtMatmulDesc"),
    LAYOUT("cublasLtMatrixLayout"),
    PREFERENCE("cublasLtMatmulPreference");

    private final String prefix;

    Kind(String prefix) {
      this.prefix = prefix;
    }

    int set(MemorySegment object, int attribute, MemorySegment value) {
      return switch (this) {
        case PRODUCT -> cublaslt_h.cublasLtMatmulDescSetAttribute(object, attribute, value, value.byteSize());
        case LAYOUT -> cublaslt_h.cublasLtMatrixLayoutSetAttribute(object, attribute, value, value.byteSize());
        case PREFERENCE -> cublaslt_h.cublasLtMatmulPreferenceSetAttribute(object, attribute, value, value.byteSize());
      };
    }

    int destroy(MemorySegment object) {
      return switch (this) {
        case PRODUCT -> cublaslt_h.cublasLtMatmulDescDestroy(object);
        case LAYOUT -> cublaslt_h.cublasLtMatrixLayoutDestroy(object);
        case PREFERENCE -> cublaslt_h.cublasLtMatmulPreferenceDestroy(object);
      };
    }
  }

  @FunctionalInterface
  private interface Maker {
    int make(MemorySegment made);
  }

  private LtDescriptor(Kind kind, Maker maker) {
    this.kind = kind;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      CublasLt.check(maker.make(made), kind.prefix + "Create");
      object = made.get(ValueLayout.ADDRESS, 0);
      CublasLt.HELD.incrementAndGet();
    }
  }

  /**
   * A product whose sums and factors are single precision.
   *
   * @param compute one of {@code CUBLAS_COMPUTE_…}
   */
  static LtDescriptor product(int compute) {
    return new LtDescriptor(
        Kind.PRODUCT, made -> cublaslt_h.cublasLtMatmulDescCreate(made, compute, cublaslt_h.CUDA_R_32F()));
  }

  /** A matrix, column after column, each {@code leading} elements from the last. */
  static LtDescriptor matrix(DataType type, long rows, long columns, long leading) {
    return new LtDescriptor(
        Kind.LAYOUT, made -> cublaslt_h.cublasLtMatrixLayoutCreate(made, number(type), rows, columns, leading));
  }

  /** What the heuristics are to heed. */
  static LtDescriptor preference() {
    return new LtDescriptor(Kind.PREFERENCE, cublaslt_h::cublasLtMatmulPreferenceCreate);
  }

  private static int number(DataType type) {
    return switch (type) {
      case F32 -> cublaslt_h.CUDA_R_32F();
      case F16 -> cublaslt_h.CUDA_R_16F();
      case BF16 -> cublaslt_h.CUDA_R_16BF();
    };
  }

  LtDescriptor integer(int attribute, int value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }
  }

  LtDescriptor longInteger(int attribute, long value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, arena.allocateFrom(ValueLayout.JAVA_LONG, value));
    }
  }

  private LtDescriptor set(int attribute, MemorySegment value) {
    CublasLt.check(kind.set(segment(), attribute, value), kind.prefix + "SetAttribute(" + attribute + ")");
    return this;
  }

  MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException(kind.prefix + " is used after it was closed");
    }
    return object;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CublasLt.HELD.decrementAndGet();
      CublasLt.check(kind.destroy(object), kind.prefix + "Destroy");
    }
  }
}
