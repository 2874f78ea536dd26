package dev.unnoise.graph;

import java.util.List;

/**
 * A trained tensor, named rather than held: what a node needs, and how it is made from what the checkpoint stores.
 * Two equal parameters are the same weights, so a device keeps one copy of them.
 */
public sealed interface Parameter {

  /** Extents, outermost first; row-major. */
  List<Integer> shape();

  /** Number of elements. */
  default long elements() {
    return shape().stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }

  /**
   * A tensor as the checkpoint stores it.
   *
   * @param name the name in the checkpoint, for example {@code mid_block.resnets.0.conv1.weight}
   */
  record Stored(String name, List<Integer> shape) implements Parameter {
    public Stored {
      shape = List.copyOf(shape);
    }

    @Override
    public String toString() {
      return name + shape;
    }
  }

  /** Several parameters one after another along their first axis; the other extents agree. */
  record Stacked(List<Parameter> parts) implements Parameter {
    public Stacked {
      parts = List.copyOf(parts);
      List<Integer> rest = tail(parts.getFirst());
      for (Parameter part : parts) {
        if (!tail(part).equals(rest)) {
          throw new IllegalArgumentException("cannot stack " + part.shape() + " on " + parts.getFirst().shape());
        }
      }
    }

    @Override
    public List<Integer> shape() {
      int rows = parts.stream().mapToInt(part -> part.shape().getFirst()).sum();
      return prepend(rows, tail(parts.getFirst()));
    }

    private static List<Integer> tail(Parameter part) {
      return part.shape().subList(1, part.shape().size());
    }
  }

  /** A run of a parameter's second axis: for a convolution, of its input channels. */
  record Columns(Parameter of, int offset, int count) implements Parameter {
    public Columns {
      if (offset < 0 || count < 1 || offset + count > of.shape().get(1)) {
        throw new IllegalArgumentException(
            "columns " + offset + "…" + (offset + count - 1) + " do not lie within " + of.shape());
      }
    }

    @Override
    public List<Integer> shape() {
      List<Integer> all = of.shape();
      return prepend(all.getFirst(), prepend(count, all.subList(2, all.size())));
    }
  }

  /** The element-wise sum of two parameters of one shape. */
  record Sum(Parameter left, Parameter right) implements Parameter {
    public Sum {
      if (!left.shape().equals(right.shape())) {
        throw new IllegalArgumentException("cannot add " + left.shape() + " and " + right.shape());
      }
    }

    @Override
    public List<Integer> shape() {
      return left.shape();
    }
  }

  private static List<Integer> prepend(int first, List<Integer> rest) {
    Integer[] all = new Integer[rest.size() + 1];
    all[0] = first;
    for (int i = 0; i < rest.size(); i++) {
      all[i + 1] = rest.get(i);
    }
    return List.of(all);
  }
}
