package dev.unnoise.backend.gpu.node;

import java.util.Map;

/** A way to compute attention, with its parameters. */
public sealed interface AttentionTemplate {

  /** The file of {@code kernels/}. */
  String file();

  Map<String, Integer> options(int headDim);

  /** Work-items of a group. */
  int itemsPerGroup();

  /** Bytes of local memory that a group takes. */
  int localBytes();

  /** Work-items for all rows of a head. */
  long items(int tokens);

  /**
   * attention.kernel.
   *
   * @param queries rows of a work-item
   * @param keys of a step, a multiple of the vector width
   */
  record Private(int queries, int keys, int vectorWidth) implements AttentionTemplate {
    @Override
    public String file() {
      return "attention";
    }

    @Override
    public Map<String, Integer> options(int headDim) {
      return Map.of("HEAD_VECTORS", Math.ceilDiv(headDim, vectorWidth), "QUERIES", queries, "KEYS", keys);
    }

    @Override
    public int itemsPerGroup() {
      return 1;
    }

    @Override
    public int localBytes() {
      return 0;
    }

    @Override
    public long items(int tokens) {
      return Math.ceilDiv(tokens, queries);
    }
  }

  /**
   * attention_tiled.kernel.
   *
   * @param queries rows of a group (BQ)
   * @param keys of a step (KB), a multiple of 4
   * @param depth entries of a head staged at once (DC)
   */
  record Tiled(int queries, int keys, int depth) implements AttentionTemplate {
    @Override
    public String file() {
      return "attention_tiled";
    }

    @Override
    public Map<String, Integer> options(int headDim) {
      return Map.of(
          "HEAD_COLUMNS", Math.ceilDiv(headDim, itemsPerGroup()),
          "BQ", queries,
          "KB", keys,
          "DC", depth,
          "ITEMS", itemsPerGroup());
    }

    @Override
    public int itemsPerGroup() {
      return queries * keys / 4;
    }

    /** Queries, keys and scores have a column to spare, and every query three numbers of its softmax. */
    @Override
    public int localBytes() {
      return Float.BYTES * ((queries + keys) * (depth + 1) + queries * (keys + 1) + 3 * queries);
    }

    @Override
    public long items(int tokens) {
      return (long) Math.ceilDiv(tokens, queries) * itemsPerGroup();
    }
  }
}
