package dev.unnoise.graph.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.pass.ConcatenateInPlace;
import dev.unnoise.graph.pass.FuseEpilogues;
import dev.unnoise.graph.pass.FuseNormalization;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.pass.ReadConcatenations;
import dev.unnoise.testing.RandomNetworks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlannerTest {
  private static final PoolLimits ROOMY = new PoolLimits(64, 1L << 40, false);

  @ParameterizedTest(name = "overwriting operands: {0}")
  @ValueSource(booleans = {false, true})
  void noTwoLiveBuffersOverlap(boolean overwrite) {
    for (long seed = 0; seed < 150; seed++) {
      Network network = RandomNetworks.network(RandomNetworks.config(seed));
      List<Pass> passes =
          switch ((int) (seed % 3)) {
            case 0 -> List.of();
            case 1 -> List.of(new ReadConcatenations(), new FuseNormalization(), new FuseEpilogues());
            default -> List.of(new ConcatenateInPlace(), new FuseNormalization());
          };
      Graph graph = Pass.applyAll(network, passes).denoiser();
      long largest = graph.nodes().stream().mapToLong(node -> node.output().root().bytes()).max().orElseThrow();
      int batch = 1 + (int) (seed % 4);
      long limit = seed % 2 == 0 ? 1L << 40 : batch * largest * 3;
      checkPlan(Planner.plan(graph, batch, new PoolLimits(64, limit, overwrite)), limit, overwrite);
    }
  }

  /** Follows the graph node by node: what a node writes may touch nothing that is still to be read. */
  private static void checkPlan(Plan plan, long limit, boolean overwrite) {
    List<Node> nodes = plan.graph().nodes();
    Map<Tensor, Integer> lastRead = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (Tensor input : nodes.get(i).inputs()) {
        lastRead.put(input.root(), i);
      }
    }
    plan.graph().outputs().forEach(output -> lastRead.put(output.root(), nodes.size()));
    Set<Tensor> live = new HashSet<>();
    for (int i = 0; i < nodes.size(); i++) {
      int now = i;
      Tensor written = nodes.get(i).output().root();
      Place place = plan.place(written);
      assertEquals(0, place.offset() % 64);
      assertTrue(place.offset() + place.bytes() <= plan.pools().get(place.pool()));
      assertTrue(plan.pools().get(place.pool()) <= limit);
      for (Tensor other : live) {
        boolean diesHere = lastRead.get(other) == now;
        if (!other.equals(written) && !(overwrite && diesHere)) {
          assertFalse(place.sharesSpaceWith(plan.place(other)), nodes.get(i).name() + " overwrites " + other.name());
        }
      }
      live.add(written);
      live.removeIf(tensor -> lastRead.getOrDefault(tensor, -1) <= now);
    }
    assertTrue(live.contains(plan.graph().output().root()));
  }

  @Test
  void aChainNeedsTwoBuffersOrOneIfItMayOverwrite() {
    Graph chain = chain(10);
    long bytes = chain.output().bytes();
    assertEquals(2 * bytes, Planner.plan(chain, 1, ROOMY).bytes());
    assertEquals(bytes, Planner.plan(chain, 1, new PoolLimits(64, 1L << 40, true)).bytes());
  }

  @Test
  void anOperandReadAgainLaterIsNotOverwritten() {
    Tensor x = Tensor.dense("x", new Shape(16, 4, 4));
    Tensor a = Tensor.dense("a", x.shape());
    Tensor b = Tensor.dense("b", x.shape());
    Tensor c = Tensor.dense("c", x.shape());
    Graph graph =
        new Graph(
            "g",
            List.of(x),
            List.of(
                new Activate("a", x, Activation.SILU, a),
                new Activate("b", a, Activation.SILU, b),
                new Add("c", a, b, 1, c)),
            List.of(c));
    Plan plan = Planner.plan(graph, 1, new PoolLimits(64, 1L << 40, true));
    assertFalse(plan.place(a).sharesSpaceWith(plan.place(b)));
  }

  @Test
  void placesGrowWithTheBatch() {
    assertEquals(5 * Planner.plan(chain(3), 1, ROOMY).bytes(), Planner.plan(chain(3), 5, ROOMY).bytes());
  }

  @Test
  void aPoolIsNeverLargerThanTheDeviceAllows() {
    Graph chain = chain(3);
    long bytes = chain.output().bytes();
    assertEquals(2, Planner.plan(chain, 1, new PoolLimits(64, bytes, false)).pools().size());
    UnnoiseException e =
        assertThrows(
            UnnoiseException.class, () -> Planner.plan(chain, 1, new PoolLimits(64, bytes - 64, false)));
    assertTrue(e.getMessage().contains("largest allocation"), e.getMessage());
  }

  @Test
  void inputsHaveNoPlace() {
    Graph chain = chain(2);
    Plan plan = Planner.plan(chain, 1, ROOMY);
    assertThrows(IllegalArgumentException.class, () -> plan.place(chain.inputs().getFirst()));
  }

  @Test
  void theTableNamesEveryLayerAndItsPlace() {
    Plan plan = Planner.plan(chain(2), 1, ROOMY);
    List<String> lines = PlanTable.lines(plan);
    assertEquals(3, lines.size());
    assertTrue(lines.get(1).matches("step0 +Activate +16×4×4 +16×4×4 +0:0…1024 +0\\.000 +2\\.0"), lines.get(1));
  }

  private static Graph chain(int length) {
    Tensor x = Tensor.dense("x", new Shape(16, 4, 4));
    Tensor at = x;
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      Tensor next = Tensor.dense("step" + i, x.shape());
      nodes.add(new Activate("step" + i, at, Activation.SILU, next));
      at = next;
    }
    return new Graph("chain", List.of(x), nodes, List.of(at));
  }
}
