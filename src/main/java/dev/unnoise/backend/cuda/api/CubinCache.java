package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import java.util.Optional;
import java.util.function.Function;

/**
 * Compiled kernels on disk, by what they were made of: text, options, target, compiler and driver. One that the driver
 * does not take is made again.
 */
final class CubinCache {
  private final KeptFiles files;
  private final String driver;

  CubinCache(KeptFiles files, String driver) {
    this.files = files;
    this.driver = driver;
  }

  static CubinCache of(CudaDeviceInfo device) {
    return new CubinCache(KeptFiles.ofUser(), device.driver());
  }

  /**
   * Loads a program, compiled now if it was not before, or if what was kept is refused.
   *
   * @param load hands code to the driver
   */
  <T> T load(KernelSource source, String target, Function<byte[], T> load) {
    String identity =
        KeptFiles.identity(source.text(Dialect.CUDA), source.definitions(), target, Nvrtc.version(), driver);
    String name = source.file() + "-" + target + "-" + identity + ".cubin";
    Optional<byte[]> known = files.read(name);
    if (known.isPresent()) {
      try {
        return load.apply(known.get());
      } catch (CudaModule.RefusedException e) {
        System.getLogger(CubinCache.class.getName())
            .log(System.Logger.Level.DEBUG, name + " is compiled anew", e);
      }
    }
    byte[] cubin = Nvrtc.compile(source, target);
    T loaded = load.apply(cubin);
    files.write(name, cubin);
    return loaded;
  }
}
