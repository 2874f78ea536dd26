package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.graph.DataType;

/**
 * Matrices that lie like one another, column after column; how many is left out.
 *
 * @param leading elements from one column to the next
 * @param distance elements from one matrix to the next
 * @param alignment bytes that the address of each is a multiple of
 */
record Matrices(DataType type, long rows, long columns, long leading, long distance, int alignment) {}
