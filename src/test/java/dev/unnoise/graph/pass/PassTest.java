package dev.unnoise.graph.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.run.Device;
import dev.unnoise.model.Block;
import dev.unnoise.model.ClassEmbedding;
import dev.unnoise.model.Resampling;
import dev.unnoise.model.TimeEmbedding;
import dev.unnoise.model.TimeScaleShift;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PassTest {
  static List<List<Pass>> pipelines() {
    return List.of(
        List.of(new FuseNormalization()),
        List.of(new FuseEpilogues()),
        List.of(new StackAttentionProjections()),
        List.of(new ReadConcatenations()),
        List.of(new ConcatenateInPlace()),
        List.of(new FuseUpsampling()),
        List.of(new FuseUpsampling(), new SplitUpsampling()),
        List.of(new FuseEpilogues(), new FoldBiases()),
        List.of(new StackProjections()),
        List.of(new ConcatenateInPlace(), new FuseNormalization(), new FuseEpilogues(), new FuseUpsampling()),
        List.of(
            new StackAttentionProjections(),
            new ReadConcatenations(),
            new FuseUpsampling(),
            new FuseNormalization(),
            new FuseEpilogues(),
            new FoldBiases(),
            new StackProjections()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pipelines")
  void keepsWhatTheNetworkComputes(List<Pass> passes) {
    try (Device reference = Evaluate.open("reference")) {
      for (long seed = 0; seed < 12; seed++) {
        UNetConfig config = RandomNetworks.config(seed);
        Network network = RandomNetworks.network(config);
        Network rewritten = Pass.applyAll(network, passes);
        NormalWeights weights = new NormalWeights(seed);
        float[] x = Evaluate.normals(seed, 2 * network.sampleShape().elements());
        int[] labels = network.labelled() ? new int[] {0, 2} : new int[0];
        float[] expected = Evaluate.predict(reference, network, weights, x, 2, 17, labels);
        float[] actual = Evaluate.predict(reference, rewritten, weights, x, 2, 17, labels);
        double error = Evaluate.normalizedError(expected, actual);
        assertTrue(error < 1e-10, "seed " + seed + ": normalised error " + error);
      }
    }
  }

  /** One level, one layer, attention, different widths on the way up: every pattern once. */
  private static Network small(TimeScaleShift shift) {
    return small(shift, true);
  }

  private static Network small(TimeScaleShift shift, boolean midBlock) {
    Block block = new Block(true, Optional.empty());
    return RandomNetworks.network(
        new UNetConfig(
            Optional.of(List.of(4, 4)),
            3,
            3,
            false,
            TimeEmbedding.POSITIONAL,
            Optional.empty(),
            0,
            true,
            List.of(block, block),
            midBlock,
            List.of(block, block),
            List.of(4, 8),
            1,
            1,
            1,
            Resampling.CONV,
            Resampling.CONV,
            Activation.SILU,
            Optional.empty(),
            2,
            Optional.empty(),
            1e-5,
            shift,
            true,
            new ClassEmbedding.None(),
            Optional.empty(),
            Optional.empty()));
  }

  private static List<String> print(List<Node> nodes, String prefix) {
    return nodes.stream()
        .filter(node -> node.name().startsWith(prefix))
        .map(
            node ->
                node.kind() + " " + node.name() + " ("
                    + node.inputs().stream().map(Tensor::name).collect(Collectors.joining(", ")) + ")")
        .toList();
  }

  @Test
  void theUnfusedGraphHasOneNodePerOperation() {
    assertEquals(
        List.of(
            "GroupNorm up_blocks.1.resnets.1.norm1 (up_blocks.1.concatenations.1)",
            "Activate up_blocks.1.resnets.1.nonlinearity1 (up_blocks.1.resnets.1.norm1)",
            "Convolution up_blocks.1.resnets.1.conv1 (up_blocks.1.resnets.1.nonlinearity1)",
            "AddConditioning up_blocks.1.resnets.1.add_time (up_blocks.1.resnets.1.conv1, up_blocks.1.resnets.1.time_emb_proj)",
            "GroupNorm up_blocks.1.resnets.1.norm2 (up_blocks.1.resnets.1.add_time)",
            "Activate up_blocks.1.resnets.1.nonlinearity2 (up_blocks.1.resnets.1.norm2)",
            "Convolution up_blocks.1.resnets.1.conv2 (up_blocks.1.resnets.1.nonlinearity2)",
            "Convolution up_blocks.1.resnets.1.conv_shortcut (up_blocks.1.concatenations.1)",
            "Add up_blocks.1.resnets.1 (up_blocks.1.resnets.1.conv_shortcut, up_blocks.1.resnets.1.conv2)"),
        print(small(TimeScaleShift.DEFAULT).denoiser().nodes(), "up_blocks.1.resnets.1"));
  }

  @Test
  void aResidualBlockFusesToFiveNodes() {
    Network fused =
        Pass.applyAll(
            small(TimeScaleShift.DEFAULT),
            List.of(new ReadConcatenations(), new FuseNormalization(), new FuseEpilogues(), new FoldBiases()));
    assertEquals(
        List.of(
            "GroupNorm up_blocks.1.resnets.1.norm1 (up_blocks.1.attentions.0, conv_in)",
            "Convolution up_blocks.1.resnets.1.conv1 (up_blocks.1.resnets.1.nonlinearity1, up_blocks.1.resnets.1.time_emb_proj)",
            "GroupNorm up_blocks.1.resnets.1.norm2 (up_blocks.1.resnets.1.add_time)",
            "Convolution up_blocks.1.resnets.1.conv_shortcut.0 (up_blocks.1.attentions.0)",
            "Convolution up_blocks.1.resnets.1.conv_shortcut (conv_in, up_blocks.1.resnets.1.conv_shortcut.0)",
            "Convolution up_blocks.1.resnets.1.conv2 (up_blocks.1.resnets.1.nonlinearity2, up_blocks.1.resnets.1.conv_shortcut)"),
        print(fused.denoiser().nodes(), "up_blocks.1.resnets.1"));
  }

  @Test
  void scaleAndShiftBecomePartOfTheNorm() {
    Network fused = new FuseNormalization().apply(small(TimeScaleShift.SCALE_SHIFT));
    assertEquals(
        List.of(
            "GroupNorm down_blocks.0.resnets.0.norm2 (down_blocks.0.resnets.0.conv1, "
                + "down_blocks.0.resnets.0.time_emb_proj.scale, down_blocks.0.resnets.0.time_emb_proj.shift)"),
        print(fused.denoiser().nodes(), "down_blocks.0.resnets.0.norm2"));
  }

  @Test
  void attentionReadsSlicesOfOneProjection() {
    Network fused =
        Pass.applyAll(small(TimeScaleShift.DEFAULT), List.of(new StackAttentionProjections(), new FuseEpilogues()));
    String name = "down_blocks.0.attentions.0";
    assertEquals(
        List.of(
            "GroupNorm " + name + ".group_norm (down_blocks.0.resnets.0)",
            "Linear " + name + ".attention.to_qkv (" + name + ".group_norm)",
            "Attention " + name + ".attention (" + name + ".to_q, " + name + ".to_k, " + name + ".to_v)",
            "Linear " + name + ".to_out.0 (" + name + ".attention, down_blocks.0.resnets.0)"),
        print(fused.denoiser().nodes(), name));
  }

  @Test
  void timeProjectionsBecomeOneProduct() {
    Network network = small(TimeScaleShift.DEFAULT);
    Network stacked =
        Pass.applyAll(network, List.of(new FuseEpilogues(), new FoldBiases(), new StackProjections()));
    List<Node> nodes = stacked.conditioning().nodes();
    assertEquals("Linear time_projections (nonlinearity)", print(nodes, "").getLast());
    assertEquals(1, nodes.stream().filter(node -> node.name().contains("proj") && node.kind().equals("Linear")).count());
  }

  @Test
  void concatenationsInPlaceLeaveNoCopies() {
    Network inPlace = new ConcatenateInPlace().apply(small(TimeScaleShift.DEFAULT));
    assertTrue(inPlace.denoiser().nodes().stream().noneMatch(node -> node.kind().equals("Concatenate")));
    Node norm =
        inPlace.denoiser().nodes().stream()
            .filter(node -> node.name().equals("up_blocks.1.resnets.1.norm1"))
            .findFirst()
            .orElseThrow();
    assertEquals("up_blocks.1.concatenations.1", norm.inputs().getFirst().name());
    Node convIn = inPlace.denoiser().nodes().getFirst();
    assertEquals(8, convIn.output().channelStride());
    assertEquals(4, convIn.output().channelOffset());
  }

  @Test
  void aTensorConcatenatedWithItselfKeepsItsCopy() {
    Network inPlace = new ConcatenateInPlace().apply(small(TimeScaleShift.DEFAULT, false));
    assertEquals(
        List.of("Concatenate up_blocks.0.concatenations.0 (down_blocks.1.attentions.0, down_blocks.1.attentions.0)"),
        print(inPlace.denoiser().nodes(), "up_blocks.0.concatenations"));
  }

  @Test
  void fusedNodesComeAfterEverythingTheyRead() {
    for (long seed = 0; seed < 60; seed++) {
      List<Pass> shuffled = new ArrayList<>(pipelines().getLast());
      Collections.shuffle(shuffled, new Random(seed));
      // The graph's constructor checks the order; a pass that broke it would throw.
      Network rewritten = Pass.applyAll(RandomNetworks.network(RandomNetworks.config(seed)), shuffled);
      assertEquals(
          RandomNetworks.network(RandomNetworks.config(seed)).outputShape(), rewritten.outputShape(), Arrays.toString(shuffled.toArray()));
    }
  }
}
