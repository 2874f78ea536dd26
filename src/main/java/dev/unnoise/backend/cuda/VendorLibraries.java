package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.CudaDeviceInfo;
import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.cuda.cublaslt.CublasLt;
import dev.unnoise.backend.cuda.cublaslt.CublasLtAttention;
import dev.unnoise.backend.cuda.cudnn.CudnnAttention;
import dev.unnoise.backend.cuda.cudnn.CudnnPlans;
import dev.unnoise.backend.cuda.cudnn.CudnnProducts;
import dev.unnoise.backend.cuda.cudnn.PlanMaker;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.cuda.library.Version;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
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
      // What they compute runs one after another, and so may share memory.
      Workspace scratch = held.own(new Workspace(context));
      Workspace scores = held.own(new Workspace(context));
      Nominal nominal = Nominal.of(context.device());
      Optional<PlanMaker> cudnn =
          LOADED.isLoaded(Library.CUDNN)
              ? Optional.of(held.own(new PlanMaker(context, nominal, machine(context.device()))))
              : Optional.empty();
      Optional<CublasLt> cublasLt =
          LOADED.isLoaded(Library.CUBLASLT) ? Optional.of(held.own(new CublasLt(context))) : Optional.empty();
      single = traits(cudnn, cublasLt, nominal, scratch, scores, false);
      tf32 = traits(cudnn, cublasLt, nominal, scratch, scores, true);
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
  }

  private Traits traits(
      Optional<PlanMaker> cudnn,
      Optional<CublasLt> cublasLt,
      Nominal nominal,
      Workspace scratch,
      Workspace scores,
      boolean fewerBits) {
    Traits traits = Traits.CARD;
    List<AttentionLibrary> attention = new ArrayList<>();
    if (cudnn.isPresent()) {
      CudnnPlans plans = held.own(new CudnnPlans(cudnn.get(), scratch, fewerBits));
      traits = traits.with(new CudnnProducts(plans));
      attention.add(new CudnnAttention(plans));
    }
    cublasLt.ifPresent(library -> attention.add(new CublasLtAttention(library, nominal, scratch, scores, fewerBits)));
    return traits.with(attention);
  }

  /** What plans depend on. */
  private static String machine(CudaDeviceInfo device) {
    String libraries =
        Stream.of(Library.values())
            .map(library -> library + " " + LOADED.version(library).map(Version::toString).orElse("none"))
            .collect(Collectors.joining(", "));
    return device.name() + ", " + device.target() + ", " + device.multiprocessors() + ", " + libraries;
  }

  /** How kernels are shaped and which nodes are the libraries', in a precision. */
  Traits traits(Precision precision) {
    return precision == Precision.TF32 ? tf32 : single;
  }

  /** What lowers networks. */
  static List<Pass> passes() {
    return LOADED.isLoaded(Library.CUDNN) ? GpuDevice.PASSES_BESIDE_LIBRARY : GpuDevice.PASSES;
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
