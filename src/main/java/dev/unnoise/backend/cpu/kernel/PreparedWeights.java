package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.Memory;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A network's parameters: small ones as arrays, those of products in the layouts that primitives want, each kept once.
 * After {@link #seal} nothing more is read from the checkpoint; another layout is then made from one that is there.
 * Several threads may prepare different parameters at once.
 */
public final class PreparedWeights implements AutoCloseable {
  private final OneDnn oneDnn;
  private final Scope scope = new Scope();
  private final Map<Parameter, float[]> arrays = new ConcurrentHashMap<>();
  private final Map<Object, Forms> forms = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private volatile Weights source;

  private record Form(Layout layout, MemorySegment data, Memory memory) {}

  /** The same elements in every layout that was asked for. */
  private final class Forms {
    private final List<Form> known = new ArrayList<>();

    synchronized Memory in(Supplier<float[]> elements, Layout stored, Layout wanted) {
      for (Form form : known) {
        if (OneDnn.same(form.layout(), wanted)) {
          return form.memory();
        }
      }
      Form form = known.isEmpty() ? made(elements.get(), stored, wanted) : reordered(known.getFirst(), wanted);
      known.add(form);
      bytes.addAndGet(wanted.bytes());
      return form.memory();
    }
  }

  public PreparedWeights(OneDnn oneDnn, Weights source) {
    this.oneDnn = oneDnn;
    this.source = source;
  }

  /** Forgets where the parameters came from. */
  public void seal() {
    source = null;
  }

  /** Bytes that all forms take together. */
  public long bytes() {
    return bytes.get();
  }

  /** The elements of a parameter, row-major; not to be written. */
  public float[] array(Parameter parameter) {
    return arrays.computeIfAbsent(
        parameter,
        key -> {
          float[] values = load(key);
          bytes.addAndGet(4L * values.length);
          return values;
        });
  }

  /**
   * A parameter in a layout.
   *
   * @param stored the layout of its row-major elements, with the extents of the wanted layout
   */
  public Memory in(Parameter parameter, Layout stored, Layout wanted) {
    return in(parameter, () -> load(parameter), stored, wanted);
  }

  /**
   * Elements made of a parameter, in a layout.
   *
   * @param key what they are: asked for again, the same memory is given
   * @param elements makes them
   * @param stored the layout in which {@code elements} gives them, with the extents of the wanted layout
   */
  Memory in(Object key, Supplier<float[]> elements, Layout stored, Layout wanted) {
    return forms.computeIfAbsent(key, absent -> new Forms()).in(elements, stored, wanted);
  }

  /** The elements of a parameter, row-major, not kept. */
  float[] load(Parameter parameter) {
    Weights from = source;
    if (from == null) {
      throw new IllegalStateException(parameter + " was not prepared when the network was loaded");
    }
    return from.resolve(parameter);
  }

  private Form made(float[] values, Layout stored, Layout wanted) {
    try (Scope temporary = new Scope()) {
      MemorySegment plain = temporary.allocate(4L * values.length);
      MemorySegment.copy(values, 0, plain, ValueLayout.JAVA_FLOAT, 0, values.length);
      return reordered(new Form(stored, plain, null), wanted);
    }
  }

  private Form reordered(Form from, Layout wanted) {
    MemorySegment data = scope.allocate(wanted.bytes());
    oneDnn.reorder(from.layout(), from.data(), wanted, data);
    return new Form(wanted, data, oneDnn.memory(scope, wanted, data));
  }

  @Override
  public void close() {
    scope.close();
  }
}
