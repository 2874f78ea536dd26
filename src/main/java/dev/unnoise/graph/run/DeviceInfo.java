package dev.unnoise.graph.run;

import java.util.List;

/**
 * What is known of a device before it is opened.
 *
 * @param name for people: the model of the card or processor
 * @param detail driver or library versions, thread counts
 * @param memoryBytes memory that programs may take, or 0 if unknown
 * @param precisions what the device computes in, the default first
 * @param preferredBatch images at once beyond which throughput no longer grows
 * @param preference {@code auto} takes the device with the highest; negative means only when asked for by name
 */
public record DeviceInfo(
    String name, String detail, long memoryBytes, List<Precision> precisions, int preferredBatch, int preference) {
  public DeviceInfo {
    precisions = List.copyOf(precisions);
  }

  /** The precision used unless another is asked for. */
  public Precision defaultPrecision() {
    return precisions.getFirst();
  }
}
