package dev.unnoise.backend.cpu.onednn;

import java.lang.foreign.MemorySegment;

/**
 * A memory object: a layout over some bytes, which must live as long as it does.
 *
 * @param handle oneDNN's object
 */
public record Memory(MemorySegment handle) {}
