package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.backend.opencl.cl.ClProgram;
import dev.unnoise.backend.opencl.cl.Closing;
import java.util.HashMap;
import java.util.Map;

/** Compiled programs of a device, each made once. */
public final class Programs implements AutoCloseable {
  private final ClContext context;
  private final Choices choices;
  private final Map<KernelSource, ClProgram> compiled;

  public Programs(ClContext context, Choices choices) {
    this(context, choices, new HashMap<>());
  }

  private Programs(ClContext context, Choices choices, Map<KernelSource, ClProgram> compiled) {
    this.context = context;
    this.choices = choices;
    this.compiled = compiled;
  }

  /** The same programs, which close together with these, with other choices. */
  public Programs choosing(Choices others) {
    return new Programs(context, others, compiled);
  }

  public Choices choices() {
    return choices;
  }

  public Traits traits() {
    return choices.traits();
  }

  /** A kernel of a program, without arguments. */
  public ClKernel kernel(KernelSource source, String name) {
    return compiled.computeIfAbsent(source, this::compile).kernel(name);
  }

  private ClProgram compile(KernelSource source) {
    return context.compile(source.file(), source.text(Dialect.OPENCL), source.definitions());
  }

  @Override
  public void close() {
    Closing.each(compiled.values(), ClProgram::close);
    compiled.clear();
  }
}
