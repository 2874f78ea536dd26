package dev.unnoise.backend.gpu.node;

import java.util.List;
import java.util.stream.Stream;

/** Templates worth measuring on a kind of device. */
public final class Candidates {
  private Candidates() {}

  /** All of them, whatever the geometry. */
  public static List<ProductTemplate> all(Traits traits) {
    if (!(traits.products() instanceof Tiled)) {
      return processors(traits.vectorWidth());
    }
    return Stream.concat(cards().stream(), traits.matrixUnit().stream().map(MatrixCores::new)).toList();
  }

  /** Those that compute a geometry; what is taken without measuring comes first. */
  public static List<ProductTemplate> of(ProductGeometry geometry, Traits traits) {
    ProductTemplate usual = traits.product(geometry);
    return Stream.concat(Stream.of(usual), all(traits).stream().filter(one -> one.fits(geometry) && !one.equals(usual)))
        .toList();
  }

  /** Large tiles read less, small ones leave fewer processors idle. */
  private static List<ProductTemplate> cards() {
    return List.of(
        new Tiled(64, 64, 16, 4, 8),
        new Tiled(128, 128, 8, 8, 8),
        new Tiled(128, 64, 16, 8, 8),
        new Tiled(64, 128, 16, 8, 8),
        new Tiled(128, 128, 16, 8, 8),
        new Tiled(32, 64, 16, 4, 4),
        new Tiled(64, 32, 16, 4, 4),
        new Tiled(32, 32, 32, 4, 4));
  }

  /** As many sums as registers hold beside a weight and the broadcasts: 16 or 32 registers. */
  private static List<ProductTemplate> processors(int width) {
    int most = width == 16 ? 8 : 4;
    return List.of(
        new Staged(most, 2, width),
        new Staged(most * 3 / 2, 2, width),
        new Staged(2 * most, 1, width),
        new Staged(most, 1, width),
        new Staged(most / 2, 4, width),
        new Winograd(16, most / 2, 4, width),
        new Winograd(32, most / 2, 4, width),
        new Winograd(24, most * 3 / 4, 4, width),
        new Winograd(8, most / 2, 4, width),
        new Winograd(32, most, 2, width),
        new Winograd(8, most, 2, width));
  }
}
