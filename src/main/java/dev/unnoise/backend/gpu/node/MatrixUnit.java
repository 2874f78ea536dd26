package dev.unnoise.backend.gpu.node;

import java.util.Optional;

/** Matrix cores that kernels of their own are written for. */
public enum MatrixUnit {
  /** v_mfma of AMD's CDNA 2 and 3, waves of 64. */
  MFMA(1, 64),
  /** v_wmma of AMD's RDNA 3, waves of 32; multiplies numbers of 16 bits only. */
  WMMA(2, 32),
  /** As {@link #MFMA}, its products made without matrix cores: for tests on any device. */
  EMULATED_MFMA(3, 64),
  /** As {@link #WMMA}, its products made without matrix cores: for tests on any device. */
  EMULATED_WMMA(4, 32);

  private final int option;
  private final int lanes;

  MatrixUnit(int option, int lanes) {
    this.option = option;
    this.lanes = lanes;
  }

  /** The unit of a device, by the target that AMD's driver gives as its name, such as {@code gfx90a:sramecc+:xnack-}. */
  public static Optional<MatrixUnit> of(String deviceName) {
    String target = deviceName.split(":", 2)[0];
    return switch (target) {
      case "gfx90a", "gfx940", "gfx941", "gfx942" -> Optional.of(MFMA);
      case "gfx1100", "gfx1101", "gfx1102", "gfx1103" -> Optional.of(WMMA);
      default -> Optional.empty();
    };
  }

  /** The kernel's number of it. */
  int option() {
    return option;
  }

  /** Work-items of a wave. */
  int lanes() {
    return lanes;
  }
}
