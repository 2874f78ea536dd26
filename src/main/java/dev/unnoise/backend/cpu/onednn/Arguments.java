package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.backend.cpu.bindings.dnnl_exec_arg_t;
import dev.unnoise.backend.cpu.bindings.dnnl_h;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** The operands of one execution. */
public final class Arguments {
  private final Map<Integer, Memory> memories = new LinkedHashMap<>();

  public Arguments source(Memory memory) {
    memories.put(dnnl_h.DNNL_ARG_SRC(), memory);
    return this;
  }

  public Arguments weights(Memory memory) {
    memories.put(dnnl_h.DNNL_ARG_WEIGHTS(), memory);
    return this;
  }

  public Arguments bias(Memory memory) {
    memories.put(dnnl_h.DNNL_ARG_BIAS(), memory);
    return this;
  }

  public Arguments destination(Memory memory) {
    memories.put(dnnl_h.DNNL_ARG_DST(), memory);
    return this;
  }

  public Arguments scratchpad(Memory memory) {
    memories.put(dnnl_h.DNNL_ARG_SCRATCHPAD(), memory);
    return this;
  }

  /** The tensor of the post-operation at an index. */
  public Arguments postOp(int index, Memory memory) {
    int base = dnnl_h.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() * (index + 1);
    memories.put(base | dnnl_h.DNNL_ARG_SRC_1(), memory);
    return this;
  }

  int count() {
    return memories.size();
  }

  MemorySegment toArray(Scope scope) {
    MemorySegment array = scope.allocate(dnnl_exec_arg_t.sizeof() * memories.size());
    int i = 0;
    for (Map.Entry<Integer, Memory> entry : memories.entrySet()) {
      MemorySegment item = dnnl_exec_arg_t.asSlice(array, i++);
      dnnl_exec_arg_t.arg(item, entry.getKey());
      dnnl_exec_arg_t.memory(item, entry.getValue().handle());
    }
    return array;
  }
}
