package dev.unnoise.cli;

import dev.unnoise.backend.cuda.PlannedCard;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.UNet;
import dev.unnoise.sampling.Pipeline;
import java.util.List;
import java.util.Locale;

/**
 * Prints what {@code unnoise bench --backend cuda --launches} would write for an architecture, its times left empty: no
 * card is needed. bench/predict reads it.
 */
public final class PlannedLaunches {
  private PlannedLaunches() {}

  /** Takes the architecture, the batch size and the precision. */
  public static void main(String[] arguments) {
    List<Integer> size = Architectures.byName().get(arguments[0]).sampleSize().orElseThrow();
    Network network = UNet.build(Architectures.byName().get(arguments[0]), size.get(0), size.get(1));
    int batch = Integer.parseInt(arguments[1]);
    Precision precision = Precision.valueOf(arguments[2].toUpperCase(Locale.ROOT));
    try (Device card = PlannedCard.open();
        Pipeline pipeline =
            new Pipeline(card, network, parameter -> new float[Math.toIntExact(parameter.elements())], precision)) {
      Benchmark benchmark = new Benchmark(pipeline, network, batch);
      System.out.print(LaunchesFile.text(benchmark.launches(Repeats.ONCE)));
    }
  }
}
