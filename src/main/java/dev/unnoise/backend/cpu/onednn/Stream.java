package dev.unnoise.backend.cpu.onednn;

import java.lang.foreign.MemorySegment;

/**
 * Where primitives execute, one after another. On a processor execution is finished when the call returns.
 *
 * @param handle oneDNN's object
 */
public record Stream(MemorySegment handle) {}
