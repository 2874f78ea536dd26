package dev.unnoise.backend.gpu;

/**
 * What a driver says of a device.
 *
 * @param name the model
 * @param driver whose it is and its versions: what was measured or compiled under another one does not count
 * @param card whether it is a card rather than a processor
 * @param computeUnits that work side by side
 * @param memoryBytes all of its memory
 * @param largestAllocation bytes of the largest buffer
 * @param alignmentBytes to which buffers are aligned
 * @param localMemoryBytes of a group of work-items
 * @param maxGroupItems work-items of a group at most
 * @param vectorWidth floats of a native vector
 */
public record GpuInfo(
    String name,
    String driver,
    boolean card,
    int computeUnits,
    long memoryBytes,
    long largestAllocation,
    int alignmentBytes,
    long localMemoryBytes,
    long maxGroupItems,
    int vectorWidth) {}
