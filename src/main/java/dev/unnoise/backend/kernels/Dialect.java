package dev.unnoise.backend.kernels;

/** A language that kernels are compiled as. */
public enum Dialect {
  OPENCL("prelude.opencl.h", ".cl"),
  CUDA("prelude.cuda.h", ".cu");

  private final String prelude;
  private final String ending;

  Dialect(String prelude, String ending) {
    this.prelude = prelude;
    this.ending = ending;
  }

  /** The file that says in this language what kernels are written in. */
  String prelude() {
    return prelude;
  }

  /** How files of this language end. */
  public String ending() {
    return ending;
  }
}
