/** cuBLASLt: the matrix products of attention. */
package dev.unnoise.backend.cuda.cublaslt;
