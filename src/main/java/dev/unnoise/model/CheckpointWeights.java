package dev.unnoise.model;

import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The weights of a safetensors file, under the names of today or of older diffusers. */
final class CheckpointWeights implements Weights {
  /** Names that diffusers once gave to the layers of an attention. */
  private static final Map<String, String> OLDER_NAMES =
      Map.of(".to_q.", ".query.", ".to_k.", ".key.", ".to_v.", ".value.", ".to_out.0.", ".proj_attn.");

  private final Safetensors file;

  CheckpointWeights(Safetensors file) {
    this.file = file;
  }

  @Override
  public float[] load(Parameter.Stored parameter) {
    Safetensors.Entry entry =
        find(parameter.name())
            .orElseThrow(() -> new ModelException(file.file() + " has no tensor " + parameter.name()));
    if (!significant(entry.shape()).equals(significant(parameter.shape()))) {
      throw new ModelException(
          file.file() + ": " + parameter.name() + " has the shape " + entry.shape() + ", the config asks for "
              + parameter.shape());
    }
    return file.read(entry);
  }

  private Optional<Safetensors.Entry> find(String name) {
    Optional<Safetensors.Entry> entry = file.find(name);
    for (Map.Entry<String, String> older : OLDER_NAMES.entrySet()) {
      if (entry.isEmpty() && name.contains(older.getKey())) {
        entry = file.find(name.replace(older.getKey(), older.getValue()));
      }
    }
    return entry;
  }

  /** The extents without ones at the end: a linear layer may be stored as a 1×1 convolution. */
  private static List<Integer> significant(List<Integer> shape) {
    List<Integer> extents = new ArrayList<>(shape);
    while (extents.size() > 1 && extents.getLast() == 1) {
      extents.removeLast();
    }
    return extents;
  }
}
