package dev.unnoise.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GraphTest {
  private static final Tensor X = Tensor.dense("x", new Shape(4, 8, 6));

  private static Parameter parameter(String name, Integer... shape) {
    return new Parameter.Stored(name, List.of(shape));
  }

  private static Node activate(String name, Tensor from, Tensor to) {
    return new Activate(name, from, Activation.SILU, to);
  }

  @Test
  void shapesAreInferred() {
    GraphBuilder graph = new GraphBuilder("g");
    Tensor x = graph.input("x", new Shape(4, 8, 6));
    Tensor halved =
        graph.convolution("down", x, parameter("w", 5, 4, 3, 3), parameter("b", 5), Window.halving(0, 1));
    assertEquals(new Shape(5, 4, 3), halved.shape());
    assertEquals(new Shape(5, 8, 6), graph.upsample("up", halved).shape());
    assertEquals(new Shape(5, 2, 1), graph.averagePool("pool", halved).shape());
    assertEquals(new Shape(10, 4, 3), graph.concatenate("cat", halved, halved).shape());
  }

  @Test
  void stridedConvolutionsRoundOddExtentsAsPyTorchDoes() {
    assertEquals(8, Window.halving(1, 1).outputs(15));
    assertEquals(7, Window.halving(0, 1).outputs(15));
    assertEquals(8, Window.halving(0, 1).outputs(16));
  }

  @Test
  void aShapeThatDoesNotFitNamesTheLayer() {
    Tensor wrong = Tensor.dense("wrong", new Shape(4, 8, 7));
    ShapeException e = assertThrows(ShapeException.class, () -> activate("some.layer", X, wrong));
    assertTrue(e.getMessage().startsWith("some.layer: "), e.getMessage());
    assertTrue(e.getMessage().contains("4×8×6") && e.getMessage().contains("4×8×7"), e.getMessage());
  }

  @Test
  void aConcatenationOfDifferentExtentsNamesBoth() {
    Tensor other = Tensor.dense("other", new Shape(4, 8, 7));
    ShapeException e =
        assertThrows(ShapeException.class, () -> Concatenate.infer("up.concat", List.of(X, other)));
    assertTrue(e.getMessage().contains("up.concat") && e.getMessage().contains("other"), e.getMessage());
  }

  @Test
  void groupsMustDivideTheChannels() {
    ShapeException e =
        assertThrows(
            ShapeException.class,
            () ->
                new GroupNorm(
                    "norm",
                    List.of(X),
                    parameter("w", 4),
                    parameter("b", 4),
                    3,
                    1e-5,
                    Optional.empty(),
                    Activation.IDENTITY,
                    Tensor.dense("y", X.shape())));
    assertTrue(e.getMessage().contains("4 channels cannot be split into 3 groups"), e.getMessage());
  }

  @Test
  void aKernelLargerThanItsSourceIsRefused() {
    Tensor small = Tensor.dense("small", new Shape(4, 1, 1));
    assertThrows(
        ShapeException.class, () -> Convolution.infer("conv", small, 4, new Window(3, 1, 0, 0), false));
  }

  @Test
  void readingWhatIsNotWrittenYetIsRefused() {
    Tensor y = Tensor.dense("y", X.shape());
    Tensor z = Tensor.dense("z", X.shape());
    List<Node> backwards = List.of(activate("b", y, z), activate("a", X, y));
    assertThrows(IllegalArgumentException.class, () -> new Graph("g", List.of(X), backwards, List.of(z)));
  }

  @Test
  void writingTwiceIsRefused() {
    Tensor y = Tensor.dense("y", X.shape());
    List<Node> twice = List.of(activate("a", X, y), activate("b", X, y));
    assertThrows(IllegalArgumentException.class, () -> new Graph("g", List.of(X), twice, List.of(y)));
  }

  @Test
  void aTensorMadeOfItsSlicesCanBeRead() {
    Tensor whole = Tensor.dense("whole", new Shape(8, 8, 6));
    Tensor left = whole.slice("left", 0, 4);
    Tensor right = whole.slice("right", 4, 4);
    Tensor y = Tensor.dense("y", whole.shape());
    List<Node> halfWritten = List.of(activate("a", X, left), activate("c", whole, y));
    assertThrows(IllegalArgumentException.class, () -> new Graph("g", List.of(X), halfWritten, List.of(y)));
    List<Node> written = List.of(activate("a", X, left), activate("b", X, right), activate("c", whole, y));
    assertEquals(3, new Graph("g", List.of(X), written, List.of(y)).nodes().size());
  }

  @Test
  void slicesShareStrideAndAddOffsets() {
    Tensor whole = Tensor.dense("whole", new Shape(12, 2, 2));
    Tensor inner = whole.slice("outer", 4, 8).slice("inner", 2, 3);
    assertEquals(12, inner.channelStride());
    assertEquals(6, inner.channelOffset());
    assertEquals(whole, inner.root());
    assertThrows(ShapeException.class, () -> whole.slice("beyond", 10, 3));
  }
}
