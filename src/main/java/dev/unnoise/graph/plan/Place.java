package dev.unnoise.graph.plan;

/**
 * Where a tensor's storage lies and when it is in use.
 *
 * @param pool index of the pool
 * @param offset bytes from the pool's start
 * @param bytes length, for the whole batch, without padding to the alignment
 * @param firstUse index of the node that writes it first
 * @param lastUse index of the node that reads it last; the number of nodes, if it outlives the graph
 */
public record Place(int pool, long offset, long bytes, int firstUse, int lastUse) {

  /** Whether some node needs both. */
  public boolean sharesTimeWith(Place other) {
    return firstUse <= other.lastUse && other.firstUse <= lastUse;
  }

  /** Whether both occupy some byte. */
  public boolean sharesSpaceWith(Place other) {
    return pool == other.pool && offset < other.offset + other.bytes && other.offset < offset + bytes;
  }
}
