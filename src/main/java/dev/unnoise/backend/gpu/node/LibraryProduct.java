package dev.unnoise.backend.gpu.node;

/** Products by a library of the vendor's. */
public record LibraryProduct(ProductLibrary library) implements ProductTemplate {
  @Override
  public boolean fits(ProductGeometry geometry) {
    return library.fits(geometry);
  }

  /** Output channel, row, column, input channel: what libraries call KRSC. */
  @Override
  public Packing packing() {
    return new Packing(1, Packing.Form.CHANNELS_LAST);
  }

  @Override
  public int itemsPerGroup() {
    return 1;
  }

  @Override
  public int localBytes() {
    return 0;
  }

  @Override
  public String key() {
    return library.name();
  }
}
