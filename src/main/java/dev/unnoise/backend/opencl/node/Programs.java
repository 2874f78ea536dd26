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

  /**
   * A kernel without arguments.
   *
   * @param options of the file besides the width of vectors
   */
  public ClKernel kernel(String file, String name, Map<String, Integer> options) {
    Map<String, Integer> all = new HashMap<>(options);
    all.put("VW", traits.vectorWidth());
    ClProgram program =
        compiled.computeIfAbsent(
            new KernelSource(file, all),
            source -> context.compile(file, source.text(Dialect.OPENCL), source.definitions()));
    return program.kernel(name);
  }

  @Override
  public void close() {
    compiled.values().forEach(ClProgram::close);
    compiled.clear();
  }
}
