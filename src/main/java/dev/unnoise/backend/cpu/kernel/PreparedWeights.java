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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A network's parameters: small ones as arrays, those of products in the layouts that primitives want, each kept once.
 * After {@link #seal} nothing more is read from the checkpoint; another layout is then made from one that is there.
 */
public final class PreparedWeights implements AutoCloseable {
  private final OneDnn oneDnn;
  private final Scope scope = new Scope();
  private final Map<Parameter, float[]> arrays = new HashMap<>();
  private final Map<Object, List<Form>> forms = new HashMap<>();
  private Weights source;
  private long bytes;

  private record Form(Layout layout, MemorySegment data, Memory memory) {}

  public PreparedWeights(OneDnn oneDnn, Weights source) {
    this.oneDnn = oneDnn;
    this.source = source;
  }

  /** Forgets where the parameters came from. */
  public synchronized void seal() {
    source = null;
  }

  /** Bytes that all forms take together. */
  public synchronized long bytes() {
    return bytes;
  }

  /** The elements of a parameter, row-major; not to be written. */
  public synchronized float[] array(Parameter parameter) {
    return arrays.computeIfAbsent(
        parameter,
        key -> {
          float[] values = load(key);
          bytes += 4L * values.length;
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
   * @param source makes them
   * @param stored the layout in which {@code source} gives them, with the extents of the wanted layout
   */
  synchronized Memory in(Object key, Supplier<float[]> source, Layout stored, Layout wanted) {
    List<Form> known = forms.computeIfAbsent(key, absent -> new ArrayList<>());
    for (Form form : known) {
      if (OneDnn.same(form.layout(), wanted)) {
        return form.memory();
      }
    }
    Form form = known.isEmpty() ? fromSource(source.get(), stored, wanted) : reordered(known.getFirst(), wanted);
    known.add(form);
    bytes += wanted.bytes();
    return form.memory();
  }

  private Form fromSource(float[] values, Layout stored, Layout wanted) {
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

  /** The elements of a parameter, row-major, not kept. */
  float[] load(Parameter parameter) {
    if (source == null) {
      throw new IllegalStateException(parameter + " was not prepared when the network was loaded");
    }
    return source.resolve(parameter);
  }

  @Override
  public void close() {
    scope.close();
  }
}
