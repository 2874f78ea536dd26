package dev.unnoise.model;

import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
        file.find(nameInFile(parameter.name()))
            .orElseThrow(() -> new ModelException(file.file() + " has no tensor " + parameter.name()));
    if (!significant(entry.shape()).equals(significant(parameter.shape()))) {
      throw new ModelException(
          file.file() + ": " + parameter.name() + " has the shape " + entry.shape() + ", the config asks for "
              + parameter.shape());
    }
    float[] values = file.read(entry);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new ModelException(
            file.file() + ": " + parameter.name() + " holds " + values[i] + " at element " + i + ", expected finite numbers");
      }
    }
    return values;
  }

  /** Names of tensors that none of these parameters is. */
  List<String> unused(Set<Parameter> parameters) {
    Set<String> left = new LinkedHashSet<>(file.entries().keySet());
    for (Parameter parameter : parameters) {
      if (parameter instanceof Parameter.Stored stored) {
        left.remove(nameInFile(stored.name()));
      }
    }
    return List.copyOf(left);
  }

  /** The name under which the file has a tensor, today's or an older one; today's if it has neither. */
  private String nameInFile(String name) {
    for (Map.Entry<String, String> older : OLDER_NAMES.entrySet()) {
      String formerly = name.replace(older.getKey(), older.getValue());
      if (!file.entries().containsKey(name) && file.entries().containsKey(formerly)) {
        return formerly;
      }
    }
    return name;
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
