package dev.unnoise.backend.gpu.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Tuner;
import dev.unnoise.graph.run.UserCache;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProductTunerTest {
  @TempDir private Path folder;

  @BeforeEach
  void keepFindingsApart() {
    System.setProperty(UserCache.PROPERTY, folder.toString());
  }

  @AfterEach
  void keepThemAsUsual() {
    System.clearProperty(UserCache.PROPERTY);
  }

  private static final class Listener implements Tuner.Listener {
    final List<Tuner.Finding> findings = new ArrayList<>();
    private final boolean goOn;

    Listener(boolean goOn) {
      this.goOn = goOn;
    }

    @Override
    public boolean measuring(int done, int total, String geometry) {
      assertTrue(done < total);
      return goOn;
    }

    @Override
    public void found(Tuner.Finding finding) {
      findings.add(finding);
    }
  }

  @Test
  void whatIsFoundIsUsedAndNotMeasuredTwice() throws IOException {
    Network network = NodeCase.network(Convolution.class, 3);
    float[] x = Evaluate.normals(1, 2 * network.sampleShape().elements());
    NormalWeights weights = new NormalWeights(1);
    try (Device device = Evaluate.open("opencl")) {
      Tuner tuner = device.tuner().orElseThrow();
      Listener stopped = new Listener(false);
      tuner.tune(network, Precision.FP32, false, stopped);
      assertEquals(List.of(), stopped.findings, "nothing is measured after the listener said no");
      float[] before = Evaluate.predict(device, network, weights, x, 2, 5);

      Listener first = new Listener(true);
      tuner.tune(network, Precision.FP32, false, first);
      assertTrue(!first.findings.isEmpty());
      for (Tuner.Finding finding : first.findings) {
        assertTrue(finding.millis() > 0 && finding.millis() <= finding.usualMillis(), finding.toString());
        assertEquals(0, finding.rejected(), finding.toString());
      }
      Path file = Path.of(tuner.location());
      assertTrue(file.startsWith(folder));
      assertEquals(first.findings.size(), Files.readAllLines(file).size());

      Listener second = new Listener(true);
      tuner.tune(network, Precision.FP32, false, second);
      assertEquals(List.of(), second.findings);

      float[] after = Evaluate.predict(device, network, weights, x, 2, 5);
      assertTrue(Evaluate.normalizedError(before, after) < 1e-11);
    }
  }
}
