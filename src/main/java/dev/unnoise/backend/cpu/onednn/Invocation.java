package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.backend.cpu.bindings.dnnl_h;
import java.lang.foreign.MemorySegment;

/** A primitive bound to its operands: runs without allocating anything. */
public final class Invocation {
  private final MemorySegment primitive;
  private final String name;
  private final int count;
  private final MemorySegment arguments;

  /**
   * @param name of the layer, for messages
   * @param scope owns the bound arguments
   */
  public Invocation(String name, Primitive primitive, Arguments arguments, Scope scope) {
    this.primitive = primitive.handle();
    this.name = name;
    this.count = arguments.count();
    this.arguments = arguments.toArray(scope);
  }

  /** Runs it on the calling thread (and the OpenMP threads that belong to that thread) and waits for the end. */
  public void run(Stream stream) {
    int status = dnnl_h.dnnl_primitive_execute(primitive, stream.handle(), count, arguments);
    if (status != dnnl_h.dnnl_success()) {
      Status.check(status, "execution of " + name);
    }
  }
}
