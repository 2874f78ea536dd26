package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.Product;
import java.util.Map;

/**
 * Which template computes which product on a device.
 *
 * @param traits of the device
 * @param tuned templates found by measuring, by {@link ProductGeometry#key()}; other geometries take what suits the
 *     device in general
 */
public record Choices(Traits traits, Map<String, ProductTemplate> tuned) {
  public Choices {
    tuned = Map.copyOf(tuned);
  }

  /** What suits a device in general. */
  public static Choices untuned(Traits traits) {
    return new Choices(traits, Map.of());
  }

  /** The template of a product. */
  public ProductTemplate product(Product node) {
    return product(ProductGeometry.of(node));
  }

  ProductTemplate product(ProductGeometry geometry) {
    ProductTemplate found = tuned.get(geometry.key());
    return found != null && found.fits(geometry) ? found : traits.product(geometry);
  }
}
