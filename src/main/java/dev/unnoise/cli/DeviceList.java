package dev.unnoise.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The value of {@code --device}: at least one index, each once. */
record DeviceList(List<Integer> indices) {
  DeviceList {
    indices = List.copyOf(indices);
  }

  /** Turns the option's text into a list. */
  static final class Converter implements ITypeConverter<DeviceList> {
    @Override
    public DeviceList convert(String text) {
      List<Integer> indices = new ArrayList<>();
      for (String index : text.split(",", -1)) {
        if (!index.strip().matches("\\d{1,9}")) {
          throw new TypeConversionException("'" + text + "' is not a device or a list such as 0,1,2");
        }
        int number = Integer.parseInt(index.strip());
        if (indices.contains(number)) {
          throw new TypeConversionException("'" + text + "' names device " + number + " twice");
        }
        indices.add(number);
      }
      return new DeviceList(indices);
    }
  }
}
