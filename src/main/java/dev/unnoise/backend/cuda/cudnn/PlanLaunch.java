package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.Launch;
import java.util.Optional;

/** A plan with its operands, and what follows it. It always computes as many images as it was made for. */
final class PlanLaunch implements Launch {
  private final Cudnn cudnn;
  private final Operations operations;
  private final ExecutionPlan plan;
  private final Workspace workspace;
  private final long[] identifiers;
  private final long[] addresses;
  private final Optional<Launch> epilogue;
  private Descriptor pack;
  private long packedWorkspace;

  /**
   * Takes everything over, or closes the plan.
   *
   * @param identifiers of tensors, those of {@link Operations}
   * @param addresses of the same
   */
  static PlanLaunch of(
      Cudnn cudnn,
      Operations operations,
      ExecutionPlan plan,
      Workspace workspace,
      long[] identifiers,
      long[] addresses,
      Optional<Launch> epilogue) {
    try {
      workspace.require(plan.workspaceBytes());
    } catch (RuntimeException e) {
      Closing.after(e, plan::close);
      throw e;
    }
    return new PlanLaunch(cudnn, operations, plan, workspace, identifiers, addresses, epilogue);
  }

  private PlanLaunch(
      Cudnn cudnn,
      Operations operations,
      ExecutionPlan plan,
      Workspace workspace,
      long[] identifiers,
      long[] addresses,
      Optional<Launch> epilogue) {
    this.cudnn = cudnn;
    this.operations = operations;
    this.plan = plan;
    this.workspace = workspace;
    this.identifiers = identifiers.clone();
    this.addresses = addresses.clone();
    this.epilogue = epilogue;
  }

  @Override
  public void enqueue(int images) {
    Cudnn.check(
        cudnn_h.cudnnBackendExecute(cudnn.handle(), plan.plan().ready(), pack().ready()), "cudnnBackendExecute");
    epilogue.ifPresent(launch -> launch.enqueue(images));
  }

  /** The operands' addresses; made again when the workspace has grown since. */
  private Descriptor pack() {
    long scratch = CudaContext.address(workspace.buffer());
    if (pack == null || packedWorkspace != scratch) {
      closePack();
      Descriptor made = new Descriptor(cudnn_h.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR(), "variant pack");
      try {
        made.longs(cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(), identifiers)
            .addresses(cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(), addresses)
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

  private void closePack() {
    if (pack != null) {
      Descriptor old = pack;
      pack = null;
      old.close();
    }
  }

  @Override
  public void close() {
    Closing.inOrder(
        this::closePack,
        plan::close,
        operations::close,
        () -> epilogue.ifPresent(Launch::close));
  }
}
