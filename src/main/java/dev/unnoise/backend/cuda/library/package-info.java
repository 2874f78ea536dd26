/**
 * NVIDIA's libraries: where each may be, in which order they are looked for, and loading those that can be used. {@link
 * dev.unnoise.backend.cuda.library.CudaLibraries} is the whole of it for the rest of the backend.
 */
package dev.unnoise.backend.cuda.library;
