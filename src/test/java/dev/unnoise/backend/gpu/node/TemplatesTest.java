package dev.unnoise.backend.gpu.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import dev.unnoise.testing.Evaluate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every template that the tuner may choose, at extents that fit no tile. */
class TemplatesTest {
  private static final int IMAGES = 3;
  private static final ProductGeometry ODD = geometry(Window.SAME_3X3, false, 9, 7, 70, 37, DataType.F32);
  private static Gpu context;

  @BeforeAll
  static void open() {
    Evaluate.requireDevice("opencl");
    context = new ClContext(ClDevices.all().getFirst());
  }

  @AfterAll
  static void close() {
    if (context != null) {
      context.close();
    }
  }

  static Stream<Traits> shapes() {
    return Stream.of(Traits.CARD, Traits.WIDE_PROCESSOR, Traits.processor(4, 4));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void computeConvolutions(Traits traits) {
    try (Programs programs = new Programs(context, Choices.untuned(traits));
        ProductTrial trial = new ProductTrial(context, programs, ODD, IMAGES)) {
      for (ProductTemplate template : Candidates.all(traits)) {
        assertTrue(trial.millis(template) > 0, template.key());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void computeOtherProducts(Traits traits) {
    List<ProductGeometry> geometries =
        List.of(
            geometry(Window.SAME_3X3, true, 3, 5, 33, 20, DataType.F32),
            geometry(Window.halving(0, 1), false, 9, 9, 12, 8, DataType.BF16),
            geometry(Window.POINT, false, 1, 10, 65, 70, DataType.F16));
    try (Programs programs = new Programs(context, Choices.untuned(traits))) {
      for (ProductGeometry geometry : geometries) {
        List<ProductTemplate> candidates = Candidates.of(geometry, traits);
        try (ProductTrial trial = new ProductTrial(context, programs, geometry, IMAGES)) {
          assertTrue(trial.millis(candidates.getFirst()) > 0, geometry.key());
          assertTrue(trial.millis(candidates.getLast()) > 0, geometry.key());
        }
      }
    }
  }

  /** Everything of the kernel for AMD's matrix cores but the instruction. */
  @ParameterizedTest
  @CsvSource({"EMULATED_MFMA, F32", "EMULATED_MFMA, BF16", "EMULATED_WMMA, F16"})
  void matrixCoresAreFedRight(MatrixUnit unit, DataType type) {
    ProductGeometry geometry = geometry(Window.SAME_3X3, true, 5, 4, 70, 37, type);
    try (Programs programs = new Programs(context, Choices.untuned(Traits.CARD));
        ProductTrial trial = new ProductTrial(context, programs, geometry, IMAGES)) {
      assertTrue(trial.millis(new MatrixCores(unit)) > 0);
    }
  }

  /** No library is needed for what stands beside one. */
  @Test
  void kernelsBesideLibrariesCompute() {
    BesideLibraries.all().forEach(kernel -> kernel.accept(context));
  }

  @Test
  void wrongNumbersAreNoticed() {
    ProductGeometry halving = geometry(Window.halving(1, 1), false, 8, 8, 16, 16, DataType.F32);
    Winograd winograd = new Winograd(8, 4, 2, 16);
    assertFalse(winograd.fits(halving));
    try (Programs programs = new Programs(context, Choices.untuned(Traits.WIDE_PROCESSOR));
        ProductTrial trial = new ProductTrial(context, programs, halving, 1)) {
      assertThrows(WrongNumbersException.class, () -> trial.millis(winograd));
    }
  }

  /** Of 66 pixels of a tile these work-items compute 64. */
  @Test
  void numbersThatNobodyWritesAreNoticed() {
    ProductTemplate gaps = new Tiled(66, 64, 16, 4, 8);
    try (Programs programs = new Programs(context, Choices.untuned(Traits.CARD));
        ProductTrial trial = new ProductTrial(context, programs, ODD, IMAGES)) {
      WrongNumbersException refused = assertThrows(WrongNumbersException.class, () -> trial.millis(gaps));
      assertTrue(refused.getMessage().contains("NaN"), refused.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void keysTellTemplatesApart(Traits traits) {
    List<ProductTemplate> all = Candidates.all(traits);
    assertEquals(all.size(), all.stream().map(ProductTemplate::key).distinct().count());
    assertTrue(all.contains(traits.products()) && all.contains(traits.wideConvolutions()));
  }

  @Test
  void aTunedGeometryTakesItsTemplate() {
    ProductTemplate other = Candidates.of(ODD, Traits.CARD).getLast();
    assertEquals(other, new Choices(Traits.CARD, Map.of(ODD.key(), other)).product(ODD));
    assertEquals(Traits.CARD.product(ODD), Choices.untuned(Traits.CARD).product(ODD));
  }

  private static ProductGeometry geometry(
      Window window, boolean upsampled, int height, int width, int channels, int out, DataType type) {
    int factor = upsampled ? 2 : 1;
    return new ProductGeometry(
        window,
        upsampled,
        height,
        width,
        channels,
        window.outputs(height * factor),
        window.outputs(width * factor),
        out,
        type,
        type);
  }
}
