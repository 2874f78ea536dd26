package dev.unnoise.cli;

import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Labels;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The value of {@code --class}.
 *
 * @param labels empty for all
 */
record ClassList(List<Integer> labels) {
  static final String ALL = "all";

  /** Turns the option's text into a list. */
  static final class Converter implements ITypeConverter<ClassList> {
    @Override
    public ClassList convert(String text) {
      if (text.equals(ALL)) {
        return new ClassList(List.of());
      }
      List<Integer> labels = new ArrayList<>();
      for (String label : text.split(",", -1)) {
        try {
          labels.add(Integer.parseInt(label.strip()));
        } catch (NumberFormatException e) {
          throw new TypeConversionException("'" + text + "' is not a class, a list such as 1,2,3, or " + ALL);
        }
      }
      return new ClassList(labels);
    }
  }

  /** The classes as the network knows them. */
  Labels resolve(UNetConfig config) {
    return labels.isEmpty() ? Labels.all(config) : Labels.of(config, labels);
  }
}
