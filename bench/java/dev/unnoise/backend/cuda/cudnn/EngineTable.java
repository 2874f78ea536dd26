package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.PlannedCard;
import dev.unnoise.backend.cuda.api.KeptFiles;
import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.LibraryTrial;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Prints, for every form of a network, which engine of the real cuDNN compiles it for a card that is only described to
 * the library: tab-separated form, whether it is fused, images, engine or {@code refused}, seconds, bytes of workspace. Nothing is run. What
 * was compiled before is kept in a folder and not compiled again. bench/engines runs it.
 */
public final class EngineTable {
  private static final String BUNDLED = "bundled";
  private static final int PREFERRED_BATCH = 512;
  private static final long LIMIT_SECONDS = 10;

  private EngineTable() {}

  /** Takes a network, a precision and a folder for plans. */
  public static void main(String[] arguments) {
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.CUDNN)) {
      System.err.println(String.join("\n", CudaLibraries.ofThisProcess().attempts()));
      System.exit(1);
    }
    Precision precision = Precision.valueOf(arguments[1].toUpperCase(Locale.ROOT));
    String machine = DescribedCard.H200 + CudaLibraries.ofThisProcess().version(Library.CUDNN).orElseThrow();
    Set<GraphForm> forms = forms(network(arguments[0]), precision);
    PlanStore store = new PlanStore(new KeptFiles(Path.of(arguments[2])), machine);
    Nominal nominal = new Nominal(PREFERRED_BATCH, 1L << 30);
    boolean tf32 = precision == Precision.TF32;
    try (DescribedCard own = new DescribedCard(DescribedCard.H200);
        PlanCompiler compiler =
            new PlanCompiler(() -> new DescribedCard(DescribedCard.H200), TimeUnit.SECONDS.toNanos(LIMIT_SECONDS));
        PreparedGraphs graphs =
            new PreparedGraphs(own, new PreparedGraphs.Settings(compiler, store, nominal, Long.MAX_VALUE), tf32)) {
      forms.forEach(form -> graphs.prepareAhead(form, nominal.images(form.largestTensor())));
      for (GraphForm form : forms) {
        int images = nominal.images(form.largestTensor());
        graphs.of(form, images, (graph, count) -> new LibraryTrial.Verdict.Right());
        Optional<SavedPlan> plan =
            store.read(form, images, EnginePolicy.of(form.type(), tf32)).flatMap(PlanStore.Entry::plan);
        System.out.println(
            String.join(
                "\t",
                form.title(),
                Boolean.toString(form.isFused()),
                Integer.toString(images),
                plan.map(one -> one.choice().toString()).orElse("refused"),
                plan.map(one -> String.format(Locale.ROOT, "%.3f", one.seconds())).orElse(""),
                plan.map(one -> Long.toString(one.workspaceBytes())).orElse("")));
        System.out.flush();
      }
    }
  }

  private static Network network(String name) {
    if (name.equals(BUNDLED)) {
      try (Checkpoint checkpoint = Checkpoint.bundled()) {
        return checkpoint.network();
      }
    }
    UNetConfig config = Architectures.byName().get(name);
    List<Integer> size = config.sampleSize().orElseThrow();
    return UNet.build(config, size.get(0), size.get(1));
  }

  /** Every form that a network asks for, with what is added and without. */
  private static Set<GraphForm> forms(Network network, Precision precision) {
    Set<GraphForm> forms = new LinkedHashSet<>();
    try (Device card = PlannedCard.open(new Products(forms), new Attentions(forms));
        LoadedNetwork loaded =
            card.load(network, parameter -> new float[Math.toIntExact(parameter.elements())], precision)) {
      loaded.compile(1).close();
    }
    return forms;
  }

  private record Products(Set<GraphForm> forms) implements PlannedCard.PlannedProducts {
    @Override
    public List<Launch> launch(
        ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
      ConvolutionGraph whole = ConvolutionGraph.of(geometry, operands);
      if (whole.isFused() && ConvolutionGraph.holds(operands)) {
        forms.add(whole);
      }
      forms.add(whole.bare());
      return List.of(new PlannedCard.Planned("cuDNN"));
    }
  }

  private record Attentions(Set<GraphForm> forms) implements AttentionLibrary {
    @Override
    public Optional<Launch> launch(
        AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
      if (AttentionGraph.holds(geometry, operands)) {
        forms.add(AttentionGraph.of(geometry, operands));
      }
      return Optional.of(new PlannedCard.Planned("cuDNN"));
    }
  }
}
