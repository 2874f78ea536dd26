package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;

/** A card that is not there: the library chooses and compiles engines by a description of its properties. */
final class DescribedCard implements Card, AutoCloseable {
  /** An H200, as far as the library asks. */
  static final String H200 =
      """
      {"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536,
       "multiProcessorCount": 132, "smClockRateKHz": 1980000, "memClockRateKHz": 3201000, "l2CacheSize": 62914560,
       "warpSize": 32, "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 232448,
       "reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "pciDeviceId": 0, "maxCtasPerSM": 32,
       "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "isTccDriver": 0, "supportCoopLaunch": 1,
       "deviceVer": 900, "driverVer": 13000, "totalGlobalMem": 150000000000, "cudaDeviceId": 0,
       "deviceName": "NVIDIA H200", "smCountOrigin": 0}
      """;

  private final Descriptor properties;

  /** Describes a card by JSON. */
  DescribedCard(String json) {
    properties = new Descriptor(cudnn_h.CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR(), "device properties");
    properties.characters(cudnn_h.CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION(), json).finish();
  }

  @Override
  public void heuristics(Descriptor heuristics) {
    heuristics.descriptor(cudnn_h.CUDNN_ATTR_ENGINEHEUR_DEVICEPROP(), properties);
  }

  @Override
  public void engine(Descriptor engine) {
    engine.descriptor(cudnn_h.CUDNN_ATTR_ENGINE_DEVICEPROP(), properties);
  }

  @Override
  public void plan(Descriptor plan) {
    plan.descriptor(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP(), properties);
  }

  @Override
  public void close() {
    properties.close();
  }
}
