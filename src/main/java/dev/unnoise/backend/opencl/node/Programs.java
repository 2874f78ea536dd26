package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.backend.opencl.cl.ClProgram;
import java.util.HashMap;
import java.util.Map;

/** Compiled programs of a device, each made once. */
public final class Programs implements AutoCloseable {
  private final ClContext context;
  private final Traits traits;
  private final Map<KernelSource, ClProgram> compiled = new HashMap<>();

  public Programs(ClContext context, Traits traits) {
    this.context = context;
    this.traits = traits;
  }

  public Traits traits() {
    return traits;
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
    compiled.values().forEach(ClProgram::close);
    compiled.clear();
  }
}
