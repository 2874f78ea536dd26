package dev.unnoise.backend.cuda.library;

import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.cuda.bindings.nvrtc.nvrtc_h;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A library of NVIDIA's that the backend calls; loaded in this order, because later ones open earlier ones. */
public enum Library {
  /** Comes with the driver of the card, and from nowhere else. */
  DRIVER("NVIDIA's driver", 12, driver_h.class, "libcuda.so.1"),

  /** Compiles kernels; needs its built-in functions, a library of their own. */
  NVRTC("NVRTC", 12, nvrtc_h.class, "libnvrtc.so.13", "libnvrtc.so.12"),

  /** Matrix products. */
  CUBLASLT("cuBLASLt", 12, cublaslt_h.class, "libcublasLt.so.13", "libcublasLt.so.12"),

  /** Convolutions and attention; the library of the name only opens others, which have to lie beside it. */
  CUDNN("cuDNN", 9, cudnn_h.class, "libcudnn.so.9");

  private static final String OF_A_BINDING = "$descriptor";

  private final String title;
  private final int oldestMajor;
  private final Class<?> bindings;
  private final List<String> sonames;

  Library(String title, int oldestMajor, Class<?> bindings, String... sonames) {
    this.title = title;
    this.oldestMajor = oldestMajor;
    this.bindings = bindings;
    this.sonames = List.of(sonames);
  }

  /** Its name for people. */
  public String title() {
    return title;
  }

  /** The names it is known by to the loader, best first. */
  public List<String> sonames() {
    return sonames;
  }

  /** The sonames, for people. */
  String names() {
    return String.join(" or ", sonames);
  }

  /** The first number of the oldest version that will do: of CUDA's for the driver, else of the library's own. */
  int oldestMajor() {
    return oldestMajor;
  }

  /** Whether it comes with CUDA, in its many forms, rather than with the card's driver. */
  boolean isRedistributed() {
    return this != DRIVER;
  }

  /**
   * The file beside it that has to be opened before it, as a regular expression: NVRTC and cuDNN would look for theirs
   * by soname only when first used, and cuDNN ends the process if that fails.
   */
  Optional<String> companion(String soname) {
    return switch (this) {
      case NVRTC -> Optional.of(soname.replace("libnvrtc.", "libnvrtc-builtins.").replace(".", "\\.") + "\\.\\d+");
      case CUDNN -> Optional.of(soname.replace("libcudnn.", "libcudnn_graph.").replace(".", "\\."));
      case DRIVER, CUBLASLT -> Optional.empty();
    };
  }

  /** Whether a file beside it is to be kept together with it. */
  boolean hasSibling(String soname, String file) {
    return switch (this) {
      case NVRTC -> file.matches(companion(soname).orElseThrow());
      case CUDNN -> file.startsWith("libcudnn") && file.endsWith(soname.substring(soname.indexOf(".so")));
      case DRIVER, CUBLASLT -> false;
    };
  }

  /** Every function that the bindings call, in alphabetical order; asking does not initialise the bindings. */
  List<String> functions() {
    return Arrays.stream(bindings.getDeclaredMethods())
        .map(Method::getName)
        .filter(name -> name.endsWith(OF_A_BINDING))
        .map(name -> name.substring(0, name.length() - OF_A_BINDING.length()))
        .sorted()
        .toList();
  }
}
