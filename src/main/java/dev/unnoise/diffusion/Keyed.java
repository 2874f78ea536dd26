package dev.unnoise.diffusion;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** An enum constant with the name that configuration files and the command line use. */
public interface Keyed {

  /** The name in files, for example {@code squaredcos_cap_v2}. */
  String key();

  /** The constant of this key. */
  static <E extends Enum<E> & Keyed> Optional<E> find(Class<E> type, String key) {
    return Arrays.stream(type.getEnumConstants()).filter(constant -> constant.key().equals(key)).findFirst();
  }

  /** All keys of a type, in order. */
  static <E extends Enum<E> & Keyed> List<String> keys(Class<E> type) {
    return Arrays.stream(type.getEnumConstants()).map(Keyed::key).toList();
  }
}
