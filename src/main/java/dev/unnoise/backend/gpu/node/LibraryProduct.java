package dev.unnoise.backend.gpu.node;

/** Products by a library of the vendor's. */
public record LibraryProduct(ProductLibrary library) implements ProductTemplate {
  /** Output channel, row, column, input channel: what libraries call KRSC. */
  static final Packing PACKING = new Packing(1, Packing.Form.CHANNELS_LAST);

  @Override
  public boolean fits(ProductGeometry geometry) {
    return library.fits(geometry);
  }

  @Override
  public Packing packing() {
    return PACKING;
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
