package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.Launch;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** A plan with its operands. Whatever number is asked for, it computes as many images as it was made for. */
final class PlanLaunch implements Launch {
  private final Cudnn cudnn;
  private final PreparedGraph prepared;
  private final Workspace workspace;
  private final Map<Long, Long> addresses;
  private Descriptor pack;
  private long packedWorkspace;

  /**
   * A launch of a plan, which stays the caller's.
   *
   * @param workspace that is at least as large as the plan wants, now and later
   * @param addresses of tensors on the card, by their numbers in the graph
   */
  PlanLaunch(Cudnn cudnn, PreparedGraph prepared, Workspace workspace, Map<Long, Long> addresses) {
    this.cudnn = cudnn;
    this.prepared = prepared;
    this.workspace = workspace;
    this.addresses = new TreeMap<>(addresses);
    this.addresses.putAll(prepared.graph().constants());
    workspace.require(prepared.plan().workspaceBytes());
  }

  @Override
  public void enqueue(int images) {
    Cudnn.check(
        cudnn_h.cudnnBackendExecute(cudnn.handle(), prepared.plan().descriptor().ready(), pack().ready()),
        "cudnnBackendExecute");
  }

  @Override
  public String by() {
    return "cuDNN";
  }

  @Override
  public String detail() {
    return prepared.choice().toString();
  }

  /** The operands' addresses; made again when the workspace has grown since. */
  private Descriptor pack() {
    long scratch = CudaContext.address(workspace.buffer());
    if (pack == null || packedWorkspace != scratch) {
      close();
      Descriptor made = new Descriptor(cudnn_h.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR(), "variant pack");
      try {
        made.longs(cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(), numbers(addresses.keySet()))
            .addresses(cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(), numbers(addresses.values()))
            .addresses(cudnn_h.CUDNN_ATTR_VARIANT_PACK_WORKSPACE(), scratch)
            .finish();
      } catch (RuntimeException e) {
        Closing.after(e, made::close);
        throw e;
      }
      pack = made;
      packedWorkspace = scratch;
    }
    return pack;
  }

  private static long[] numbers(Collection<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public void close() {
    if (pack != null) {
      Descriptor old = pack;
      pack = null;
      old.close();
    }
  }
}
