package dev.unnoise.cli;

import dev.unnoise.graph.run.Precision;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Precisions by the names that users know. */
final class PrecisionConverter implements ITypeConverter<Precision> {
  @Override
  public Precision convert(String text) {
    return Arrays.stream(Precision.values())
        .filter(precision -> precision.label().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'" + text + "' is no precision, expected one of "
                        + Arrays.stream(Precision.values()).map(Precision::label).collect(Collectors.joining(", "))));
  }
}
