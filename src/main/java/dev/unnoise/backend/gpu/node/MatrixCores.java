package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.DataType;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** convolution_amd.kernel: taken only where the tuner has found it right and fast. */
public record MatrixCores(MatrixUnit unit) implements KernelTemplate {
  /** Pixels and channels of a group. */
  private static final int TILE = 64;

  private static final int WAVES = 4;

  /** Bytes of local memory of a group with numbers of four bytes: two operands of 64 rows of 16 and 4 more. */
  private static final int LOCAL_BYTES = 2 * TILE * 20 * Float.BYTES;

  @Override
  public String file() {
    return "convolution_amd";
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    boolean single = unit == MatrixUnit.MFMA || unit == MatrixUnit.EMULATED_MFMA;
    return single || geometry.type() != DataType.F32;
  }

  @Override
  public Map<String, Integer> options(ProductGeometry geometry) {
    Map<String, Integer> options = new TreeMap<>(KernelTemplate.layer(geometry));
    options.put("UNIT", unit.option());
    return options;
  }

  @Override
  public Packing packing() {
    return new Packing(TILE, Packing.Form.TAPS);
  }

  @Override
  public Grid grid(ProductGeometry geometry) {
    return new Grid.Flattened(
        geometry.pixels(), TILE, itemsPerGroup(), Math.ceilDiv(geometry.outputChannels(), TILE));
  }

  @Override
  public int itemsPerGroup() {
    return WAVES * unit.lanes();
  }

  @Override
  public int localBytes() {
    return LOCAL_BYTES;
  }

  @Override
  public String key() {
    return unit.name().toLowerCase(Locale.ROOT);
  }
}
