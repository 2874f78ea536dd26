package dev.unnoise.graph;

import java.util.List;

/**
 * Self-attention over the pixels of one image: per head softmax(q kᵀ / √d) v with d = channels / heads.
 *
 * @param heads divides the channels of query, key and value; head h reads channels h·d … (h+1)·d - 1
 */
public record Attention(String name, Tensor query, Tensor key, Tensor value, int heads, Tensor output)
    implements Node {
  public Attention {
    Require.sameShape(name, query, key);
    Require.sameShape(name, query, value);
    if (heads < 1 || query.channels() % heads != 0) {
      throw new ShapeException(name, query.channels() + " channels cannot be split into " + heads + " heads");
    }
    Require.shape(name, output, query.shape());
  }

  /** Channels of one head. */
  public int headDim() {
    return query.channels() / heads;
  }

  /** 1/√headDim, which multiplies the scores. */
  public float scale() {
    return (float) (1 / Math.sqrt(headDim()));
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(query, key, value);
  }

  @Override
  public long flop() {
    long tokens = query.shape().pixels();
    return 4 * tokens * tokens * query.channels();
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Attention(name, inputs.get(0), inputs.get(1), inputs.get(2), heads, newOutput);
  }
}
