package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.CudaDeviceInfo;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.cuda.cublaslt.CublasLtAttention;
import dev.unnoise.backend.cuda.cudnn.CudnnAttention;
import dev.unnoise.backend.cuda.cudnn.CudnnPlans;
import dev.unnoise.backend.cuda.cudnn.CudnnProducts;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.graph.pass.FuseUpsampling;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What cuDNN and cuBLASLt compute on a card, as far as they are there; our kernels do the rest. */
final class VendorLibraries implements AutoCloseable {
  private static final int FIRST_WITH_BFLOAT16 = 80;

  private static final CudaLibraries LOADED = CudaLibraries.ofThisProcess();

  private final Held held = new Held();
  private final Traits single;
  private final Traits tf32;

  /** Opens the libraries on a card. */
  VendorLibraries(CudaContext context) {
    try {
      // Its plans run one after another, and so may share memory; so do all attentions.
      Workspace scratch = held.own(new Workspace(context));
      Workspace scores = held.own(new Workspace(context));
      single = traits(context, scratch, scores, false);
      tf32 = traits(context, scratch, scores, true);
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
  }

  private Traits traits(CudaContext context, Workspace scratch, Workspace scores, boolean fewerBits) {
    Traits traits = Traits.CARD;
    List<AttentionLibrary> attention = new ArrayList<>();
    if (LOADED.isLoaded(Library.CUDNN)) {
      CudnnPlans plans = held.own(new CudnnPlans(context, scratch, fewerBits));
      traits = traits.with(new CudnnProducts(plans));
      attention.add(new CudnnAttention(plans));
    }
    if (LOADED.isLoaded(Library.CUBLASLT)) {
      attention.add(held.own(new CublasLtAttention(context, scratch, scores, fewerBits)));
    }
    return traits.with(attention);
  }

  /** How kernels are shaped and which nodes are the libraries', in a precision. */
  Traits traits(Precision precision) {
    return precision == Precision.TF32 ? tf32 : single;
  }

  /** What lowers networks: cuDNN does not read through upsampling. */
  static List<Pass> passes() {
    return LOADED.isLoaded(Library.CUDNN)
        ? GpuDevice.PASSES.stream().filter(pass -> !(pass instanceof FuseUpsampling)).toList()
        : GpuDevice.PASSES;
  }

  /** In the words of a list of devices. */
  static String describe() {
    String with =
        LOADED.version(Library.CUDNN).map(version -> "cuDNN " + version).orElse("our own convolutions")
            + LOADED.version(Library.CUBLASLT).map(version -> ", cuBLASLt " + version).orElse("");
    return LOADED.slower().map(why -> with + ", " + why).orElse(with);
  }

  /**
   * What a card computes in: bfloat16 and factors of 10 bits came with compute capability 8.0, and without cuDNN nothing
   * rounds the factors of products.
   */
  static List<Precision> precisions(CudaDeviceInfo device) {
    boolean rounds = device.computeCapability() >= FIRST_WITH_BFLOAT16;
    return Stream.of(Precision.FP32, Precision.TF32, Precision.BF16, Precision.FP16)
        .filter(precision -> precision != Precision.TF32 || rounds && LOADED.isLoaded(Library.CUDNN))
        .filter(precision -> precision != Precision.BF16 || rounds)
        .toList();
  }

  @Override
  public void close() {
    held.close();
  }
}
