package dev.unnoise.backend.cpu.onednn;

import java.lang.foreign.MemorySegment;

/**
 * A compiled operation. Several threads may execute it at once, each with its own memory and scratchpad.
 *
 * @param handle oneDNN's object
 * @param weights the layout it wants its weights in, or null if it has none
 * @param scratchpad the layout of its scratchpad
 * @param implementation oneDNN's name of the code chosen
 */
public record Primitive(MemorySegment handle, Layout weights, Layout scratchpad, String implementation) {}
