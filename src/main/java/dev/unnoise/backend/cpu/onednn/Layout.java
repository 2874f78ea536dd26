package dev.unnoise.backend.cpu.onednn;

import java.lang.foreign.MemorySegment;

/**
 * A memory descriptor of float32 elements; belongs to the scope it was made in.
 *
 * @param handle oneDNN's object
 * @param bytes it describes; 0 while the layout is oneDNN's to choose
 */
public record Layout(MemorySegment handle, long bytes) {}
