package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.graph.DataType;

/**
 * d = alpha · op(a) b, for as many matrices as there are; how many is left out.
 *
 * @param transposed whether op transposes
 */
record MatrixProducts(boolean transposed, Matrices a, Matrices b, Matrices d) {

  /** Elements of the largest operand, for one matrix. */
  long largestOperand() {
    return Math.max(Math.max(a.distance(), b.distance()), d.distance());
  }

  /** Of the factors. */
  DataType type() {
    return a.type();
  }
}
