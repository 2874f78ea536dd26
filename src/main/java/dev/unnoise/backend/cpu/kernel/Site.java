package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import dev.unnoise.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Where a recipe is bound: the memory of one lane. */
public interface Site {

  /** How many images it holds. */
  int slots();

  /** Where a tensor of the image in a slot lies. */
  Region region(int slot, Tensor tensor);

  /** Where tensors of the image in a slot lie. */
  default List<Region> regions(int slot, List<Tensor> tensors) {
    return tensors.stream().map(tensor -> region(slot, tensor)).toList();
  }

  /** Scratchpad for primitives, as large as any recipe asked for. */
  MemorySegment scratchpad();

  /** Memory for the running kernel, as large as any recipe asked for. */
  MemorySegment workspace();

  /** Arrays for the running kernel. */
  Staging staging();

  /** Owns what binding allocates. */
  Scope scope();

  Stream stream();
}
