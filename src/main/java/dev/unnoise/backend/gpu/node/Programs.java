package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.backend.kernels.KernelSource;
import java.util.HashMap;
import java.util.Map;

/** Compiled programs of a device, each made once. */
public final class Programs implements AutoCloseable {
  private final Gpu context;
  private final Choices choices;
  private final Map<KernelSource, GpuModule> compiled;

  public Programs(Gpu context, Choices choices) {
    this(context, choices, new HashMap<>());
  }

  private Programs(Gpu context, Choices choices, Map<KernelSource, GpuModule> compiled) {
    this.context = context;
    this.choices = choices;
    this.compiled = compiled;
  }

  /** The same programs, which close together with these, with other choices. */
  public Programs choosing(Choices others) {
    return new Programs(context, others, compiled);
  }

  /** The device. */
  public Gpu gpu() {
    return context;
  }

  public Choices choices() {
    return choices;
  }

  public Traits traits() {
    return choices.traits();
  }

  /** A kernel of a program, without arguments. */
  public GpuKernel kernel(KernelSource source, String name) {
    return compiled.computeIfAbsent(source, this::compile).kernel(name);
  }

  /** A launch of a kernel that has no arguments yet, on a grid whose last axis is the image. */
  KernelLaunch launch(KernelSource source, String name, int itemsPerGroup, long... items) {
    return launch(source, name, new Grid.PerImage(itemsPerGroup, items));
  }

  /** A launch of a kernel that has no arguments yet. */
  KernelLaunch launch(KernelSource source, String name, Grid grid) {
    return new KernelLaunch(kernel(source, name), source.name() + " " + name, grid);
  }

  private GpuModule compile(KernelSource source) {
    return context.compile(source);
  }

  @Override
  public void close() {
    Closing.each(compiled.values(), GpuModule::close);
    compiled.clear();
  }
}
