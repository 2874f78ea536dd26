package dev.unnoise.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The value of {@code --timestep} where several are allowed: at least one whole number. */
record TimestepList(List<Integer> timesteps) {

  /** Turns the option's text into a list. */
  static final class Converter implements ITypeConverter<TimestepList> {
    @Override
    public TimestepList convert(String text) {
      List<Integer> timesteps = new ArrayList<>();
      for (String timestep : text.split(",", -1)) {
        try {
          timesteps.add(Integer.parseInt(timestep.strip()));
        } catch (NumberFormatException e) {
          throw new TypeConversionException("'" + text + "' is not a timestep or a list such as 0,10,999");
        }
      }
      return new TimestepList(timesteps);
    }
  }
}
